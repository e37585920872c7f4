"""The text of a compiled kernel whose recurrences are the engine's: their stages, and what is handed to them and back."""

import itertools
import keyword
import math

from refrnn.compiler.lines import laid_out
from refrnn.compiler.module import MOST_VALUES, docstring, few_values, takes
from refrnn.compiler.names import HELPERS, imports
from refrnn.compiler.stages import Unfit, stages_of
from refrnn.compiler.steps import Steps, Text
from refrnn.compiler.storage import bracketed
from refrnn.equation.indices import ZERO
from refrnn.equation.sizes import Size
from refrnn.equation.tree import Apply

_IMPORTS = """
import numpy as _np

from refrnn.kernels.engine.bound import Bound as _Bound
from refrnn.kernels.engine.passes import run as _run
from refrnn.kernels.engine.recurrence import Product, Recurrence, Stage
from refrnn.kernels.families.sequences import reverse as _reverse
"""


# What steps call, and what the passes do.
_STEPS = ("activations", "lanes", "vectors")
_ASIDE = {"arguments": ("Arguments",), "arrays": ("for_every_item as _for_every_item", "over_items as _over_items")}


def text(spec, clauses):
    """The source of the kernel of a spec whose recurrences the engine runs; Unfit where it does not."""
    values = few_values(spec)
    if values.keys() < {*spec.integer_constants} or math.prod(map(len, values.values())) > MOST_VALUES:
        raise Unfit("it has a number that chooses among many")
    taken = {*spec.names, *HELPERS}
    ways = [dict(zip(values, chosen)) for chosen in itertools.product(*values.values())]
    passes = [_Passes(spec, clauses, constants, {*taken}) for constants in ways]
    lines = [*docstring(spec), *_IMPORTS.splitlines(), *imports(_STEPS, _ASIDE), "", f'TAKES = Arguments("{takes(spec)}", keeps="{" ".join(passes[0].kept())}")', ""]
    for one in passes:
        lines += one.text()
    return "\n".join(laid_out(lines + _chosen(spec, passes))) + "\n"


def _chosen(spec, passes):
    """Lines of the two passes, where integer constants choose among several."""
    if not spec.integer_constants:
        return passes[0].bind()
    constants = ", ".join(passes[0].constants)
    key = f"({constants},)"
    found = ["", ""]
    for word in ("forward", "backward"):
        found.append(f"_{word.upper()} = {{{', '.join(f'{tuple(one.constants.values())}: _{word}{one.suffix}' for one in passes)}}}")
    arrays = ", ".join(spec.arrays)
    errors = ", ".join(f"d_{name}" for name in spec.outputs)
    return [
        *found, "", "", "@TAKES.forward", f"def forward({arrays}, lengths=None):", f"    outputs, saved = _FORWARD[{key}]({arrays}, lengths)",
        f'    return outputs, {{**saved, "(constants)": {key}}}', "", "", "@TAKES.backward", f"def backward(saved, {errors}):",
        f'    return _BACKWARD[saved["(constants)"]](saved, {errors})',
    ]  # fmt: skip


