"""Pictures that a command writes: whether one can be drawn is known before the work is done."""

import io
from importlib.util import find_spec
from pathlib import Path

from refrnn.errors import NotFoundError

ENDINGS = (".png", ".svg", ".pdf")


def check(asked, path=None):
    """Refuse a picture that can't be drawn; ``asked`` is what asks for it, ``path`` where it is to be written."""
    if find_spec("matplotlib") is None:
        raise NotFoundError(f"{asked} needs matplotlib, which is not installed; pip install refrnn[plot]")
    if path is not None and Path(path).suffix.lower() not in ENDINGS:
        raise NotFoundError(f"{asked} writes {', '.join(ENDINGS)}, not {Path(path).name}; name such a file")


def rendered(figure, path):
    """A figure as the bytes of a file of that name; the same figure is the same bytes."""
    import matplotlib

    ending, file = Path(path).suffix.lower(), io.BytesIO()
    dated = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(ending)
    with matplotlib.rc_context({"svg.hashsalt": "refrnn"}):
        figure.savefig(file, format=ending[1:], metadata=dated)
    return file.getvalue()
