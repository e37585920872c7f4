"""Hopfield network: our own claims, by the paper that eee511 names, about where its state settles and what it recalls."""

import ast

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import draws, energy, rewritten, run

STEPS = 200
STILL = 1e-6  # a state that moves by less has settled


def state_settles(spec):
    """Two units that forbid each other move in a cycle of two; what is left holds on both sides of the eigenvalue -1."""
    swinging = {"X0": np.array([[0.5, 0.5]]), "W": np.array([[0.0, -2.0], [-2.0, 0.0]]), "Theta": np.zeros(2), "T": STEPS}
    swing = _moves(spec, swinging)[0]
    above = [_moves(spec, values)[0] for values in _symmetric(spec, -0.95)]
    anywhere = [_moves(spec, values) for values in _symmetric(spec, None)]
    two, cycles = max(after_two for _, after_two in anywhere), sum(after_one > STILL for after_one, _ in anywhere)
    return Shown(
        swing > STILL and max(above) < STILL and two < STILL,
        f"two units with weights -2 between them still move by {swing:.3g} at step {STEPS} (asked: above {STILL:g}); over {len(above)} symmetric W with eigenvalues "
        f"above -0.95 the last step moves the state by at most {max(above):.2g}, and over {len(anywhere)} of any eigenvalues, {cycles} of them in a "
        f"cycle, the last two steps together by at most {two:.2g} (asked: below {STILL:g})",
    )


def _moves(spec, values):
    """How far the last step moves the state, and how far the last two steps do."""
    X = run(spec, values).outputs["X"]
    return np.abs(X[-1] - X[-2]).max(), np.abs(X[-1] - X[-3]).max()


def _symmetric(spec, least):
    """Draws with a symmetric W, weak and strong; its diagonal is raised until no eigenvalue is below ``least``."""
    for gain in (0.5, 2):
        for values in draws(spec, ({"T": STEPS, "N": 2}, {"T": STEPS, "N": 5}), 5):
            W = gain * (values["W"] + values["W"].T)
            lowest = np.linalg.eigvalsh(W)[0]
            if least is not None and lowest < least:
                W = W + (least - lowest) * np.eye(len(W))
            yield {**values, "W": W}


def energy_never_rises(spec):
    """The printed equation for one unit after the other, its state followed by Hopfield's energy."""
    (text,) = [ast.unparse(equation.value) for equation in spec.equations if ast.unparse(equation.target) == "X[t + 1]"]
    one_by_one = rewritten(spec, f"X[t+1] = X[t] + one_hot(t % N, N) * ({text} - X[t])")
    rises, moves = [], []
    for values in draws(spec, ({"T": 400, "N": 2}, {"T": 400, "N": 5}), 5):
        W = 1.5 * (values["W"] + values["W"].T)
        values = {**values, "W": W - np.diag(np.diag(W)), "X0": np.tanh(values["X0"])}
        X = np.concatenate((values["X0"][None], run(one_by_one, values).outputs["X"]))[:, 0]
        rises.append(np.diff(energy(X, values["W"], values["Theta"])).max())
        moves.append(np.abs(X[-1] - X[-1 - len(W)]).max())
    return Shown(
        max(rises) < 1e-12 and max(moves) < STILL,
        f"over {len(rises)} draws of 400 updates the energy rises by at most {max(rises):.2g} in one (asked: below 1e-12, which is "
        f"rounding), and the last round moves the state by at most {max(moves):.2g} (asked: below {STILL:g})",
    )


def patterns_are_recalled(spec):
    """Patterns of which a part of the units is flipped, few and many of them stored."""
    few, many = _recalled(spec, 3), _recalled(spec, 30)
    return Shown(
        min(few) == 1 and max(many) < 1,
        f"60 units, 6 of them flipped, 15 steps: of 3 stored patterns at least {min(few):.0%} come back whole in every one of {len(few)} draws "
        f"(asked: 100%), of 30 stored at most {max(many):.0%} (asked: fewer than all)",
    )


def _recalled(spec, stored):
    """For every draw, the part of the stored patterns that come back: every unit on its side, and beyond 1/2."""
    units, flipped, gain = 60, 6, 4.0
    shares = []
    for seed in range(4):
        random = np.random.default_rng([seed, 13])
        patterns = random.choice([-1.0, 1.0], (stored, units))
        W = gain / units * (patterns.T @ patterns - stored * np.eye(units))
        damaged = patterns.copy()
        for pattern in damaged:
            pattern[random.choice(units, flipped, replace=False)] *= -1
        X = run(spec, {"X0": damaged, "W": W, "Theta": np.zeros(units), "T": 15}).outputs["X"]
        shares.append(np.mean(np.all(X[-1] * patterns > 0.5, axis=-1)))
    return shares
