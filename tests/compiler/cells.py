"""Recurrent cells made at random, of all that the engine's stages can be made of: ``python -m tests.compiler.cells 200`` holds so many against their equations."""

import random
import sys

import refrnn


class _Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.symbols, self.equations, self.count = {}, [], 0
        self.time = self.random.choice(["t-1", "t-1", "t-1", "t+1"])
        self.symbols["x"] = "{role: input, shape: [T, I]}"
        self.states = {f"s{number}": self.random.choice("HHK") for number in range(self.random.choice([1, 1, 2, 3]))}
        self.known = {}  # of this step, by name: the width
        self.values = {}
        for name in self.states:
            self.start(name)

    def start(self, name):
        first = "-1" if self.time == "t-1" else "T"
        kind = self.random.choice(["start", "start", "parameter", None])
        if kind is None:
            self.equations.append(f"{name}[{first}] = zeros({self.states[name]})")
        else:
            self.symbols[f"{name}_0"] = f"{{role: {kind}, shape: [{self.states[name]}]}}"
            self.equations.append(f"{name}[{first}] = {name}_0")

    def new(self, kind, shape, role="parameter"):
        self.count += 1
        name = f"{kind}{self.count}"
        self.symbols[name] = f"{{role: {role}, shape: [{', '.join(shape)}]}}"
        return name

    # ------------------------------------------------------------ expressions

    def vector(self, width):
        """A vector that stands somewhere, and no part of it, of a width or of any."""
        found = [("x[t]", "I")] + [(f"{name}[{self.time}]", own) for name, own in self.states.items()] + [(f"{name}[t]", own) for name, own in self.known.items()]
        return self.random.choice([one for one in found if width in (None, one[1])] or [(None, width)])

    def operand(self):
        kind = self.random.random()
        if kind < 0.6:
            return self.vector(None)
        if kind < 0.8:
            one, other = self.vector(None), self.vector(None)
            return f"concat({one[0]}, {other[0]})", f"{one[1]}+{other[1]}" if one[1] != other[1] else f"2*{one[1]}"
        text, width = self.vector(None)
        return f"({self.unary(text)} * {text})" if kind < 0.93 else f"stop({text})", width

    def product(self, width):
        text, terms = self.operand()
        if self.random.random() < 0.15:
            return f"{self.new('W', [terms, width])}.T @ {text}"
        return f"{self.new('W', [width, terms])} @ {text}"

    def gate(self, width):
        terms = [self.product(width) for _ in range(self.random.choice([1, 2, 2, 3]))]
        for _ in range(self.random.choice([0, 1, 1, 2])):
            terms.append(self.new("b", [width]))
        self.random.shuffle(terms)
        return " + ".join(terms)

    def unary(self, text):
        return self.random.choice(["tanh({})", "sigmoid({})", "relu({})", "exp(-abs({}))", "sin({})", "softplus({})", "1 - {}", "sqrt(1 + abs({}))"]).format(f"({text})" if " " in text else text)

    def number(self, width, deep):
        """An expression of numbers of one unit each."""
        kind = self.random.random()
        if deep == 0 or kind < 0.25:
            text, _ = self.vector(width)
            return text if text is not None and self.random.random() < 0.7 else self.unary(self.gate(width))
        if kind < 0.45:
            return self.unary(self.gate(width))
        if kind < 0.55:
            return self.unary(self.number(width, deep - 1))
        if kind < 0.65:
            return f"{self.new('v', self.random.choice([[width], []]))} * {self.bracketed(width, deep)}"
        if kind < 0.72:
            one, other = self.number(width, deep - 1), self.number(width, deep - 1)
            return self.random.choice([f"max({one}, {other})", f"min({one}, {other})", f"(({one}) if ({one}) > ({other}) else ({other}) * 0.5)"])
        if kind < 0.78:
            return f"{self.bracketed(width, deep)} / (2 + abs({self.number(width, deep - 1)}))"
        return f"{self.bracketed(width, deep)} {self.random.choice('+-**')} {self.bracketed(width, deep)}"

    def bracketed(self, width, deep):
        return f"({self.number(width, deep - 1)})"

    def whole(self, width, deep):
        """One that hangs on something of the step."""
        text = self.number(width, deep)
        return text if "[" in text else f"{text} + {self.unary(self.gate(width))}"

    # ------------------------------------------------------------ the cell

    def made(self):
        for number in range(self.random.choice([0, 1, 2, 3])):
            name, width = f"g{number}", self.random.choice("HHHK")
            self.equations.append(f"{name}[t] = {self.whole(width, 2)}")
            self.known[name] = width
        if self.random.random() < 0.3:
            width = self.random.choice("HK")
            self.symbols["a"] = f"{{role: value, shape: [T, 2*{width}]}}"
            self.equations.append(f"a[t] = {self.gate('2*' + width).replace(f'2*{width}, 2*{width}', f'2*{width}, 2*{width}')}")
            for name, part in (("p", f"0:{width}"), ("q", f"{width}:2*{width}")):
                self.equations.append(f"{name}[t] = {self.unary(f'a[t, {part}]')}")
                self.known[name] = width
        for name, width in self.states.items():
            self.symbols[name] = f"{{role: value, shape: [T, {width}]}}"
            carried = f"{self.random.choice([0.5, -0.3])} * {name}[{self.time}]"
            read = f" + {self.new('W', [width, 'I'])} @ x[t]" if name == "s0" else ""
            self.equations.append(f"{name}[t] = 0.5 * ({self.whole(width, 2)}) + {carried}{read}")
            self.known[name] = width
        every = [*self.states, *(name for name in self.known if name not in self.states)]
        read = " ".join(one.partition("=")[2] for one in self.equations)
        outputs = [name for name in every if name in self.states or f"{name}[t" not in read or self.random.random() < 0.3]
        lines = [f"  {name}: {text}" for name, text in self.symbols.items()]
        read = " ".join(self.equations) + str(self.symbols)
        sizes = ", ".join(f"{name}: {means}" for name, means in (("T", "steps"), ("I", "inputs"), ("H", "units"), ("K", "others")) if name in "T" or f"[{name}" in read or f" {name}" in read or f"*{name}" in read or f"+{name}" in read)
        return "\n".join([
            "id: made-at-random", "title: Made at random", f"sizes: {{{sizes}}}", "time: T", "symbols:", *lines,
            "equations:", *(f"  - {one}" for one in self.equations), f"outputs: [{', '.join(outputs)}]", "",
        ])  # fmt: skip


def text(seed):
    """The YAML of a cell."""
    return _Maker(seed).made()


def cell(seed):
    return refrnn.load_text(text(seed), f"cell {seed}")


if __name__ == "__main__":
    from tests.compiler.test_compiled import assert_as_equations
    from refrnn.compiler.load import source

    first, count = (int(word) for word in (*sys.argv[1:], "0", "200")[:2]) if len(sys.argv) > 2 else (0, int((*sys.argv[1:], "200")[0]))
    by_engine = 0
    for seed in range(first, first + count):
        try:
            spec = cell(seed)
            by_engine += "Recurrence(" in source(spec)
            assert_as_equations(spec, {"T": 5}, batch=3, seed=seed)
        except Exception as error:  # noqa: BLE001  (every one is shown)
            print(f"cell {seed}: {type(error).__name__}: {error}", flush=True)
    print(f"{count} cells, {by_engine} by the engine")
