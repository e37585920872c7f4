"""refrnn, the executable lecture on recurrent networks."""

from __future__ import annotations

from pathlib import Path as _Path
from typing import TYPE_CHECKING as _TYPE_CHECKING

if _TYPE_CHECKING:
    from refrnn.spec.spec import Spec as _Spec

__version__ = "0.1.0"

# In a checkout, kernels/ and specs/ stand beside this folder; in an installation they are inside it.
_checkout = _Path(__file__).resolve().parent.parent
if not (_Path(__file__).parent / "specs").is_dir() and (_checkout / "specs" / "lectures.yaml").is_file():
    __path__.append(str(_checkout))

from refrnn.errors import NotFoundError, RefrnnError, SpecError, ValuesError  # noqa: E402

# Imported now, so that a child of this process knows what its parent had; forks wait for imports that are under way.
from refrnn.kernels.primitives.fork import compiling as _importing  # noqa: E402

__all__ = ["NotFoundError", "RefrnnError", "SpecError", "ValuesError", "load", "load_text", "ids", "free", "__version__"]


def load(name: str | _Path) -> _Spec:
    """The spec called ``name`` ("lstm"), the one in the YAML file at the path ``name``, or the network that it calls.

    A network is called as in :mod:`refrnn.compose`: 'stack(["lstm", "lstm"])'.
    Returns a :class:`refrnn.spec.spec.Spec`. Raises NotFoundError for an unknown name and SpecError for a wrong file.
    """
    if isinstance(name, str) and "(" in name and not name.endswith((".yaml", ".yml")):
        from refrnn.compose.calls import network_of

        return network_of(name)
    from refrnn.spec.library import load as load_spec

    return load_spec(name)


def load_text(text: str, source: str = "text") -> _Spec:
    """The spec written in the YAML ``text``; ``source`` names it in errors."""
    from refrnn.spec.library import load_text as load_spec_text

    return load_spec_text(text, source)


def ids() -> list[str]:
    """The ids of every spec of the library, in the order of their groups."""
    from refrnn.spec.library import ids as library_ids

    return library_ids()


def free() -> int:
    """Let go of the work memory that kernels keep between calls, at most 256 MiB, to use it again: the bytes that this frees.

    What runs, layers and results still need is not touched; a layer's own work memory goes with the layer.
    """
    from refrnn.kernels.engine.pool import POOL

    return POOL.free()
