"""Truncated backpropagation through time: what eee511 and krippahl say it does, and what it costs."""

import numpy as np

import refrnn
from refrnn.backends.equation import EquationPass
from refrnn.claims import Shown
from refrnn.claims.measure import DIFFERENT, SAME, distance, draws, farthest, jacobian, orthogonal, passed, random_upstream, run
from refrnn.spec.values import check_values

PLAIN = """
id: plain
title: The same net without truncation
sizes: {T: time steps, I: input features, H: hidden units}
symbols:
  x:    {role: input, shape: [T, I]}
  h0:   {role: start, shape: [H]}
  W_xh: {role: parameter, shape: [H, I]}
  W_hh: {role: parameter, shape: [H, H]}
  b_h:  {role: parameter, shape: [H]}
equations:
  - h[-1] = h0
  - h[t] = tanh(W_xh @ x[t] + W_hh @ h[t-1] + b_h)
outputs: [h]
"""
WEIGHTS = ("W_xh", "W_hh", "b_h")
SIZES = ({"T": 5}, {"T": 11, "I": 2, "H": 3}, {"T": 8, "I": 3, "H": 2})
# (K1, K2): whole chunks, shorter windows, a window longer than its chunk, a chunk longer than the sequence.
CHUNKS = ((4, 4), (3, 1), (4, 2), (3, 5), (20, 6), (1, 1))
LONG, WINDOW = (10, 20, 40), 5  # steps of growing sequences, and of the windows they are cut to


def _plain():
    return refrnn.load_text(PLAIN, "plain net")


def _without_truncation(values):
    return {name: value for name, value in values.items() if name not in ("K1", "K2")}


def whole_window_is_full_bptt(spec):
    """With both constants at the length of the sequence, or above it, nothing is cut."""
    plain, outputs, gradients = _plain(), [], []
    for seed, values in enumerate(draws(spec, SIZES, 6)):
        steps = len(values["x"])
        full, d_full = passed(plain, _without_truncation(values), seed)
        for K1, K2 in ((steps, steps), (steps + 3, steps + 1)):
            cut, d_cut = passed(spec, {**values, "K1": K1, "K2": K2}, seed)
            outputs.append(farthest(full, cut))
            gradients.append(farthest(d_full, d_cut))
    return Shown(
        max(outputs + gradients) < SAME,
        f"over {len(outputs)} draws with T from 5 to 11 the states differ by at most {max(outputs):.2g} and the gradients by at most "
        f"{max(gradients):.2g} of their largest entry (asked: below {SAME:g})",
    )


def _pieces(steps, K1, K2):
    """The pieces that are run one by one: (first step, last step + 1, whether an error goes back through it)."""
    for first in range(0, steps, K1):
        last = min(steps, first + K1)
        window = max(first, last - K2)
        if window > first:
            yield first, window, False
        yield window, last, True


def _piece_by_piece(plain, values, d_h, K1, K2):
    """Full BPTT through each window by itself; only the state's value goes from piece to piece."""
    values, x = _without_truncation(values), values["x"]
    total = {name: np.zeros_like(value) for name, value in values.items()}
    states = []
    for first, last, learns in _pieces(len(x), K1, K2):
        piece = run(plain, {**values, "x": x[first:last]})
        states.append(piece.outputs["h"])
        if learns:
            gradients = piece.backward({"h": d_h[first:last]})
            total["x"][first:last] = gradients["x"]
            for name in WEIGHTS + (("h0",) if first == 0 else ()):
                total[name] += gradients[name]
        values = {**values, **piece.state}
    return np.concatenate(states), total