class _Passes:
    """Both passes of a spec, at one value of each of its integer constants."""

    def __init__(self, spec, clauses, constants, taken):
        self.spec, self.constants, self._taken = spec, constants, taken
        for name in sorted(spec.names):
            if name in ("B", "layer") or name.startswith("RECURRENCE") or name.endswith("_") and name[:-1] in HELPERS:
                raise Unfit(f"it calls {name} what kernels call so")
        self.suffix = "".join(f"_{value}" for value in constants.values()).replace("-", "minus")
        groups, self.joined = stages_of(spec, clauses, constants, self.free)
        ends = [f"{self.suffix}_{number + 1}" if len(groups) > 1 else self.suffix for number in range(len(groups))]
        self.is_one = len(groups) == 1
        self.kernels = [_Kernel(self, made, suffix) for made, suffix in zip(groups, ends)]
        self._check_reached()

    def free(self, wanted):
        name, number = wanted, 1
        while name in self._taken:
            number += 1
            name = f"{wanted}_{number}"
        self._taken.add(name)
        return name

    def of(self, name):
        """The name of a symbol in the kernel: its own, if nothing that steps call has it."""
        if name.startswith("d_"):
            return f"d_{self.of(name[2:])}"
        if name.endswith("_before"):
            return f"{self.of(name.removesuffix('_before'))}_before"
        return f"{name}_" if name in HELPERS or keyword.iskeyword(name) else name

    def _check_reached(self):
        """Errors reach all that is handed in, so that each has a gradient."""
        sent = {name for kernel in self.kernels for name in kernel.reached}
        for name in self.spec.differentiated:
            if name not in sent:
                raise Unfit(f"nothing flows back to {name}")

    # ------------------------------------------------------------ text

    def text(self):
        lines = []
        for kernel in self.kernels:
            lines += kernel.text()
        return [*lines, "", *self._forward(), "", "", *self._backward()]

    def _head(self, word, arguments):
        """The first lines of a pass."""
        return [f"def _{word}{self.suffix}({arguments}):"] if self.constants else [f"@TAKES.{word}", f"def {word}({arguments}):"]

    def kept(self):
        """The arrays that passes keep as they were given."""
        return [name for name in self.spec.arrays if self.spec.batch_axis(name) is not None or name in self._learned()]

    def _forward(self):
        spec = self.spec
        begun = [kernel.made.symbols[row].width for kernel in self.kernels for row, start in kernel.made.starts.items() if start is None]
        lines = self.sizes({name for width in begun for name in width.names()}, spec.arrays)
        for kernel in self.kernels:
            lines += kernel.run_lines()
        outputs = {name: kernel.turned(f'{kernel.layer}.outputs["{self.of(name)}"]') for kernel in self.kernels for name in kernel.made.outputs}
        saved = ['"(lengths)": lengths'] if self._turns() else []
        saved += [f'"(parameters{kernel.suffix})": {kernel.parameters}' for kernel in self.kernels]
        saved += [f'"({name})": {name}' for name in self._learned()]
        returned = f"{self.kernels[0].layer}.outputs"
        if len(self.kernels) > 1 or self.joined or self._turns() or any(self.of(name) != name for name in spec.outputs):
            parts = {}
            for name, joined in self.joined.items():
                for part in joined:
                    lines.append(f"{self.of(part)} = {outputs[part]}")
                    saved.append(f'"{part}": {self.of(part)}')
                parts[name] = f"_np.concatenate(({', '.join(map(self.of, joined))}), axis=2)"
            returned = f"{{{', '.join(f'{chr(34)}{name}{chr(34)}: {parts.get(name) or outputs[name]}' for name in spec.outputs)}}}"
        for kernel in self.kernels:
            saved += kernel.saved()
        lines.append(f"return {returned}, {{{', '.join(saved)}}}")
        return [*self._head("forward", f"{', '.join(spec.arrays)}, lengths=None"), *(f"    {line}" for line in lines)]

    def _turns(self):
        """Whether a recurrence runs from the end of time."""
        return not all(kernel.made.forward for kernel in self.kernels)

    def _learned(self):
        """The starts that are one for all sequences."""
        starts = {start for kernel in self.kernels for start in kernel.made.starts.values()}
        return [name for name in self.spec.arrays if name in starts and self.spec.batch_axis(name) is None]

    def _backward(self):
        spec, lines = self.spec, ['lengths = saved["(lengths)"]'] if self._turns() else []
        errors = {name: f"d_{name}" for name in spec.outputs}
        for name, joined in self.joined.items():
            ends = ", ".join(f'saved["{part}"].shape[2]' for part in joined[:-1])
            found = self.free("cuts")
            lines.append(f"{found} = _np.split(d_{name}, _np.cumsum([{ends}]), axis=2)")
            errors |= {part: f"{found}[{number}]" for number, part in enumerate(joined)}
        terms = {}
        for kernel in self.kernels:
            lines += kernel.back_lines(errors)
            for name, term in kernel.gradients().items():
                terms.setdefault(name, []).append(term)
        for name in self._learned():
            terms[name] = [f'_over_items({terms[name][0]}, saved["({name})"])']
        lines.append(f"return {{{', '.join(f'{chr(34)}{name}{chr(34)}: ' + ' + '.join(terms[name]) for name in spec.differentiated)}}}")
        return [*self._head("backward", ", ".join(["saved", *(f"d_{name}" for name in spec.outputs)])), *(f"    {line}" for line in lines)]

    def bind(self):
        kernel, *others = self.kernels
        made = kernel.made
        if others or self.joined or not made.forward or self._learned() or None in made.starts.values():
            return []
        names = [f'{self.of(name)}="{name}"' for name in made.inputs] + [f'{self.of(row)}="{start}"' for row, start in made.starts.items()]
        outputs = {self.of(name): name for name in made.outputs if self.of(name) != name}
        given = f"{kernel.name}, {kernel.weights_name}(**weights), {outputs or None}, {', '.join(names)}"
        return ["", "", "def bind(**weights):", '    """With these weights, for passes that keep nothing and single steps."""', f"    return _Bound({given})"]

    def sizes(self, wanted, arrays):
        """Lines that find sizes by the shapes of arrays, as the library has them."""
        lines, known = [], set()
        while wanted - known:
            for name in arrays:
                at = self.spec.batch_axis(name)
                for axis, size in enumerate(self.spec.full_shape(name)):
                    unknown = size.names() - known
                    if len(unknown) != 1 or any(len(names) > 1 for names in size.terms):
                        continue
                    (letter,) = unknown
                    rest, count = size - Size({(letter,): size.terms[(letter,)]}), size.terms[(letter,)]
                    place = axis + (at is not None and axis >= at)
                    here = f"{name}.shape[{place}]"
                    if rest != ZERO:
                        here = f"{here} - {bracketed(str(rest))}"
                    lines.append(f"{letter} = {here if count == 1 else f'{bracketed(here) if rest != ZERO else here} // {count}'}")
                    known.add(letter)
                    break
                else:
                    continue
                break
            else:
                raise Unfit(f"{min(wanted - known)} is no size of a parameter")
        return lines


