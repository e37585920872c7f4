"""Who found which fault when it was planted last: a line each in found.txt, as the runs note it."""

from pathlib import Path

from tests.verify.museum.outside.kernels import KERNELS
from tests.verify.museum.outside.library import LIBRARY
from tests.verify.museum.outside.references import REFERENCES

FOUND = Path(__file__).with_name("found.txt")
PLACES = {"references": REFERENCES, "kernels": KERNELS, "library": LIBRARY}


def noted():
    """{fault: "quick" or "full" verification, the folder of tests that found it, or "nobody"}, of the faults that there are."""
    known = {f"{place}: {fault}" for place, faults in PLACES.items() for fault in faults}
    lines = [line.split("\t") for line in FOUND.read_text(encoding="utf-8").splitlines()]
    return {name: by for name, by in lines if name in known}


def keep(name, by):
    FOUND.write_text("".join(f"{name}\t{by}\n" for name, by in sorted((noted() | {name: by}).items())), encoding="utf-8")
