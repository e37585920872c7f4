"""Compiled kernels on disk, and when they are out of date.

Numba's own cache watches the file of the function it keeps, not the files of the functions that one calls. Here every
entry lives in a folder named by the content of *all* kernel files and by the machine that they are compiled for, so that an
edit anywhere starts a new folder. An entry is a file with a checksum, written beside its place and then put there whole.
"""

import hashlib
import os
import platform
import uuid
from pathlib import Path

import llvmlite
import numba
from llvmlite import binding
from numba.core import config
from numba.core.caching import CompileResultCacheImpl, FunctionCache, dumps
from numba.core.runtime import rtsys
from numba.core.serialize import pickle

from .folder import SUFFIX, folder, owned
from .tiles import PANEL_BYTES, vector_bytes

KERNELS = Path(__file__).resolve().parent.parent

# Settings of Numba that change the machine code but not the source.
_SETTINGS = (
    "BOUNDSCHECK", "OPT", "LOOP_VECTORIZE", "SLP_VECTORIZE", "ENABLE_AVX", "DEBUGINFO_DEFAULT", "DISABLE_INTEL_SVML",
    "LLVM_PASS_TIMINGS", "LLVM_REFPRUNE_PASS", "USE_LLVM_LEGACY_PASS_MANAGER", "CPU_NAME", "CPU_FEATURES",
)  # fmt: skip


def _target():
    """The processor, whatever Numba is told to compile for: tiles and panels are as wide as its registers."""
    return binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten(), vector_bytes(), PANEL_BYTES


def digest_on_disk():
    """The name of all kernel sources together, the versions that compile them, the processor and the settings."""
    content = hashlib.sha256()
    settings = [(name, repr(getattr(config, name, None))) for name in _SETTINGS]
    versions = (numba.__version__, llvmlite.__version__, platform.python_version(), platform.machine(), __package__)
    content.update(repr((versions, settings, _target())).encode())
    for path in sorted(KERNELS.rglob("*.py")):
        content.update(path.relative_to(KERNELS).as_posix().encode() + b"\0")
        content.update(path.read_bytes() + b"\0")
    return content.hexdigest()[:20]


# Of the sources that this process imported: taken now, as they may be edited before a kernel is compiled.
_IMPORTED = digest_on_disk()


def digest():
    """The digest of the sources that this process runs."""
    return _IMPORTED


class _Entries:
    """The entries of one function, one file for each signature and target."""

    def __init__(self, name):
        self.name = name

    def load(self, key):
        """What was kept under ``key``; None where nothing was, or where the file is not whole, not ours or another function's."""
        place = folder(digest())
        if place is None:
            return None
        try:
            with open(self._path(place, key), "rb", opener=_without_links) as file:
                if not owned(os.fstat(file.fileno())):
                    return None
                checksum, content = file.read(hashlib.sha256().digest_size), file.read()
        except OSError:
            return None
        if hashlib.sha256(content).digest() != checksum:
            return None
        try:
            kept, data = pickle.loads(content)
        except Exception:  # whole, but nothing that was written here
            return None
        return data if kept == self._mark(key) else None

    def save(self, key, data):
        """Keep ``data`` under ``key``, if there is a place and room for it: what was compiled runs all the same."""
        place = folder(digest())
        if place is None:
            return
        path = self._path(place, key)
        beside = path.with_name(f"{path.name}.{uuid.uuid4().hex[:12]}.tmp")
        content = dumps((self._mark(key), data))
        try:
            try:
                with open(beside, "xb", opener=_for_this_user) as file:
                    file.write(hashlib.sha256(content).digest() + content)
                os.replace(beside, path)
            finally:
                beside.unlink(missing_ok=True)
        except OSError:
            pass

    def _mark(self, key):
        """What an entry says of itself, wherever its file is put: functions with names of their own may have the same key."""
        return self.name, repr(key)

    def _path(self, place, key):
        return place / f"{self.name}-{hashlib.sha256(repr(key).encode()).hexdigest()[:16]}{SUFFIX}"


def _without_links(path, flags):
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0))


def _for_this_user(path, flags):
    return os.open(path, flags, 0o600)


class _Locator:
    """What Numba asks of a function's place; the folder's name says all that a stamp could."""

    def __init__(self, function):
        self._py_file = function.__code__.co_filename

    def ensure_cache_path(self):
        folder(digest())


class _Implementation(CompileResultCacheImpl):
    def __init__(self, function, name=None):
        self._lineno = function.__code__.co_firstlineno
        self._locator = _Locator(function)
        name = name or f"{function.__module__.rpartition('kernels.')[2]}.{function.__qualname__}-{self._lineno}"
        self._filename_base = name.replace("<", "").replace(">", "")


class KernelCache(FunctionCache):
    """Numba's cache of one function's compiled signatures, kept in ``folder``."""

    def __init__(self, function, name=None):
        # Not Numba's own, which would ask for the folder now: importing a kernel touches no disk.
        self._name, self._py_func, self._is_named = repr(function), function, name is not None
        self._impl = _Implementation(function, name)
        self._cache_file = _Entries(self._impl.filename_base)
        self.enable()

    def _index_key(self, sig, codegen):
        """The signature and the target, for a function with a name of its own; the folder's name stands for its code."""
        return (sig, codegen.magic_tuple()) if self._is_named else super()._index_key(sig, codegen)

    @property
    def cache_path(self):
        return str(folder(digest()))

    def load_overload(self, sig, target_context):
        """What is kept for a signature, or None; only then Numba learns all that it can compile, which takes it a while."""
        rtsys.initialize(target_context)  # what kept kernels call: memory of their own
        found = self._load_overload(sig, target_context)
        if found is None:
            target_context.refresh()
        return found

    def save_overload(self, sig, data):
        """Keep the machine code, unless a source was edited meanwhile: what was compiled may then be neither version."""
        if digest_on_disk() == digest():
            super().save_overload(sig, data)
