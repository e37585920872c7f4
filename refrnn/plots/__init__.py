"""What the lectures draw, computed: a module a picture, by the path of the spec that it is of.

A module has ``TITLE`` and ``SAYS``, what is drawn and how it was measured (with numbers of the data in braces),
``CITES``, the specs whose lectures draw it or speak of it, and ``SIZE`` in inches. ``measured(seed)``, or
``measured()`` where nothing is random, gives plain arrays by name; ``draw(figure, data)`` draws them.
"""

import importlib
import inspect
from pathlib import Path

import refrnn
from refrnn.errors import NotFoundError, cut

ROOM = Path(__file__).parent


def drawn():
    """The ids that have a picture, in the order of the library."""
    found = {path.stem.replace("_", "-"): path for path in ROOM.glob("*/*.py")}
    return [name for name in refrnn.ids() if name in found]


def module(name):
    """The module of a picture."""
    if name not in drawn():
        raise NotFoundError(f"there is no picture of {cut(name)}; there are those of {', '.join(drawn())}")
    group = next(ROOM.glob(f"*/{name.replace('-', '_')}.py")).parent.name
    return importlib.import_module(f"refrnn.plots.{group}.{name.replace('-', '_')}")


def is_random(picture):
    """Whether a picture hangs on a seed."""
    return bool(inspect.signature(picture.measured).parameters)


def measured(picture, seed=None):
    """The data of a picture."""
    return picture.measured(seed or 0) if is_random(picture) else picture.measured()
