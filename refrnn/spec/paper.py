"""The paper that a cell of the literature is from."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Paper:
    """Where a cell of the literature is from; ``equations`` says which of the paper's they are."""

    authors: str
    year: int
    title: str
    where: str
    equations: str

    @property
    def short(self):
        """Whose it is, in few words: "Zhou and others 2016"."""
        first, *others = [author.split()[-1] for author in self.authors.split(", ")]
        more = " and others" if len(others) > 1 else "".join(f" and {other}" for other in others)
        return f"{first}{more} {self.year}"

    def __str__(self):
        return f"{cited(vars(self))}; {self.equations}"


def cited(entry):
    """A paper in one line, from its authors, year, title and where it came out."""
    return f"{entry['authors']} ({entry['year']}), {entry['title']}, {entry['where']}"
