"""A spec as a layer of PyTorch: parameters of its names, batches with lengths, gradients by its own BPTT (pip install '.[peers]')."""

import math
from pathlib import Path

import numpy as np

import refrnn
from refrnn.errors import NotFoundError, ValuesError
from refrnn.spec.draw import complete_sizes, shapes_of_starts

try:
    import torch
    from torch.autograd.function import once_differentiable
except ImportError as error:
    raise NotFoundError("refrnn.torch needs PyTorch; install it, as with pip install 'refrnn[peers]'") from error

_BACK = {np.dtype(np.float32): torch.float32, np.dtype(np.float64): torch.float64}


class Layer(torch.nn.Module):
    """The recurrence of a spec with parameters that PyTorch learns.

    ``spec`` is a spec, the name of one of the library, or the path of a YAML file. ``sizes`` gives its sizes by name, but for
    those of time (I=64, H=128), and its constants. Parameters begin as those of PyTorch's own recurrent layers, uniform within
    one over the root of their last axis. ``backend`` is "kernel", "compiled", "reference" or "equation".

    ``layer(x, state=None, lengths=None)`` takes inputs in the order of the spec, or by name: tensors (T, batch, ...), or (batch,
    ...) for what has no time, on the CPU and in the layer's dtype. ``state`` maps starts to tensors (batch, ...), those that
    are left out are zero; ``lengths`` as in :meth:`Spec.forward`. It gives the outputs, one tensor or a tuple, and the state that
    continues them, without a gradient. Errors of another kind than PyTorch's own are :class:`refrnn.ValuesError`.

    First derivatives alone: a gradient that is to be differentiated again is refused by PyTorch in its own words.
    """

    def __init__(self, spec, backend="kernel", dtype=torch.float32, **sizes):
        super().__init__()
        self.spec = refrnn.load(spec) if isinstance(spec, (str, Path)) else spec
        self.backend = backend
        known = {*self.spec.sizes} - {*self.spec.time}
        constants = {name for name, symbol in self.spec.arrays.items() if symbol.role == "constant"}
        unknown = sizes.keys() - known - constants
        missing = constants - sizes.keys() | {size for size in self._needed() if size not in sizes}
        if unknown or missing:
            told = f"it has no {', '.join(sorted(unknown))}" if unknown else f"give {', '.join(sorted(missing))}"
            raise ValuesError(f"{self.spec.id}: {told}; a layer takes {', '.join(sorted(known | constants)) or 'no size'}")
        self.constants = {name: sizes[name] for name in sorted(constants)}
        self.sizes = {name: sizes[name] for name in sizes if name in known}
        complete_sizes(self.spec, self.sizes, 1)  # refuses what is no size
        for name, symbol in self.spec.parameters.items():
            shape = [size.number({**{time: 1 for time in self.spec.time}, **self.sizes}) for size in symbol.shape]
            bound = 1 / math.sqrt(shape[-1]) if shape else 1
            value = torch.empty(shape, dtype=dtype).uniform_(-bound, bound)
            self.register_parameter(name, torch.nn.Parameter(value))

    def _needed(self):
        """The sizes that shapes of parameters are made of, and those that no array shows."""
        found = {part for symbol in self.spec.parameters.values() for size in symbol.shape for part in size.names()}
        return (found | {*self.spec.named_sizes}) - {*self.spec.time}

    @property
    def inputs(self):
        """The names of what a call takes, in their order."""
        return tuple(name for name, symbol in self.spec.arrays.items() if symbol.role in ("input", "target"))

    def forward(self, *given, state=None, lengths=None, **named):
        tensors = self._named(given, named) | dict(state or {})
        for name in tensors.keys() - self.spec.arrays.keys():
            raise ValuesError(f"{self.spec.id}: there is no start {name}; its starts are {', '.join(self.starts) or 'none'}")
        reference = next(self.parameters(), None)
        dtype = reference.dtype if reference is not None else next(iter(tensors.values())).dtype
        for name, shape in shapes_of_starts(self.spec, tensors, self.sizes).items():
            tensors[name] = torch.zeros(shape, dtype=torch.int64 if self.spec.symbols[name].type == "integer" else dtype)
        names = [*tensors, *(name for name, _ in self.named_parameters())]
        values = [*tensors.values(), *self.parameters()]
        call = _Call(self.spec, self.backend, names, self.constants | {name: self.sizes[name] for name in self.spec.named_sizes if name in self.sizes}, lengths)
        found = _Pass.apply(call, *values)
        return (found[0] if len(found) == 1 else found), call.state

    @property
    def starts(self):
        """The names of the starts."""
        return tuple(name for name, symbol in self.spec.arrays.items() if symbol.role == "start")

    def _named(self, given, named):
        if len(given) > len(self.inputs):
            raise ValuesError(f"{self.spec.id}: it takes {', '.join(self.inputs) or 'no input'}, not {len(given)} inputs")
        tensors = dict(zip(self.inputs, given))
        for name, tensor in named.items():
            if name not in self.inputs or name in tensors:
                raise ValuesError(f"{self.spec.id}: {name} is {'given twice' if name in tensors else 'no input'}; it takes {', '.join(self.inputs)}")
            tensors[name] = tensor
        missing = [name for name in self.inputs if name not in tensors]
        if missing:
            raise ValuesError(f"{self.spec.id}: {', '.join(missing)} is missing; it takes {', '.join(self.inputs)}")
        for name, tensor in tensors.items():
            if not isinstance(tensor, torch.Tensor) or tensor.device.type != "cpu":
                kind = tensor.device if isinstance(tensor, torch.Tensor) else type(tensor).__name__
                raise ValuesError(f"{self.spec.id}: {name} must be a tensor on the CPU, not {kind}")
        return tensors

    def extra_repr(self):
        sizes = ", ".join(f"{name}={value}" for name, value in {**self.sizes, **self.constants}.items())
        return f"{self.spec.id}{sizes and ', '}{sizes}, backend={self.backend!r}"


class _Call:
    """What one pass is made with, beside its tensors; after it, the state that continues it."""

    def __init__(self, spec, backend, names, constants, lengths):
        self.spec, self.backend, self.names, self.constants, self.lengths, self.state = spec, backend, names, constants, lengths, {}


class _Pass(torch.autograd.Function):
    @staticmethod
    def forward(ctx, call, *tensors):
        values = {name: tensor.detach().numpy() for name, tensor in zip(call.names, tensors)}
        lengths = call.lengths.numpy() if isinstance(call.lengths, torch.Tensor) else call.lengths
        run = call.spec.forward(values | call.constants, call.backend, lengths)
        call.state = {name: torch.from_numpy(np.ascontiguousarray(last)) for name, last in run.state.items() if isinstance(last, np.ndarray)}
        ctx.call, ctx.run = call, run
        return tuple(torch.from_numpy(np.asarray(array)) for array in run.outputs.values())

    @staticmethod
    @once_differentiable
    def backward(ctx, *errors):
        run, names = ctx.run, ctx.call.names
        upstream = {name: None if error is None else error.numpy() for name, error in zip(run.outputs, errors)}
        gradients = run.backward(upstream)
        wanted = zip(names, ctx.needs_input_grad[1:])
        return (None, *(torch.from_numpy(np.ascontiguousarray(gradients[name])) if needed and name in gradients else None for name, needed in wanted))
