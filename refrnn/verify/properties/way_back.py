"""Properties of the way back: what an upstream gradient does to the gradients."""

import numpy as np

from refrnn.backends.run import answer
from refrnn.equation.held import Held
from refrnn.verify.passes import Passes
from refrnn.verify.properties.asking import gradients_of, key_of, near, pulled_back, same_bits
from refrnn.verify.properties.digits import FINE


def upstream_is_linear(spec, truth, backend):
    """A thousandfold upstream, of digits that float32 has not, gives a thousandfold gradient: nothing is clipped or cut off on the way."""
    if not spec.differentiated:
        return None
    factor = truth.checked.dtype.type(1024 * FINE)
    _, _, backward = answer(spec, truth.checked, backend)
    grown = gradients_of(spec, backward, {name: factor * array for name, array in truth.upstream.items()})
    for name, gradient in grown.items():
        key = ("gradient", name)
        if key in truth.quantities and not truth.judge({key: gradient / factor})[0].ok:
            return f"{name} is not linear in the upstream gradient"
    return None


def missing_upstream_is_zero(spec, truth, backend):
    """Outputs without an upstream gradient, left out, None or zero, add nothing; without any all gradients are zero."""
    if not spec.differentiated:
        return None
    for name, gradient in pulled_back(spec, truth, backend, {}).items():
        if np.any(gradient):
            return f"d_{name} is not zero though no output has an upstream gradient"
    if len(spec.outputs) == 1:  # all that is left would be one call, made again
        return None
    shares = {}
    for output in spec.outputs:
        given = {output: truth.upstream[output]}
        left_out = pulled_back(spec, truth, backend, given)
        for word, upstream in (("None", dict.fromkeys(spec.outputs) | given), ("zero", _only(truth.upstream, output))):
            for name, gradient in pulled_back(spec, truth, backend, upstream).items():
                if not same_bits(gradient, left_out[name]):
                    return f"d_{name} is another one where the other outputs' upstream is {word}, not left out"
        for name, gradient in left_out.items():
            shares.setdefault(name, []).append(gradient)
    whole = pulled_back(spec, truth, backend, truth.upstream)
    for name, gradients in shares.items():
        if not near(truth, ("gradient", f"d_{name}"), sum(gradients), whole[name], 4 * (1 + len(spec.outputs)), gradients):
            return f"d_{name} is not the sum of what the single outputs give"
    return None


def _only(upstream, *names):
    """``upstream`` of these outputs, zero for the others."""
    return {name: array if name in names else np.zeros_like(array) for name, array in upstream.items()}


def upstream_adds_up_over_steps(spec, truth, backend):
    """The gradient is the sum of what single steps give: none ends where a step has no upstream gradient."""
    steps = max((len(array) for name, array in truth.upstream.items() if spec.time_size(name)), default=0)
    if not spec.differentiated or steps < 2:
        return None
    whole, shares = pulled_back(spec, truth, backend, truth.upstream), {}
    for chosen in (slice(-1, None), slice(0, -1, 2), slice(1, -1, 2)):
        for name, gradient in pulled_back(spec, truth, backend, _of_steps(spec, truth.upstream, chosen)).items():
            shares.setdefault(name, []).append(gradient)
    for name, gradients in shares.items():
        if not near(truth, ("gradient", f"d_{name}"), sum(gradients), whole[name], 16, gradients):
            return f"d_{name} is not the sum of what the last step, every other one and the rest give"
    return None


def _of_steps(spec, upstream, chosen):
    """``upstream`` at the chosen steps, zero at the others; what has no time counts as the last one."""
    found = {}
    for name, array in upstream.items():
        found[name] = np.zeros_like(array)
        if spec.time_size(name):
            found[name][chosen] = array[chosen]
        elif chosen.start == -1:
            found[name] = array
    return found


def backward_repeats(spec, truth, backend):
    if not spec.differentiated:
        return None
    _, _, backward = answer(spec, truth.checked, backend)
    first = {name: np.copy(array) for name, array in backward(truth.upstream).items()}
    upstream = {name: array.copy() for name, array in truth.upstream.items()}
    backward(upstream)
    for array in upstream.values():  # where they lie is no sign that they are the same
        array /= 4
    quarter = {name: np.copy(array) for name, array in backward(upstream).items()}
    for name, gradient in backward(truth.upstream).items():
        if not same_bits(gradient, first[name]):
            return f"d_{name} changes when backward is called again"
        if np.any(gradient) and np.array_equal(gradient, quarter[name]):
            return f"d_{name} stays as it was when backward is called with a quarter of the errors"
    return None


def errors_go_where_the_equation_sends_them(spec, truth, backend):
    """NaN in an upstream gradient comes out where the equation passes it on: not at what is cut off, nor at what comes later.

    Where zero times NaN makes it NaN, in arithmetic or in what has no gradient, either is right.
    """
    if not spec.differentiated or truth.special or bool(spec.time) != truth.case.ragged:
        return None
    _, _, backward = answer(spec, truth.checked, backend)
    for word, upstream, by_arithmetic, by_calculus in _lost(spec, truth):
        for name, gradient in gradients_of(spec, backward, upstream).items():
            lost, key = np.isnan(gradient), key_of(spec, truth, name)
            name = key[1]
            if np.any(lost & ~by_arithmetic[name]):
                return f"{name} is NaN at places that no NaN reaches where the upstream gradient is NaN {word}"
            if name in by_calculus and key in truth.quantities and np.any(~lost & by_calculus[name] & (truth.quantities[key] != 0)):
                return f"{name} hides that the upstream gradient is NaN {word}"
    return None


def _lost(spec, truth):
    """Upstream gradients with NaN, in words and numbers, and where the equation's gradients are NaN then; once for all backends."""
    if not hasattr(truth, "lost"):
        one_step = {name: _middle(array) for name, array in truth.upstream.items() if array.ndim > 1}
        given = {f"all over {name}": {name: np.s_[...]} for name in spec.outputs} | {"at one step of one sequence": one_step}
        lost = [{name: array.copy() for name, array in truth.upstream.items()} for _ in given]
        for upstream, places in zip(lost, given.values()):
            for name, where in places.items():
                upstream[name][where] = np.nan
        passed = Passes(spec, truth.checked, truth.checked.dtype, [[Held() for _ in range(truth.sequences)] for _ in lost])
        with np.errstate(all="ignore"):
            by_arithmetic, by_calculus = (_where_lost(passed, lost, absorbing) for absorbing in (False, True))
        # What is lost at one step may go out anywhere.
        truth.lost = list(zip(given, lost, by_arithmetic, [*by_calculus[:-1], {}]))
    return truth.lost


def _where_lost(passed, upstream, absorbing):
    return [{f"d_{name}": np.isnan(gradient) for name, gradient in gradients.items()} for gradients in passed.backward(upstream, absorbing)]


def _middle(array):
    """The step in the middle, of the first sequence."""
    return slice(len(array) // 2, len(array) // 2 + 1), slice(1)
