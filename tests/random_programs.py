"""Random programs of recurrences, for the campaign of adjoint equations and its part in the suite."""

import random

ARRAYS = {
    "a": "H", "b": "H", "c": "", "U": "H, H", "V": "H, H", "x": "T, H", "z": "T", "h0": "H", "p0": "H", "w": "L", "hs": "L, H", "G": "H, N", "K": "",
}  # fmt: skip
STATES = ("h", "p", "s")
STARTS = {
    "forward": ("{}[-1] = {}", ("h0", "p0", "tanh(h0)", "U @ p0")), "backward": ("{}[T] = {}", ("h0", "p0 * a")), "delayed": ("{}[d_i-L] = {}", ("hs[d_i]",)),
    "within": ("{}[0] = {}", ("h0", "p0 * a")), "plain": (None, ()),
}  # fmt: skip
OWN = {"forward": ("[t-1]",), "backward": ("[t+1]",), "delayed": ("[t-L]", "[t-1]"), "within": ("[t-1]",), "plain": ()}
NUMBERS = ("c", "z[t]", "z[T-1-t]", "0.5", "2", "x[t, 1]", "a[2]", "t", "T", "U[1, 2]", "w[0]")
VECTORS = ("a", "b", "x[t]", "x[T-1-t]", "x[min(t + 1, T-1)]", "U[1]", "V[0:H, 2]", "concat(x[t, 0:2], a[2:H])")
CONDITIONS = ("t > 1", "t == 0", "t != 2", "t % 2 == 0", "t > 0 and t < T - 1", "c > 0", "not c > 0", "t < 1 or t > 3", "z[t] > 0", "K == 1")
OF_VECTORS = (*CONDITIONS, "x[t] > 0", "a > b", "a > 0 and not b > x[t]")
MATRICES = ("U", "V", "U.T", "(U + V)", "(U * V)", "outer(a, x[t])", "(U @ V)", "U**2", "diag(a)", "(V @ diag(x[t]))")
RANGES = ("t", "t + 1", "T", "1, t", "min(t, L)", "t, T")
# {v}: a vector, {n}: a number, {state}: what is read of a state, and others by the tuples above.
OF_NUMBERS = (
    "sum({v})", "({n} * {n})", "tanh({n})", "({v} @ {v})", "norm({v})", "mean({v})", "({n} if {condition} else {n})", "{v}[0]", "{v}[H-1]",
    "sum({n} * w[j] for j in range(L))", "sum(z[j] * {n} for j in range({range}))",
)  # fmt: skip
FORMS = (
    "({v} + {v})", "({v} - {v})", "({v} * {v})", "({v} + {n})", "({n} * {v})", "tanh({v} * 0.3)", "sigmoid({v})", "relu({v})", "elu({v} * 0.3)", "exp({v} * 0.1)", "softmax({v})", "log_softmax({v})",
    "abs({v})", "({matrix} @ {v})", "({v} @ {matrix})", "({v} if {of vectors} else {v})", "({v} / ({v}**2 + 1))", "max({v}, {v})", "min({v}, {n})", "concat({v}[0:2], {v}[2:H])", "concat({v}, {v})[H:2*H]",
    "concat({v}, {v})[1:H+1]", "sum({v} * z[j] for j in range({range}))", "sum({v} * j for j in range({range}))", "sum(x[j] * {v} for j in range({range}))", "prod({v} + x[j] for j in range(2))",
    "sum(x[t-j] * w[j] for j in range(min(t + 1, L)))", "-{v}", "(G @ (G.T @ {v}))", "stop({v})", "(x.T @ z + {v})",
)  # fmt: skip


class Chance:
    """Draws expressions; ``reads`` are what states may be read as."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.reads = ()

    def filled(self, form, depth):
        lists = {"condition": CONDITIONS, "of vectors": OF_VECTORS, "matrix": MATRICES, "range": RANGES}
        while "{" in form:
            before, _, rest = form.partition("{")
            kind, _, after = rest.partition("}")
            word = self.vector(depth) if kind == "v" else self.number(depth) if kind == "n" else self.random.choice(lists[kind])
            form = before + word + after
        return form

    def number(self, depth):
        return self.random.choice(NUMBERS) if depth <= 0 or self.random.random() < 0.3 else self.filled(self.random.choice(OF_NUMBERS), depth - 1)

    def vector(self, depth):
        if depth > 0 and self.random.random() > 0.15:
            return self.filled(self.random.choice(FORMS), depth - 1)
        return self.random.choice((*VECTORS, *self.reads * 3))


def drawn(seed):
    """(equations, outputs) of up to three states, each with a start of its kind, that read those before them."""
    chance, lines = Chance(seed), []
    kinds = {name: chance.random.choice(tuple(STARTS)) for name in STATES[: chance.random.randint(1, 3)]}
    for place, (name, kind) in enumerate(kinds.items()):
        form, starts = STARTS[kind]
        own, earlier = tuple(name + read for read in OWN[kind]), list(kinds.items())[:place]
        chance.reads = own + tuple(f"{other}{read}" for other, its in earlier for read in ("[t]", "[T-1]", *(("[t-1]",) if its == "forward" else ())))
        lines += [form.format(name, chance.random.choice(starts))] if form else []
        lines.append(f"{name}[t] = {own[0] + ' * 0.3 + ' if own else ''}{chance.vector(chance.random.randint(1, 3))}")
    return lines, list(kinds) if chance.random.random() < 0.5 else [name]
