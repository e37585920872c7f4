"""Vector recursion: claims of cmu-2017 for a symmetric W with chosen eigenvalues, without input, from +-[1,1,...]/sqrt(N)."""

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import orthogonal, run

SIGMOID, TANH, RELU = 0, 1, 2
UNITS = 6
POSITIVE, NEGATIVE = 0, 1
BLOWN = 1e3  # times the start, whose length is 1
STILL = 1e-3


def _symmetric(eigenvalues, seed):
    """A symmetric matrix with these eigenvalues and random eigenvectors."""
    turn = orthogonal(len(eigenvalues), seed)
    return turn @ np.diag(eigenvalues) @ turn.T


def _drawn(largest, seed, smallest=None):
    """A symmetric matrix whose largest eigenvalue is ``largest``; the others lie between ``smallest``, or -largest, and that."""
    random = np.random.default_rng([seed, 13])
    others = random.uniform(-largest if smallest is None else smallest, largest, UNITS - 1)
    return _symmetric(np.array([largest, *others]), seed)


def _states(spec, f, W, steps):
    """The states (steps, 2, N) from the positive and from the negative start, without input."""
    N = len(W)
    start = np.ones(N) / np.sqrt(N)
    values = {"x": np.zeros((steps, 2, 1)), "h0": np.stack([start, -start]), "W": W, "C": np.ones((N, 1)), "f": f}
    return run(spec, values).outputs["h"]


def _lengths(h):
    return np.linalg.norm(h, axis=-1)


def bounded_ones_are_as_the_scalar(spec):
    """Sigmoid settles at once; tanh dies, settles or alternates as the scalar with the leading eigenvalue does."""
    steps, draws = 60, range(3)
    settled, died, stands, flips = [], [], [], []
    for seed in draws:
        for largest in (0.5, 1.0, 1.5):
            h = _states(spec, SIGMOID, _drawn(largest, seed), 12)
            settled.append(np.abs(h[-1] - h[-2]).max())
        died.append(_lengths(_states(spec, TANH, _drawn(0.8, seed), steps)[-1]).max())
        W = _drawn(1.5, seed, smallest=0)
        for weights, differences in ((W, stands), (-W, flips)):
            h = _states(spec, TANH, weights, steps)
            sign = 1 if weights is W else -1
            differences.append((np.abs(h[-1] - sign * h[-2]).max(), _lengths(h[-1]).min()))
    moved = max(difference for difference, _ in stands + flips)
    left = min(length for _, length in stands + flips)
    return Shown(
        max(settled) < STILL and max(died) < STILL and moved < 0.02 and left > 0.5,
        f"over {len(draws)} draws of {UNITS} units: sigmoids with |λmax| = 0.5, 1 and 1.5 move by at most {max(settled):.2g} in step 12, tanhs with 0.8 "
        f"are at most {max(died):.2g} long after {steps} steps (both asked: below {STILL:g}); with eigenvalues from 0 to 1.5 the tanhs stand still, "
        f"and with those from -1.5 to 0 they change their sign and nothing else, to within {moved:.2g} (asked: below 0.02), at lengths of at "
        f"least {left:.3g} (asked: above 0.5)",
    )


def negative_start_answers(spec):
    """A negative row sum answers; without one there is silence."""
    silent, answers, unlike, grown, count = [], [], [], 0, 8
    for seed in range(count):
        W = _drawn(1.5, seed)
        sums = W.sum(axis=1)
        h = _states(spec, RELU, W, 40)[:, NEGATIVE]
        answers.append(np.abs(h[0]).max())
        unlike.append(np.sum((h[0] > 0) != (sums < 0)))
        grown += _lengths(h[-1]) > BLOWN
        silent.append(np.abs(_states(spec, RELU, np.abs(W), 40)[:, NEGATIVE]).max())
    return Shown(
        max(answers) > 0 and sum(unlike) == 0 and max(silent) == 0 and grown > 0,
        f"over {count} draws with |λmax| = 1.5, the largest answer in the first step is from {min(answers):.3g} to {max(answers):.3g}, and the units that answer are "
        f"those with a negative row sum in all but {sum(unlike)} cases (asked: 0); {grown} of the nets blow up (asked: above 0); with the sizes of the same entries all "
        f"states are {max(silent):.2g} (asked: 0)",
    )


