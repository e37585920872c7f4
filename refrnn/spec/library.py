"""Finds specs: the library's own by id, a user's own by path, and what is to be known of each without loading it."""

from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

import refrnn
from refrnn.errors import NotFoundError, SpecError, quoted
from refrnn.spec.paper import Paper
from refrnn.spec.read import read, read_file


def specs_folder():
    """The folder of the library's specs, in a checkout or an installation."""
    for place in refrnn.__path__:
        if (Path(place) / "specs" / "lectures.yaml").is_file():
            return Path(place) / "specs"
    raise NotFoundError("the specs of refrnn are not installed; install the package again")


@lru_cache(maxsize=None)
def _paths():
    return {path.stem: path for path in sorted(specs_folder().glob("*/*.yaml"), key=_group_order)}


GROUPS = ("systems", "learning", "dynamics", "gated", "architectures", "language", "examples")
GALLERY = "gallery"  # the cells of the literature, each from its paper and without modules of its own
SHOWN = ("forward", "bptt")  # what is shown of a spec that does not say it


def _group_order(path):
    group = path.parent.name
    return (GROUPS.index(group) if group in GROUPS else len(GROUPS), group, path.stem)


def ids():
    """Every id, in the order of groups: the lectures' rows, and then the gallery."""
    return list(_paths())


def rows():
    """The ids of the lectures' rows, each of which has a reference written by hand, and a kernel: by hand, too, or the compiled one where that is as fast."""
    return [name for name, path in _paths().items() if path.parent.name != GALLERY]


def gallery():
    """The ids of the cells of the literature, whose equations are all that was written."""
    return [name for name, path in _paths().items() if path.parent.name == GALLERY]


@dataclass(frozen=True)
class Card:
    """What is to be known of a spec that is read from its file, and not loaded."""

    id: str
    group: str
    title: str
    lectures: tuple
    papers: tuple
    verify: tuple
    open: tuple
    symbols: tuple
    equations: tuple


@lru_cache(maxsize=None)
def cards():
    """A card for every spec of the library."""
    found = []
    for name, path in _paths().items():
        data = read_file(path).data
        found.append(
            Card(
                id=name,
                group=path.parent.name,
                title=str(data.get("title", "")),
                lectures=tuple(dict.fromkeys(entry["from"] for entry in data.get("lectures", []))),
                papers=tuple(Paper(**entry).short for entry in data.get("papers", [])),
                verify=tuple(data.get("verify", SHOWN)),
                open=tuple(data.get("open", ())),
                symbols=tuple(data.get("symbols", ())),
                equations=tuple(data.get("equations", ())),
            )
        )
    return tuple(found)


@lru_cache(maxsize=None)
def sources():
    """lectures.yaml: {"lectures": {key: {...}}, "papers": {key: {...}}}."""
    return read_file(specs_folder() / "lectures.yaml").data


def load(name):
    """See :func:`refrnn.load`."""
    if not isinstance(name, (str, Path)):
        raise NotFoundError(f"load takes the id of a spec, such as lstm, or the path of a YAML file, not {type(name).__name__}")
    text = str(name)
    if text in _paths():
        return _load_path(_paths()[text])
    if text.endswith((".yaml", ".yml")) or "/" in text or "\\" in text:
        return _build_file(Path(text), library=False)
    raise NotFoundError(f"there is no spec {quoted(text)}{_hint(text.lower())} (refrnn list shows all; a file of your own ends in .yaml)")


def _hint(text):
    near = [name for name in ids() if name == text] or [name for name in ids() if text in name.split("-")] or get_close_matches(text, ids(), n=1, cutoff=0.4)
    return f"; did you mean {' or '.join(near)}?" if near else ""


@lru_cache(maxsize=None)
def _load_path(path):
    return _build_file(path, library=True)


def _build_file(path, library):
    from refrnn.spec.build import build

    document = read_file(path)
    spec = build(document, path, library)
    if library and spec.id != path.stem:
        raise SpecError(f"{path.name}: the id is {spec.id!r}; it must be the file's name, {path.stem!r}")
    return spec


def load_text(text, source):
    """See :func:`refrnn.load_text`."""
    from refrnn.spec.build import build

    return build(read(text, source), None, False)