def is_full_bptt_cut_at_the_state(spec):
    """The equation with its stops, against a net without any that is run in pieces."""
    plain, states, gradients = _plain(), [], []
    for number, values in enumerate(draws(spec, SIZES, 3)):
        for K1, K2 in CHUNKS:
            cut, d_cut = passed(spec, {**values, "K1": K1, "K2": K2}, number)
            h, total = _piece_by_piece(plain, values, random_upstream(cut, number)["h"], K1, K2)
            states.append(distance(cut["h"], h))
            gradients.append(farthest(total, d_cut))
    return Shown(
        max(states + gradients) < SAME,
        f"over {len(states)} draws with T from 5 to 11 and k1, k2 of {', '.join(map(str, CHUNKS))} the states differ by at most "
        f"{max(states):.2g} and the gradients by at most {max(gradients):.2g} of their largest entry (asked: below {SAME:g})",
    )


def state_is_carried_through_all_time(spec):
    """Truncation changes no state: the first input still changes the last state."""
    plain, apart, changed = _plain(), [], []
    for values in draws(spec, ({"T": 5}, {"T": 8, "I": 3, "H": 2}), 4):
        full = run(plain, _without_truncation(values)).outputs["h"]
        for K1, K2 in CHUNKS:
            chosen = {**values, "K1": K1, "K2": K2}
            apart.append(distance(run(spec, chosen).outputs["h"], full))
            moved = {**chosen, "x": np.concatenate([values["x"][:1] + 1, values["x"][1:]])}
            changed.append(distance(run(spec, moved).outputs["h"][-1], full[-1]))
    return Shown(
        max(apart) < SAME and min(changed) > DIFFERENT,
        f"over {len(apart)} draws the states differ from those without truncation by at most {max(apart):.2g} (asked: below {SAME:g}), "
        f"and 1 added to the first input changes the last state by at least {min(changed):.2g} (asked: above {DIFFERENT:g})",
    )


def error_stays_in_its_window(spec):
    """The derivative of h[s] by x[t] is zero exactly where t is after s or one of them is outside the other's window."""
    short = [(values, (K1, K2), range(7)) for values in draws(spec, ({"T": 7, "I": 2, "H": 2},), 2) for K1, K2 in ((4, 4), (4, 2), (3, 1))]
    values = spec.draw({"T": 230, "I": 2, "H": 2}, batch=1, seed=2, dtype="float64")
    lasting = {**values, "W_hh": 0.95 * orthogonal(2, 2)}  # what is left after a window can be told from 0
    long = [(lasting, chunk, (99, 100, 150, 199, 229)) for chunk in ((100, 100), (100, 30))]
    wrong, count, smallest = 0, 0, np.inf
    for values, (K1, K2), states in short + long:
        steps = len(values["x"])
        windows = {t: first for first, last, learns in _pieces(steps, K1, K2) if learns for t in range(first, last)}
        for s in states:
            reach = np.abs(jacobian(spec, {**values, "K1": K1, "K2": K2}, "h", "x", s)).max(axis=(0, 2))
            wanted = np.array([t <= s and s in windows and windows.get(t) == windows[s] for t in range(steps)])
            wrong += int(np.sum((reach > 0) != wanted))
            count += steps
            smallest = min(smallest, reach[wanted].min(initial=np.inf))
    return Shown(
        wrong == 0,
        f"of {count} pairs of a state and an input over 7 steps with chunks of 3 and 4 and over 230 with chunks of 100, {wrong} are not as foretold (asked: 0); where an "
        f"error is to arrive, the derivative is at least {smallest:.2g}, elsewhere exactly 0",
    )


def _bytes_for_the_way_back(spec, values):
    """What a pass keeps until it has been swept back, and the pass."""
    forward = EquationPass(spec, check_values(spec, values, None))
    return sum(np.asarray(node.value).nbytes for node in forward.runs[0].algebra.tape if node.name != "leaf"), forward


