"""A folder for compiled kernels that only this user, or root, can have written to.

Entries are pickles, and reading one runs what it says. So a folder is held to the rules that ``ssh`` has for its files: it
and all folders above it belong to this user or to root, and nobody else may write there, but for folders above it in which
everybody may make files and nobody touch another's (``/tmp``). Where no such folder is to be had, a private one is made.
"""

import atexit
import functools
import os
import re
import shutil
import stat
import tempfile
import time
from pathlib import Path

KEPT_FOLDERS = 8
KEPT_SECONDS = 24 * 3600
MARKER, SUFFIX = "refrnn-kernels", ".kernel"
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


@functools.cache
def folder(name):
    """The folder ``name``, a digest, made and ready; None where there is no place at all.

    It is in REFRNN_CACHE_DIR or the user's cache folder; failing these, in a temporary one. One that can only be read
    serves if it has been filled.
    """
    for base in (_users_base, _temporary_base):
        try:
            place = base()
            if place is not None:
                return _made(place, name)
        except OSError:
            continue
    try:
        place = Path(tempfile.mkdtemp(prefix="refrnn-"))
    except OSError:
        return None
    atexit.register(_remove_own, place, os.getpid())
    return place


def owned(status):
    """Whether only this user, or root, can have written what has this ``os.stat`` result."""
    return not hasattr(os, "getuid") or (status.st_uid in (0, os.getuid()) and not status.st_mode & _OTHERS_WRITE)


def _users_base():
    given = os.environ.get("REFRNN_CACHE_DIR")
    if given:
        return Path(os.path.expanduser(given)).absolute()
    cache = os.environ.get("XDG_CACHE_HOME", "")
    home = os.path.expanduser("~")  # stays as it is where nobody knows the user, and is the root where HOME is empty
    if os.path.isabs(cache):
        return Path(cache) / "refrnn"
    return Path(home) / ".cache" / "refrnn" if os.path.isabs(home) and os.environ.get("HOME") != "" else None


def _temporary_base():
    user = os.getuid() if hasattr(os, "getuid") else "user"
    return Path(tempfile.gettempdir()) / f"refrnn-{user}"


def _made(base, name):
    # From here on without links: what a name leads to can't change under it.
    place = Path(os.path.realpath(base / name))
    missing = [path for path in (place, *place.parents) if not path.exists()]
    _check_above((missing or [place])[-1].parent)
    for path in reversed(missing):
        path.mkdir(mode=0o700, exist_ok=True)  # another process may make it, too
    _check_above(place.parent)
    if not owned(place.lstat()):
        raise OSError(f"{place} can be written by others")
    try:
        _mark(place, name)
        os.utime(place)  # the folder was used now; pruning goes by this
    except OSError:
        if not any(place.glob(f"*{SUFFIX}")):
            raise  # neither filled nor to be filled
        return place
    _prune(place.parent, name)
    return place


def _check_above(folder):
    """Raise OSError where others can put something else in the place of ``folder`` or of one above it."""
    for path in (folder, *folder.parents):
        status = path.lstat()
        shared = status.st_mode & stat.S_ISVTX
        if not owned(status) and not (shared and status.st_uid in (0, os.getuid())):
            raise OSError(f"{path} can be written by others")


def _mark(place, name):
    """Write the sign by which a folder is known to be ours; it says the folder's own name."""
    marker = place / MARKER
    if not marker.exists():
        marker.write_text(name + "\n")
    tempfile.TemporaryFile(dir=place).close()


def _is_ours(place):
    """Whether ``place`` is a folder that this module made."""
    marker = place / MARKER
    try:
        return (
            bool(re.fullmatch("[0-9a-f]{20}", place.name))
            and stat.S_ISDIR(place.lstat().st_mode)
            and stat.S_ISREG(marker.lstat().st_mode)
            and marker.read_bytes() == place.name.encode() + b"\n"
        )
    except OSError:
        return False


def _prune(base, name):
    """Remove folders of old digests: all but the newest few, and none that was used within a day."""
    try:
        ages = {place: place.stat().st_mtime for place in base.iterdir() if place.name != name and _is_ours(place)}
    except OSError:
        return  # another process prunes at the same time
    for place in sorted(ages, key=ages.get, reverse=True)[KEPT_FOLDERS - 1 :]:
        if time.time() - ages[place] > KEPT_SECONDS:
            _remove(place)


def _remove(place):
    """Remove the entries and the marker, and the folder if nothing else is in it."""
    try:
        for path in [*place.glob(f"*{SUFFIX}"), *place.glob(f"*{SUFFIX}.*.tmp"), place / MARKER]:
            path.unlink(missing_ok=True)
        place.rmdir()
    except OSError:
        pass  # somebody keeps other things there, or removes it too


def _remove_own(place, process):
    if os.getpid() == process:
        shutil.rmtree(place, ignore_errors=True)
