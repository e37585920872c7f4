"""Files that are written whole or not at all."""

import os
from pathlib import Path


def write_whole(path, content):
    """Write bytes into a file of that name, which until then is what it was; a device or a pipe is written to as it is.

    Raises OSError where that can't be done; nothing is left behind then.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        path.write_bytes(content)
        return
    path = path.resolve()
    part = path.with_name(f".{path.name}.{os.getpid()}")
    if not os.access(path.parent, os.W_OK):
        part = path
    try:
        with open(part, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if part != path:
            if path.exists():
                os.chmod(part, path.stat().st_mode)
            os.replace(part, path)
    except BaseException:
        if part != path:
            part.unlink(missing_ok=True)
        raise
