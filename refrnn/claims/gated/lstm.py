"""Long short-term memory: claims of eee511 and krippahl about its gates, and about how errors flow back along the memory."""

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.gates import keep_replace_and_reveal
from refrnn.claims.measure import DIFFERENT, SAME, distance, draws, jacobian, opened, rewritten, run

SIZES = ({"T": 1, "H": 4, "I": 2}, {"T": 5, "H": 3, "I": 2})
GATES_HELD = "a[t] = stop(W @ concat(h[t-1], x[t]) + b)"


def gates_do_what_they_are_for(spec):
    """A step with gates held at 0 and at 1."""
    return keep_replace_and_reveal(spec, "g")


def _memory_jacobian(spec, values):
    """The derivative of the last memory by the first, (H, H)."""
    return jacobian(spec, values, "c", "c0", len(values["x"]) - 1)


def _off_diagonal(matrix):
    return np.abs(matrix - np.diag(np.diag(matrix))).max()


def _elementwise(spec):
    """With the gates held, over draws: the largest entry off the diagonal, and the distance from diag(product of f)."""
    held = rewritten(spec, GATES_HELD)
    off, apart = [], []
    for values in draws(spec, SIZES, 8):
        found = _memory_jacobian(held, values)
        gates = opened(spec, values).intermediates["f"][:, 0]
        off.append(_off_diagonal(found))
        apart.append(distance(found, np.diag(gates.prod(axis=0))))
    return off, apart


def along_the_memory_it_is_elementwise(spec):
    """With the gates held, the derivative of c[t] by c[t-1] is diag(f[t]): no weight takes part."""
    off, apart = _elementwise(spec)
    return Shown(
        max(off) == 0 and max(apart) < SAME,
        f"over {len(off)} draws of 1 and 5 steps with the gates held, the largest entry off the diagonal is {max(off):.2g} (asked: 0), "
        f"and the diagonal differs from the product of the forget gates by at most {max(apart):.2g} (asked: below {SAME:g})",
    )


def no_matrix_products_in_backpropagation(spec):
    """The gates see the state, and through it the error does meet the matrix; along the memory alone it does not."""
    off = []
    for values in draws(spec, ({"T": 2, "H": 4, "I": 2}, {"T": 5, "H": 3, "I": 2}), 6):
        found = _memory_jacobian(spec, values)
        off.append(_off_diagonal(found) / np.abs(found).max())
    held_off, held_apart = _elementwise(spec)
    return Shown(
        max(off) < DIFFERENT,
        f"over {len(off)} draws of 2 and 5 steps with the gates free, the derivative of the last memory by the first has entries off the "
        f"diagonal of at least {min(off):.2g} of its largest (a counterexample is above {DIFFERENT:g}); with the gates held of "
        f"at most {max(held_off):.2g} (asked: 0)",
        mend_holds=max(held_off) == 0 and max(held_apart) < SAME,
    )


def memory_is_linear(spec):
    """The second difference of the memory in c0, with gates that see the state and with gates that do not."""
    sizes = {"T": 2, "H": 4, "I": 2}, {"T": 5, "H": 3, "I": 2}
    free, _ = _curvature(spec, sizes)
    memory, state = _curvature(rewritten(spec, "a[t] = W @ concat(0 * h0, x[t]) + b"), (*SIZES, *sizes))
    return Shown(
        max(free) < SAME,
        f"over {len(free)} draws of 2 and 5 steps the memory's second difference in c0 is at least {min(free):.2g} of its largest entry (a "
        f"counterexample is above {DIFFERENT:g}); over {len(memory)} draws with gates that see the input alone it is at most {max(memory):.2g} (asked: below "
        f"{SAME:g}), the state's at least {min(state):.2g} (asked: above {DIFFERENT:g})",
        mend_holds=min(free) > DIFFERENT and max(memory) < SAME and min(state) > DIFFERENT,
    )


def _curvature(spec, sizes):
    """The second differences in c0 of the memories and of the states, over draws."""
    memory, state = [], []
    for values in draws(spec, sizes, 8):
        low, middle, high = (run(spec, {**values, "c0": values["c0"] + step}).outputs for step in (-1, 0, 1))
        memory.append(distance(low["c"] + high["c"], 2 * middle["c"]))
        state.append(distance(low["h"] + high["h"], 2 * middle["h"]))
    return memory, state