def _streamed(spec, values, d_h, k):
    """Chunk by chunk with the state carried on: the most bytes held at a time, and the gradients of the weights."""
    most, total, h0 = 0, dict.fromkeys(WEIGHTS, 0.0), values["h0"]
    for first in range(0, len(values["x"]), k):
        chunk = {**values, "x": values["x"][first:first + k], "h0": h0, "K1": k, "K2": k}
        held, forward = _bytes_for_the_way_back(spec, chunk)
        most = max(most, held)
        h0 = forward.gather(["h"])["h"][-1]
        gradients = forward.backward({"h": d_h[first:first + k]})
        total = {name: total[name] + gradients[name] for name in WEIGHTS}
    return most, total


def memory_grows_with_the_chunk(spec):
    """Bytes kept for the way back, streamed for growing sequences and chunks, and the gradients that come of it."""
    lengths, chunks = (16, 32, 64), (4, 8, 16)
    held, whole, apart = {}, [], []
    for steps in lengths:
        values = spec.draw({"T": steps, "I": 2, "H": 3}, batch=1, seed=steps, dtype="float64")
        whole.append(_bytes_for_the_way_back(spec, {**values, "K1": steps, "K2": steps})[0])
        for k in chunks:
            outputs, wanted = passed(spec, {**values, "K1": k, "K2": k}, steps)
            held[steps, k], total = _streamed(spec, values, random_upstream(outputs, steps)["h"], k)
            apart.append(farthest(total, wanted, WEIGHTS))
    same = all(len({held[steps, k] for steps in lengths}) == 1 for k in chunks)
    by_chunk = [held[lengths[-1], k] for k in chunks]
    grows = all(1.8 < after / before < 2.2 for series in (by_chunk, whole) for before, after in zip(series, series[1:]))
    return Shown(
        same and grows and max(apart) < SAME,
        f"streamed in chunks of {', '.join(map(str, chunks))} steps a pass holds {', '.join(map(str, by_chunk))} bytes for the way back, "
        f"{'the same' if same else 'not the same'} for {', '.join(map(str, lengths))} steps in all, where one pass over all "
        f"holds {', '.join(map(str, whole))} (asked: the same, and doubling within 10 %); the gradients are those of the whole "
        f"truncated sequence within {max(apart):.2g} (asked: below {SAME:g})",
    )


def long_sequences_explode_or_vanish(spec):
    """The error of the last step alone: by the input that it reaches most strongly where W_hh stretches, by the first it reaches where it shrinks."""
    full, cut = ([max(_reach(spec, steps, window or steps, 1.3)) for steps in LONG] for window in (None, WINDOW))
    faded, kept = ([_reach(spec, steps, window or steps, 0.8)[-(window or steps)] for steps in LONG] for window in (None, WINDOW))
    explodes = full[0] < full[1] < full[2] and full[2] / full[0] > 100
    vanishes = faded[0] > faded[1] > faded[2] > 0 and faded[0] / faded[2] > 100
    return Shown(
        explodes and vanishes and max(cut) / min(cut) < 1.01 and max(kept) / min(kept) < 1.01,
        f"for {_shown(LONG)} steps, where W_hh stretches by 1.3, the derivative of the last state by an input stretches by up to {_shown(full)} in full and by "
        f"up to {_shown(cut)} in windows of {WINDOW} (asked: a growth above 100, and the same within 1 %); where it shrinks by 0.8, by the first input by "
        f"{_shown(faded)} in full and by the first of the window by {_shown(kept)} (asked: a fall above 100, and the same within 1 %)",
    )


def nothing_is_kept_behind_the_window(spec):
    """Where W_hh shrinks: by the inputs before the last window, in full and truncated."""
    faded, gone = ([_reach(spec, steps, window or steps, 0.8)[:-WINDOW] for steps in LONG] for window in (None, WINDOW))
    least, most = min(map(min, faded)), max(map(max, gone))
    return Shown(
        least > 0 and most == 0,
        f"for {_shown(LONG)} steps, where W_hh shrinks by 0.8, the derivative of the last state by an input before the last {WINDOW} stretches by at least "
        f"{least:.3g} in full (asked: above 0) and by at most {most:.3g} in windows of {WINDOW} (asked: 0)",
    )


