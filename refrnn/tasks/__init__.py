"""What the lectures promise of these networks, trained to a score: a module for each row whose task it is."""

from importlib import import_module
from pathlib import Path

from refrnn.errors import NotFoundError, ValuesError, quoted

_ROOM = Path(__file__).parent


def ids():
    """The ids of the rows that have a task, in the order of the library."""
    from refrnn.spec.library import cards

    return [card.id for card in cards() if (_ROOM / card.group / f"{_file(card.id)}.py").is_file()]


def load(id, seed=0):
    """The :class:`refrnn.tasks.task.Task` of a row, untrained; all that is random hangs on ``seed``. Raises NotFoundError where it has none."""
    from refrnn.spec.library import cards

    if id not in ids():
        raise NotFoundError(f"there is no task {quoted(id)}; there are {', '.join(ids())}")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ValuesError(f"the seed must be an integer from 0, not {seed!r}")
    group = next(card.group for card in cards() if card.id == id)
    return import_module(f"refrnn.tasks.{group}.{_file(id)}").task(seed)


def _file(id):
    return id.replace("-", "_")