def _kept(spec, steps, bias, seeds):
    """How much the derivative of the last memory by the first stretches at most, with ``bias`` at the forget gate."""
    kept = []
    for seed in range(seeds):
        values = spec.draw({"T": steps, "I": 3, "H": 2}, batch=1, seed=seed, dtype="float64")
        values["W"] = 0.1 * values["W"]
        values["b"] = np.concatenate([np.zeros(2), np.full(2, float(bias)), np.zeros(4)])
        kept.append(np.linalg.norm(_memory_jacobian(spec, values), 2))
    return kept


def forget_gate_may_vanish(spec):
    """A forget gate well inside (0, 1) makes the gradient fall exponentially."""
    short, long = (max(_kept(spec, steps, 0, 4)) for steps in (10, 50))
    return Shown(
        short < 0.05 and long < 1e-9,
        f"over 4 draws with small weights and no bias at the forget gate, the derivative of the last memory by the first is at most "
        f"{short:.2g} over 10 steps (asked: below 0.05) and {long:.2g} over 50 (asked: below 1e-9)",
    )


def gate_near_one_keeps_the_gradient(spec):
    """A bias of 5 starts the forget gate at 0.993; a bias of 1 starts it at 0.73, which 50 steps forget."""
    steps = 50
    kept, middling = min(_kept(spec, steps, 5, 4)), max(_kept(spec, steps, 1, 4))
    f = 1 / (1 + np.exp(-5.0))
    return Shown(
        kept > 0.5 and middling < 1e-4,
        f"over {steps} steps and 4 draws with small weights, a bias of 5 at the forget gate, which puts it at {f:.4f}, keeps at least "
        f"{kept:.2g} of the gradient (asked: above 0.5); a bias of 1, which puts it at {1 / (1 + np.exp(-1.0)):.4f}, at most "
        f"{middling:.2g} (asked: below 1e-4)",
    )


def flow_is_uninterrupted(spec):
    """Every forget gate below 1 interrupts it a little; held at 1, the gates held too, nothing is lost at any length."""
    open_gate = rewritten(spec, GATES_HELD, "f[t] = 1 + 0 * a[t, H:2*H]")
    lost = _kept(spec, 40, 0, 4)
    apart = []
    for values in draws(open_gate, ({"T": 1, "H": 4, "I": 2}, {"T": 12, "H": 3, "I": 2}, {"T": 40, "H": 2, "I": 3}), 2):
        apart.append(np.abs(_memory_jacobian(open_gate, values) - np.eye(values["c0"].shape[-1])).max())
    return Shown(
        min(lost) > 0.999,
        f"over 40 steps and {len(lost)} draws with small weights and no bias the derivative of the last memory by the first is at most "
        f"{max(lost):.2g} (asked: above 0.999); with the forget gate held at 1 and the others held, over up to 40 steps, it differs from "
        f"the identity by at most {max(apart):.2g} (asked: 0)",
        mend_holds=max(apart) == 0,
    )


def output_lies_within_one(spec):
    """The memory is free to leave [-1, 1]; the state never does."""
    memory, state = [], []
    for values in draws(spec, ({"T": 30, "I": 2, "H": 3},), 6):
        values["b"] = np.concatenate([np.full(6, 6.0), values["b"][6:]])
        values["W"] = 3 * values["W"]
        found = run(spec, {**values, "c0": 20 * values["c0"]}).outputs
        memory.append(np.abs(found["c"]).max())
        state.append(np.abs(found["h"]).max())
    return Shown(
        max(state) <= 1 and min(memory) > 1,
        f"over {len(state)} draws of 30 steps with open gates the memory reaches at least {min(memory):.3g} in magnitude (asked: above "
        f"1), the state at most {max(state):.6g} (asked: at most 1)",
    )


def memory_can_be_held(spec):
    """Biases that grow like the logarithm of the duration: the forget gate open, the input gate shut, whatever comes in."""
    durations, lost = (10, 100, 1000), []
    for seed, steps in enumerate(durations):
        values = spec.draw({"T": steps, "I": 2, "H": 3}, batch=1, seed=seed, dtype="float64")
        reach = np.abs(values["W"]).sum(axis=1).max() * max(1, np.abs(values["x"]).max())  # what W can give a gate at most
        bias = reach + np.log(1000 * steps)
        values["b"] = np.concatenate([np.full(3, -bias), np.full(3, bias), values["b"][6:]])
        c = run(spec, values).outputs["c"][-1]
        lost.append(np.abs(c - values["c0"]).max() / np.abs(values["c0"]).max())
    return Shown(
        max(lost) < 0.01,
        f"over {', '.join(map(str, durations))} steps of random inputs the memory changes by {', '.join(f'{part:.2g}' for part in lost)} of itself, with biases of "
        f"the logarithm of 1000 times the steps above what W can give (asked: below 0.01)",
    )