def _shown(numbers):
    return ", ".join(f"{number:.3g}" for number in numbers)


def _reach(spec, steps, K, stretch):
    """How far the derivative of the last state by each input stretches, where the state stays small."""
    values = spec.draw({"T": steps, "I": 3, "H": 3}, batch=1, seed=1, dtype="float64")
    small = {"x": 0 * values["x"], "h0": 1e-9 * values["h0"], "b_h": 0 * values["b_h"]}
    weights = {"W_xh": orthogonal(3, 2), "W_hh": stretch * orthogonal(3, 1)}
    by_x = jacobian(spec, {**values, **small, **weights, "K1": K, "K2": K}, "h", "x", steps - 1)
    return [float(np.linalg.norm(by_x[:, t], 2)) for t in range(steps)]


def splitting_does_it(spec):
    """Sequences split to length k2, the state kept: all of them run forward, and no error goes back further than k2 steps."""
    plain, states, alike, late, early = _plain(), [], [], [], []
    for number, values in enumerate(draws(spec, ({"T": 12, "I": 2, "H": 3}, {"T": 8, "I": 3, "H": 2}), 5)):
        for k2 in (4, 2, 1):
            outputs, wanted = passed(spec, {**values, "K1": k2, "K2": k2}, number)
            h, split = _piece_by_piece(plain, values, random_upstream(outputs, number)["h"], k2, k2)
            states.append(distance(run(plain, _without_truncation(values)).outputs["h"], h))
            alike.append(farthest(wanted, split))
            last = np.zeros_like(outputs["h"])
            last[-1] = 1
            reach = np.abs(_piece_by_piece(plain, values, last, k2, k2)[1]["x"]).max(axis=(1, 2))
            late.append(reach[-k2:].min())
            early.append(reach[:-k2].max())
    return Shown(
        max(states + alike) < SAME and min(late) > 0 and max(early) == 0,
        f"over {len(states)} draws of 8 and 12 steps split to 4, 2 and 1 the states differ from those of the whole sequence by at most "
        f"{max(states):.2g}, the gradients from those of the printed rule with windows of k2 by {max(alike):.2g} (asked: below {SAME:g}); the "
        f"error of the last step reaches each of the last k2 inputs by at least {min(late):.2g} and earlier ones by {max(early):.2g} (asked: 0)",
    )


def state_resets_after_a_batch(spec):
    """A sequence in pieces, each in a batch of its own: the state kept from batch to batch, and reset after each."""
    kept, reset = [], []
    for values in draws(spec, ({"T": 12, "I": 2, "H": 3}, {"T": 8, "I": 3, "H": 2}), 5):
        chosen = {**values, "K1": 4, "K2": 4}
        whole = run(spec, chosen).outputs["h"]
        kept.append(distance(_in_batches(spec, chosen, resets=False), whole))
        reset.append(distance(_in_batches(spec, chosen, resets=True), whole))
    return Shown(
        max(reset) < SAME,
        f"over {len(kept)} sequences of 8 and 12 steps in batches of 4, states that are reset after a batch differ from those of the whole sequence "
        f"by at least {min(reset):.2g} of the largest (a counterexample is above {DIFFERENT:g}), those that are kept by at most {max(kept):.2g} (asked: "
        f"below {SAME:g})",
        mend_holds=min(reset) > DIFFERENT and max(kept) < SAME,
    )


def _in_batches(spec, values, resets):
    """The states of 4 steps at a time, each begun with the state before it or, where it ``resets``, with zeros."""
    states, start = [], values["h0"]
    for first in range(0, len(values["x"]), 4):
        found = run(spec, {**values, "x": values["x"][first : first + 4], "h0": start})
        states.append(found.outputs["h"])
        start = np.zeros_like(start) if resets else found.outputs["h"][-1]
    return np.concatenate(states)
