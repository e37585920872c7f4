"""Where compiled kernels are kept on disk, and when they are out of date.

Numba's own cache watches the file of the function it keeps, not the files of the functions that one calls. Here every
entry lives in a folder named by the content of *all* kernel files, so an edit anywhere starts a new folder.
"""

import functools
import hashlib
import os
import platform
import shutil
import stat
import tempfile
import time
from pathlib import Path

import llvmlite
import numba
from numba.core import config
from numba.core.caching import CompileResultCacheImpl, FunctionCache

KERNELS = Path(__file__).resolve().parent.parent
KEPT_FOLDERS = 8
KEPT_SECONDS = 24 * 3600

# Settings of Numba that change the machine code but not the source.
_SETTINGS = (
    "BOUNDSCHECK", "OPT", "LOOP_VECTORIZE", "SLP_VECTORIZE", "ENABLE_AVX", "DEBUGINFO_DEFAULT", "DISABLE_INTEL_SVML",
    "LLVM_PASS_TIMINGS", "LLVM_REFPRUNE_PASS", "USE_LLVM_LEGACY_PASS_MANAGER", "CPU_NAME", "CPU_FEATURES", "THREADING_LAYER",
)  # fmt: skip


def digest_on_disk():
    """The name of all kernel sources together, the versions that compile them and the settings that shape the code."""
    content = hashlib.sha256()
    settings = [(name, repr(getattr(config, name, None))) for name in _SETTINGS]
    versions = (numba.__version__, llvmlite.__version__, platform.python_version(), platform.machine(), __package__)
    content.update(repr((versions, settings)).encode())
    for path in sorted(KERNELS.rglob("*.py")):
        content.update(path.relative_to(KERNELS).as_posix().encode() + b"\0")
        content.update(path.read_bytes() + b"\0")
    return content.hexdigest()[:20]


# Of the sources that this process imported: taken now, as they may be edited before a kernel is compiled.
_IMPORTED = digest_on_disk()


def digest():
    """The digest of the sources that this process runs."""
    return _IMPORTED


@functools.cache
def folder():
    """The folder of this digest, made and writable; in the user's cache folder or, failing that, a temporary one."""
    base = os.environ.get("REFRNN_CACHE_DIR")
    if not base:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "refrnn"
    for make in (lambda: Path(base).expanduser(), _temporary_base):
        try:
            place = make()
            return _made(place)
        except OSError:
            continue
    return Path(tempfile.mkdtemp(prefix="refrnn-"))


def _made(base):
    place = base.absolute() / digest()
    place.mkdir(parents=True, exist_ok=True)
    tempfile.TemporaryFile(dir=place).close()
    os.utime(place)  # the folder was used now; pruning goes by this
    _prune(base, place)
    return place


def _temporary_base():
    """A folder in the shared temporary place that belongs to this user alone: entries are pickles, which can run code."""
    user = os.getuid() if hasattr(os, "getuid") else "user"
    base = Path(tempfile.gettempdir()) / f"refrnn-{user}"
    base.mkdir(mode=0o700, exist_ok=True)
    status = base.lstat()
    if not stat.S_ISDIR(status.st_mode):
        raise OSError(f"{base} is not a folder")
    if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o077):
        raise OSError(f"{base} is open to other users")
    return base


def _prune(base, place):
    """Remove folders of old digests: all but the newest few, and none that was used within a day."""
    folders = [p for p in base.iterdir() if p.is_dir() and p != place and len(p.name) == len(place.name)]
    try:
        by_age = sorted(folders, key=lambda p: p.stat().st_mtime, reverse=True)
        for old in by_age[KEPT_FOLDERS - 1 :]:
            if time.time() - old.stat().st_mtime > KEPT_SECONDS:
                shutil.rmtree(old, ignore_errors=True)
    except OSError:
        pass  # another process pruned at the same time


class _Locator:
    """The place of one function's entries; the folder's name says all that a stamp could."""

    def __init__(self, function):
        code = function.__code__
        self._py_file = code.co_filename
        self._name = f"{function.__module__.rpartition('kernels.')[2]}.{function.__qualname__}-{code.co_firstlineno}"

    def ensure_cache_path(self):
        Path(self.get_cache_path()).mkdir(parents=True, exist_ok=True)

    def get_cache_path(self):
        return str(folder())

    def get_source_stamp(self):
        return digest()

    def file_name(self):
        return self._name.replace("<", "").replace(">", "")


class _Implementation(CompileResultCacheImpl):
    def __init__(self, function):
        self._lineno = function.__code__.co_firstlineno
        self._locator = _Locator(function)
        self._filename_base = self._locator.file_name()


class KernelCache(FunctionCache):
    """Numba's cache of one function's compiled signatures, kept in ``folder()``."""

    _impl_class = _Implementation

    def save_overload(self, sig, data):
        """Keep the machine code, unless a source was edited meanwhile: what was compiled may then be neither version."""
        if digest_on_disk() == digest():
            super().save_overload(sig, data)