class _Kernel:
    """One recurrence of the module."""

    def __init__(self, module, made, suffix):
        self.module, self.made, self.suffix = module, made, suffix
        self.name, self.layer, self.weights_name = f"RECURRENCE{suffix}", module.free(f"layer{suffix}"), f"_weights{suffix}"
        self.steps = Steps(made, module.free)
        self._weights = {}  # by name in the engine: Views, or one of them
        self._products = [self._products_of(k) for k in range(len(made.stages))]
        self._biases = [self._biases_of(k) for k in range(len(made.stages))]
        self._weights |= made.weights
        names = {view.name for views in self._weights.values() for view in (views if isinstance(views, list) else [views])}
        self._names = [name for name in module.spec.arrays if name in names]
        self.parameters = f"{{{', '.join(self._given(name) for name in self._names)}}}"
        sent = {name for step in self.steps.back for name in step.gives}
        passing = {key[0] for _, products in made.sets for key, _, _ in products if not key[2]}
        self.reached = {name for name in made.inputs if name in passing or f"d_{name}" in sent} | {*self._names}
        self.reached |= {start for start in made.starts.values() if start is not None}
        self.reached -= {view.name for name, view in made.weights.items() if f"d_{name}" not in sent}

    def _given(self, name):
        return f'"{name}": ' + (name if self.module.spec.arrays[name].shape else f"_np.asarray({name})")

    def _products_of(self, k):
        found = []
        for (operand, delay, stopped), gates, views in self.made.sets[k][1]:
            name = self._weight_name(views, f"W_{operand}")
            self._weights[name] = views
            more = (f", delay={delay}" if delay else "") + (", stopped=True" if stopped else "")
            found.append(f'Product("{self.module.of(operand)}", "{self.module.of(name)}", "{self._gates(gates)}"{more})')
        return found

    def _biases_of(self, k):
        found, runs = {}, [[]]
        for gate in self.made.sets[k][0]:
            if self.made.gates[gate].biases:
                runs[-1].append(gate)
            elif runs[-1]:
                runs.append([])
        for run in filter(None, runs):
            views = [self.made.gates[gate].biases[0] for gate in run]
            name = self._weight_name(views, "b")
            self._weights[name] = views
            found[self.module.of(name)] = self._gates(run)
        return found

    def _weight_name(self, views, wanted):
        """That of a parameter, where it is one alone and all of it."""
        return views[0].name if len(views) == 1 and not views[0].spans and not views[0].turned and views[0].name not in self._weights else self.module.free(wanted)

    def _gates(self, gates):
        return " ".join(self.module.of(self.steps.names[gate]) for gate in gates)

    # ------------------------------------------------------------ text

    def text(self):
        lines, of = [], self.module.of
        several = len(self.made.stages) > 1
        stages = []
        for k, (step, back) in enumerate(zip(self.steps.forward, self.steps.back)):
            own = f"{self.suffix}_{k + 1}" if several else self.suffix
            lines += ["", *self._function(f"step{own}", step), "", "", *self._function(f"back{own}", back), ""]
            given = [f'"{self._gates(self.made.sets[k][0])}"', f"({', '.join(self._products[k])}{',' if len(self._products[k]) == 1 else ''})"]
            given += [f"step{own}", f'"{" ".join(map(of, step.gives))}"', f"back{own}", f'"{" ".join(map(of, back.gives))}"']
            given += [str(self._biases[k]).replace("'", '"')] if self._biases[k] else []
            stages.append(f"    Stage({', '.join(given)}),")
        outputs = " ".join(map(of, self.made.outputs))
        lines += ["", f'{self.name} = Recurrence({self.module.spec.id!r}, "{outputs}",', *stages, ")", "", ""]
        return [*lines, *self._weights_function(), ""]

    def _function(self, name, step):
        if not step.takes or not step.returns:
            raise Unfit("a step takes nothing, or gives nothing")
        of = self.module.of
        text = Text(of, of(step.takes[0]))
        lines = [f"def {name}({', '.join(map(of, step.takes))}):"]
        lines += [f"    {of(target)} = {'finer_' * self._is_bare(target, value)}{text.expression(value)}" for target, value in step.lines]
        return [*lines, f"    return {', '.join(map(of, step.returns))}"]

    def _is_bare(self, name, value):
        """Whether a state is a tanh, and no gate stands between the error of that and the next step."""
        return name in self.made.starts and isinstance(value, Apply) and value.name == "tanh"

    def _weights_function(self):
        views = [view for found in self._weights.values() for view in (found if isinstance(found, list) else [found])]
        wanted = {name for view in views for span in view.spans for name in (*span.lower.names(), *span.upper.names())}
        lines = self.module.sizes(wanted, self._names)
        parts = []
        for name, found in self._weights.items():
            value = f"({', '.join(map(str, found))},)" if isinstance(found, list) else str(found)
            parts.append(f'"{self.module.of(name)}": {value}')
        return [f"def {self.weights_name}({', '.join(self._names)}):", *(f"    {line}" for line in (*lines, f"return {{{', '.join(parts)}}}"))]

    def turned(self, text):
        return text if self.made.forward else f"_reverse({text}, lengths)"

    def run_lines(self):
        of, made = self.module.of, self.made
        some = made.inputs[0] if made.inputs else None
        if some is None:
            raise Unfit("it has no input at every step")
        starts = []
        for row, start in made.starts.items():
            if start is None:
                value = f"_np.zeros(({some}.shape[1], {made.symbols[row].width}), {some}.dtype)"
            else:
                value = f"_for_every_item({start}, {some})" if self.module.spec.batch_axis(start) is None else start
            starts.append(f'"{of(row)}": {value}')
        inputs = [f'"{of(name)}": {self.turned(name)}' for name in made.inputs]
        given = f"{self.name}, {{{', '.join(inputs)}}}, {{{', '.join(starts)}}}, {self.parameters}, lengths, {self.weights_name}"
        return [f"{self.layer} = _run({given})"]

    def saved(self):
        """Entries of what is saved: the pass, and gates and rows by the names of the spec, made into arrays when they are asked for."""
        spec, of, found = self.module.spec, self.module.of, []
        kept = {key[0] for _, products in self.made.sets for key, _, _ in products}
        kept |= {self.made.past(name)[0] for step in self.steps.back for name in step.takes}
        kept |= {self.made.past(name)[0] for k, step in enumerate(self.steps.forward) for name in step.takes if name not in self._own_gates(k)}
        joined = {part for parts in self.module.joined.values() for part in parts}
        given = {name for step in self.steps.forward for name in step.gives}
        for name in self.made.symbols:
            # A gate that holds a sum is kept for every step where something reads it later.
            is_gate = name in self.steps.names.values() and (name in given or name in kept)
            if name in spec.defined and name not in joined and (is_gate or name in self.made.rows and name in kept):
                found.append(name)
        if self._is_plain():
            return [f"**{self.layer}.saved({', '.join(f'{name}={chr(34)}{of(name)}{chr(34)}' for name in found)})"]
        values = [f'"{name}": lambda: {self.turned(f"{self.layer}.values({chr(34)}{of(name)}{chr(34)})")}' for name in found]
        return [f'"(layer{self.suffix})": {self.layer}.apart()', *values]

    def _key(self):
        return "layer" if self._is_plain() else f"(layer{self.suffix})"

    def _is_plain(self):
        return self.made.forward and self.module.is_one

    def _own_gates(self, k):
        return {self.steps.names[gate] for gate in self.made.sets[k][0]}

    def back_lines(self, errors):
        own, of = self.suffix, self.module.of
        given = ", ".join(f'"{of(name)}": {self.turned(errors[name])}' for name in self.made.outputs)
        lines = [
            f'found{own} = {{name: _np.empty_like(array) for name, array in saved["(parameters{own})"].items()}}',
            f"parts{own} = {self.weights_name}(**found{own})",
            f'd{own} = saved["{self._key()}"].backward({{{given}}}, parts{own})',
        ]
        return lines + [f'parts{own}["{of(name)}"][...] = d{own}["{of(name)}"]' for name in self.made.weights if name not in self.made.fixed]

    def gradients(self):
        own, of = self.suffix, self.module.of
        found = {name: f'found{own}["{name}"]' for name in self._names}
        found |= {name: self.turned(f'd{own}["{of(name)}"]') for name in self.made.inputs}
        return found | {start: f'd{own}["{of(row)}"]' for row, start in self.made.starts.items() if start is not None}
