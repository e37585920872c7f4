"""From tokens to the text of an equation as it is typed, by the rules of mathematicians: what binds tighter is taken together first."""

from refrnn.verify.readers.tokens import Unreadable

_FUNCTIONS = {"sigma": "sigmoid", "ReLU": "relu", "ELU": "elu", "log softmax": "log_softmax", "one-hot": "one_hot"}
_COMPARISONS = {"<": "<", ">": ">", "≤": "<=", "≥": ">=", "=": "==", "≠": "!="}
_FENCES = {"|": ("abs", ",", "|"), "‖": ("norm", ",", "‖"), "[": ("concat", ";", "]")}


def typed(tokens, known):
    """The two sides of an equation as they are typed, with all brackets; ``known`` are names of symbols and sizes."""
    reader = _Reader(tokens, known)
    left = reader.raised()
    reader.expect("=")
    return left, reader.whole()


def alone(tokens, known):
    """One expression as it is typed."""
    return _Reader(tokens, known).whole()


class _Reader:
    def __init__(self, tokens, known):
        self.tokens = [*tokens, ("end",)]
        self.place = 0
        self.known = known

    # ------------------------------------------------------------ tokens

    @property
    def token(self):
        return self.tokens[self.place]

    def take(self):
        self.place += 1
        return self.tokens[self.place - 1]

    def comes(self, *signs):
        return self.token[0] == "op" and self.token[1] in signs

    def expect(self, sign):
        if not self.comes(sign):
            raise Unreadable(f"no {sign} where one is due")
        self.take()

    def read(self, tokens):
        """What other tokens say by themselves."""
        return _Reader(tokens, self.known).whole()

    def whole(self):
        found = self.cases()
        if self.token != ("end",):
            raise Unreadable("more than an equation")
        return found

    # ------------------------------------------------------------ from the loosest to the tightest

    def cases(self):
        value = self.either()
        if not self.comes("if"):
            return value
        self.take()
        condition = self.either()
        self.expect(",")
        if self.comes("else"):
            self.take()
            return f"({value} if {condition} else {self.either()})"
        return f"({value} if {condition} else {self.cases()})"

    def either(self):
        return self._joined("or", self.both)

    def both(self):
        return self._joined("and", self.negated)

    def _joined(self, word, part):
        parts = [part()]
        while self.comes(word):
            self.take()
            parts.append(part())
        return parts[0] if len(parts) == 1 else f"({f' {word} '.join(parts)})"

    def negated(self):
        if self.comes("not"):
            self.take()
            return f"(not {self.negated()})"
        return self.comparison()

    def comparison(self):
        found, is_one = self.sum(), False
        while self.comes(*_COMPARISONS):
            found += f" {_COMPARISONS[self.take()[1]]} {self.sum()}"
            is_one = True
        return f"({found})" if is_one else found

    def sum(self):
        found = self.remainder()
        while self.comes("+", "−"):
            sign = "+" if self.take()[1] == "+" else "-"
            found = f"({found} {sign} {self.remainder()})"
        return found

    def remainder(self):
        found = self.product()
        if self.comes("mod"):
            self.take()
            found = f"({found} % {self.product()})"
        return found

    def product(self):
        found = self.juxtaposed()
        while self.comes("⊙"):
            self.take()
            found = f"({found} * {self.juxtaposed()})"
        return found

    def juxtaposed(self):
        """Products without a sign are written @ here, of numbers too."""
        start = self.place
        found = self.quotient()
        while True:
            is_number = self.tokens[self.place - 1][0] == "number" and self.place - start <= 2
            if self.token == ("gap",) or self.comes("·"):
                self.take()
            elif not (is_number and (self.token[0] in ("name", "sized") or self.comes("(", "∇"))):
                return found
            found = f"({found} @ {self.quotient()})"

    def quotient(self):
        """A slash binds tighter than a product without a sign; a sign tighter than either."""
        found = self.signed()
        while self.comes("/"):
            self.take()
            found = f"({found} / {self.raised()})"
        return found

    def signed(self):
        if self.comes("−", "+"):
            sign = "-" if self.take()[1] == "−" else "+"
            return f"({sign}{self.raised()})"
        return self.raised()

    # ------------------------------------------------------------ one thing, and what hangs on it

    def raised(self):
        """Something with its subscripts and powers, or a function of something."""
        if self.comes("∇"):
            self.take()
            return self._named("grad_")
        if self.token[0] == "name":
            return self._named("")
        return self._hung_on(self.atom())

    def _hung_on(self, found):
        """What is no name, with its subscripts and powers."""
        parts, power, _ = self._scripts()
        return self._with_power(found if not parts else f"{found}[{', '.join(self._index(index) for _, index in parts)}]", power)

    def _scripts(self):
        """What hangs on the thing before: the parts of subscripts, the tokens of a power, and what belongs to a name."""
        parts, power, of_name = [], None, {"layer": "", "prime": ""}
        while self.token[0] in ("sub", "sup", "layer", "prime"):
            kind, *what = self.take()
            if kind == "sub":
                parts += what[0]
            elif kind == "sup":
                if power is not None:
                    raise Unreadable("two powers")
                (power,) = what
            else:
                of_name[kind] = what[0] if what else "_prime"
        return parts, power, of_name

    def _with_power(self, found, power):
        if power is None:
            return found
        if power[-1:] == [("op", "⊤")]:
            if len(power) > 1:
                raise Unreadable("a transpose in a power")
            return f"{found}.T"
        return f"({found} ** {self.read(power)})"

    def _named(self, before):
        _, base, accent, upright = self.take()
        if self.comes("(") and not before:
            return self._hung_on(self._applied(base))
        parts, power, of_name = self._scripts()
        if not before and not accent and base == "log" and self.token == ("gap",) and self.tokens[self.place + 1][:2] == ("name", "softmax"):
            self.take(), self.take()
            return self._hung_on(self._applied("log softmax"))
        stem = before + base + of_name["layer"] + (f"_{accent}" if accent else "")
        return self._with_power(self._indexed(stem, of_name["prime"], parts, base), power)

    def _indexed(self, stem, prime, parts, base):
        """A name with as many of the parts as words of it as make a known one."""
        words = [word for word, _ in parts]
        most = next((place for place, word in enumerate(words) if word is None), len(parts))
        least = max((place + 1 for place, (_, index) in enumerate(parts) if index is None), default=0)
        names = {count: "_".join([stem, *words[:count]]) + prime for count in range(most, least - 1, -1)}
        count = next((count for count, name in names.items() if name in self.known), None)
        if count is None and base == "I" and stem == base and len(parts) == 1:
            return f"identity({words[0] if parts[0][1] is None else self.read(parts[0][1])})"
        count = most if count is None else count
        indices = [self._index(index) for _, index in parts[count:]]
        return names[count] + (f"[{', '.join(indices)}]" if indices else "")

    def _index(self, tokens):
        if ("op", ":") not in tokens:
            return self.read(tokens)
        place = tokens.index(("op", ":"))
        return f"{self.read(tokens[:place])}:{self.read(tokens[place + 1:])}"

    def _applied(self, name):
        self.expect("(")
        return f"{_FUNCTIONS.get(name, name)}({', '.join(self._list(',', ')'))})"

    def _list(self, comma, closing):
        found = [self.cases()]
        while self.comes(comma):
            self.take()
            found.append(self.either())
        self.expect(closing)
        return found

    def atom(self):
        kind, *what = self.take()
        if kind == "number":
            return self._number(*what)
        if kind == "root":
            return f"sqrt({self.read(what[0])})"
        if kind == "frac":
            return f"({self.read(what[0])} / {self.read(what[1])})"
        if kind == "sized":
            return f"{what[0]}({', '.join(map(self.read, what[1]))})"
        if kind == "big":
            return self._big(*what)
        if kind == "cases":
            found = self.read(what[1])
            for value, condition in reversed(what[0]):
                found = f"({self.read(value)} if {self.read(condition)} else {found})"
            return found
        if kind == "op" and what[0] == "(":
            found = self.cases()
            self.expect(")")
            return found
        if kind == "op" and what[0] == "⌊":
            return self._floor()
        if kind == "op" and what[0] in _FENCES:
            name, comma, closing = _FENCES[what[0]]
            return f"{name}({', '.join(self._list(comma, closing))})"
        raise Unreadable(f"{what[0] if what else kind} where a term is due")

    def _number(self, text):
        if self.comes("×"):
            self.take()
            (_, ten), (_, power) = self.take(), self.take()
            if ten != "10":
                raise Unreadable("a power of ten")
            return f"{text}e{self.read(power).replace('(', '').replace(')', '')}"
        return text

    def _big(self, name, letter, lower, upper):
        letter, lower, upper = map(self.read, (letter, lower, upper))
        return f"{name}(({self.product()}) for {letter} in range({lower}, ({upper}) + 1))"

    def _floor(self):
        left = self.signed()
        self.expect("/")
        found = f"({left} // {self.raised()})"
        self.expect("⌋")
        return found
