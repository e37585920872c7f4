"""A training on disk: arrays by name in one NumPy archive, and beside them what is no array, as JSON."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np

from refrnn.errors import NotFoundError, ValuesError
from refrnn.files import write_whole

_ABOUT = "about"  # the entry that holds the JSON


def write(path, arrays, about):
    """Write arrays by name, and ``about``, into one file, whole or not at all. Raises OSError where it can't be written."""
    content = io.BytesIO()
    np.savez(content, **arrays, **{_ABOUT: np.array(json.dumps(about))})
    write_whole(path, content.getvalue())


def read(path):
    """(arrays, about) of a file that :func:`write` wrote; nothing in it is run."""
    try:
        with np.load(Path(path), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        return arrays, json.loads(str(arrays.pop(_ABOUT)))
    except FileNotFoundError:
        raise NotFoundError(f"there is no file {path}; name one that a training was saved in") from None
    except (OSError, EOFError, ValueError, KeyError, AttributeError, TypeError, zipfile.BadZipFile) as error:
        raise ValuesError(f"{path} holds no training that was saved, or not all of it ({type(error).__name__}); name another file") from None