def relu_alone_blows_up(spec):
    """The same W and starts with each activation; and the slopes that are the reason."""
    count, steps = 6, 40
    grown, bounded, slopes = [], [], []
    for seed in range(count):
        W = _drawn(2.0, seed)
        lengths = {f: _lengths(_states(spec, f, W, steps)[-1]) for f in (SIGMOID, TANH, RELU)}
        grown.append(lengths[RELU][POSITIVE])
        bounded.append(max(lengths[SIGMOID].max(), lengths[TANH].max()) / np.sqrt(UNITS))
        slopes.append(np.mean(1 - _states(spec, TANH, W, steps)[-1] ** 2))
    blown = sum(length > BLOWN for length in grown)
    return Shown(
        blown > count / 2 and max(bounded) <= 1,
        f"over {count} draws with |λmax| = 2, {blown} ReLU nets are more than {BLOWN:g} long after {steps} steps from the positive start (asked: more than "
        f"half), and no sigmoid or tanh net is longer than {max(bounded):.3f} sqrt(N) (bound: 1): the mean slope of the tanhs has fallen to between "
        f"{min(slopes):.2g} and {max(slopes):.2g}, that of an active ReLU stays 1",
    )


def relu_against_the_scalar(spec):
    """Blow-ups from both starts against the scalar's, the bound on growth, and the growth of the active part."""
    count, steps, largest = 16, 40, 1.5
    blown, excess, rates = np.zeros(2, int), 0.0, []
    for seed in range(count):
        W = _drawn(largest, seed)
        h = _states(spec, RELU, W, steps)
        lengths = _lengths(h)
        excess = max(excess, float((lengths / largest ** np.arange(1, steps + 1)[:, None]).max()))
        for start in (POSITIVE, NEGATIVE):
            if lengths[-1, start] > BLOWN:
                blown[start] += 1
                rates.append(_beside_active_part(W, h[-12:, start]))
    told = [rate for rate in rates if rate is not None]
    scalar = {start: count if _scalar_end(spec, largest, start, steps) > BLOWN else 0 for start in (POSITIVE, NEGATIVE)}
    more = [blown[start] > scalar[start] for start in (POSITIVE, NEGATIVE)]
    return Shown(
        not more[POSITIVE] and more[NEGATIVE] and excess <= 1 + 1e-12 and len(told) > 0 and max(told) < 0.05,
        f"over {count} draws with |λmax| = {largest}, {blown[POSITIVE]} nets blow up within {steps} steps from the positive start and {blown[NEGATIVE]} from the "
        f"negative one; the scalar of w = {largest} would in {scalar[POSITIVE]} and {scalar[NEGATIVE]}; no state exceeds {excess:.3f} times |λmax|^t (bound: 1); in "
        f"the {len(told)} blow-ups whose active units no longer change, growth per step is within {max(told, default=0):.2g} of the "
        f"largest eigenvalue of their part of W (asked: below 0.05)",
    )


def _beside_active_part(W, h):
    """How far the last growth lies from the largest eigenvalue of the active units' part of W; None while they change."""
    active = h > 0
    if np.any(active != active[-1]):
        return None
    part = W[np.ix_(active[-1], active[-1])]
    return abs(np.linalg.norm(h[-1]) / np.linalg.norm(h[-2]) - np.linalg.eigvalsh(part).max(initial=0))


def _scalar_end(spec, w, start, steps):
    return _lengths(_states(spec, RELU, np.array([[w]]), steps)[-1])[start]


