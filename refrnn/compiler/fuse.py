"""Loops by lanes that follow one another over the same places as one loop, in which a number that was just written is at hand."""

import re

_HEAD = re.compile(r"( *)for (\w+) in range\((.*), (\w+)\):")
_KEEP = re.compile(r" *keep\((.*), (\w+), ([^,]*), (\w+)\)")


def fused(lines, names):
    """The lines of one sequence with loops joined where no number is read before it is written, or after; ``names`` gives new variables."""
    found, place = [], 0
    while place < len(lines):
        loop = _Loop.at(lines, place)
        if loop is None:
            found.append(lines[place])
            place += 1
            continue
        place += loop.length
        following = _Loop.at(lines, place)
        while following is not None and loop.takes(following):
            place += following.length
            following = _Loop.at(lines, place)
        found += loop.lines(names)
    return found


class _Loop:
    """A loop by lanes whose body writes numbers and does nothing else: ``writes`` are (value, array, where they stand)."""

    def __init__(self, head, count, indent, counted, writes):
        self.head, self.count, self.indent, self.counted, self.writes = head, count, indent, counted, writes
        self.length = 2 + len(writes)

    @classmethod
    def at(cls, lines, place):
        """The loop that begins at a line; None where there is none of this kind."""
        head = _HEAD.fullmatch(lines[place]) if place + 2 < len(lines) else None
        if head is None:
            return None
        indent, step = head[1] + "    ", head[4]
        count = re.fullmatch(rf" *(\w+) = min\({step}, .*\)", lines[place + 1])
        writes = []
        for line in lines[place + 2:]:
            if not line.startswith(indent):
                break
            write = _KEEP.fullmatch(line)
            if write is None or line.startswith(indent + " ") or count is None or write[4] != count[1]:
                return None
            writes.append(write.groups()[:3])
        return cls(lines[place], lines[place + 1], indent, count[1], writes) if writes else None

    def takes(self, other):
        """Whether the other loop may run in this one; then it does."""
        if (self.head, self.count) != (other.head, other.count):
            return False
        for value, array, where in self.writes:
            for later, target, there in other.writes:
                if not (_only_at(array, where, later, self.counted) and _only_at(target, there, value, self.counted)) or target == array:
                    return False
        self.writes += other.writes
        return True

    def lines(self, names):
        found, known = [self.head, self.count], {}
        for number, (value, array, where) in enumerate(self.writes):
            for text, variable in known.items():
                value = value.replace(text, variable)
            read = f"some({array}, {where}, {self.counted})"
            if any(read in later for later, _, _ in self.writes[number + 1:]):
                known[read] = names.variable(f"{array}_k")
                found.append(f"{self.indent}{known[read]} = {value}")
                value = known[read]
            found.append(f"{self.indent}keep({value}, {array}, {where}, {self.counted})")
        return found


def _only_at(array, where, value, counted):
    """Whether a value reads an array at one place alone."""
    return not re.search(rf"\b{array}\b", value.replace(f"some({array}, {where}, {counted})", ""))
