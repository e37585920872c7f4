"""A module of one's own, run beside the kernel."""

from itertools import combinations
from types import ModuleType

import numpy as np

from refrnn.backends.run import module_of
from refrnn.verify.properties.asking import handed_in, run_of, same_bits


def modules_of_ones_own_are_run_themselves(spec, truth, backend):
    """After the kernel, on values of the same form; and what such a module gives in one memory is handed out apart."""
    if bool(spec.time) != truth.case.ragged:
        return None
    right, own = module_of(spec, backend, truth.checked.integers), ModuleType("own")

    def forward(**given):
        outputs, saved = right.forward(**given)
        return {name: 2 * array for name, array in outputs.items()}, saved

    def backward(saved, **upstream):
        gradients = right.backward(saved, **upstream)
        memory = np.zeros(max(array.size for array in gradients.values()), truth.checked.dtype)
        return {name: memory[: array.size].reshape(array.shape) for name, array in gradients.items()}

    own.forward, own.backward = forward, backward
    values = handed_in(truth.checked) | {name: truth.checked.sizes[name] for name in spec.named_sizes}
    plain, run = (run_of(spec, values, truth.lengths, one) for one in (backend, own))
    for name, array in plain.outputs.items():
        if not same_bits(run.outputs[name], 2 * array):
            return f"{name} of a module of one's own, after the kernel, is not what it gives"
    gradients = run.backward(truth.upstream).values() if spec.differentiated else ()
    if any(np.shares_memory(one, other) for one, other in combinations(gradients, 2)):
        return "gradients of a module of one's own share their memory"
    return None