def only_tanh_is_reasonable(spec):
    """Without bias each activation from both starts; then what keeps its start too, and sigmoids with the bias that centres them.

    The slope of a sigmoid is at most 1/4, so that all differences shrink where |λmax| is below 4. Two that feed themselves
    and forbid each other have the difference of a tanh unit with the weight λmax/4.
    """
    steps, apart, left, relu, same = 300, [], [], [], []
    for seed in range(4):
        W = _drawn(1.5, seed, smallest=0)
        # The positive start with every unit turned to the leading eigenvector's sign, which no unit leaves.
        start = np.sign(np.linalg.eigh(W)[1][:, -1]) / np.sqrt(UNITS)
        ends = {f: _from(spec, f, W, np.zeros((steps, 1)), np.zeros((UNITS, 1)), start) for f in (SIGMOID, TANH, RELU)}
        weaker = _from(spec, SIGMOID, _drawn(3.6, seed), np.zeros((steps, 1)), np.zeros((UNITS, 1)), start)
        apart += [np.abs(ended[-1, 0] - ended[-1, 1]).max() for ended in (ends[SIGMOID], weaker)]
        left.append(np.abs(ends[TANH][-1, 0] - ends[TANH][-1, 1]).max())
        relu += _lengths(ends[RELU][-1]).tolist()
        centred = _from(spec, SIGMOID, 4 * W, np.ones((steps, 1)), -2 * W.sum(axis=1, keepdims=True), (1 + start) / 2, (1 - start) / 2)
        same.append(np.abs((1 + ends[TANH]) / 2 - centred).max())
    idle = np.zeros((steps, 1)), np.zeros((2, 1)), np.array([1.0, 0.0]), np.array([0.0, 1.0])
    pair = _from(spec, SIGMOID, 3 * np.array([[1.0, -1.0], [-1.0, 1.0]]), *idle)[-1]  # its largest eigenvalue is 6
    whole = _from(spec, RELU, np.eye(2), *idle)[-1]
    latched, unmoved = np.abs(pair[0] - pair[1]).max(), np.abs(whole - np.stack(idle[2:])).max()
    sensible = max(apart) < STILL and all(length < STILL or length > BLOWN for length in relu)
    return Shown(
        max(same) > STILL,
        f"over {len(same)} draws with |λmax| = 1.5 the ends from two opposite starts are {min(left):.3g} apart with tanh and, with 3.6 too, {max(apart):.2g} with sigmoid "
        f"(asked: above 0.5, below {STILL:g}), those of ReLU from {min(relu):.2g} to {max(relu):.2g} long (asked: below {STILL:g} or above {BLOWN:g}); with the identity for W a "
        f"ReLU keeps its start but for {unmoved:.2g} (asked: 0), two sigmoids that feed 3 to themselves and -3 to each other are {latched:.3g} apart (asked: above 0.5); with four times the weights and a "
        f"bias the sigmoids' states are those of the tanhs, moved to [0, 1], to within {max(same):.2g} (asked: below 1e-9)",
        mend_holds=min(left) > 0.5 and sensible and unmoved == 0 and latched > 0.5 and max(same) < 1e-9,
    )


def _from(spec, f, W, x, C, start, other=None):
    """The states (steps, 2, N) from ``start`` and from ``other``, or its opposite, under the same inputs (steps, I)."""
    starts = np.stack([start, -start if other is None else other])
    return run(spec, {"x": np.repeat(x[:, None], 2, axis=1), "h0": starts, "W": W, "C": C, "f": f}).outputs["h"]


def tanh_memory_is_a_power(spec):
    """What the last step leaves of a state against the leading eigenvalue, below 1; and the length of the state above 1."""
    steps, wrong, kept = 80, [], []
    for seed in range(3):
        for largest in (0.5, 0.8, 0.9):
            lengths = _lengths(_states(spec, TANH, _drawn(largest, seed, smallest=0), steps))
            wrong.append(np.abs(lengths[-1] / lengths[-2] / largest - 1).max())
        kept.append(_lengths(_states(spec, TANH, _drawn(1.5, seed, smallest=0), steps)[-1]).min())
    return Shown(
        max(wrong) < 1e-3 and min(kept) > 0.5,
        f"over {len(wrong)} draws with |λmax| = 0.5, 0.8 and 0.9 the last of {steps} steps leaves λmax of the length of the state, to within {max(wrong):.2g} of it (asked: "
        f"below 1e-3); with 1.5 the state is at least {min(kept):.3g} long (asked: above 0.5)",
    )
