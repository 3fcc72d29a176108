"""Where a file is written: beside its place, which it takes when it is whole."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import secrets
import stat
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from .errors import StateError

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

    from ._types import BytesLike, PathLike


class Target(Protocol):
    """What a writer writes to."""

    def write(self, data: BytesLike) -> None:
        """Writes all of it."""

    def write_behind(self, data: BytesLike) -> None:
        """Writes all of it, perhaps while this returns: the data stays as it is until the next call."""

    def commit(self) -> None:
        """The file is whole."""

    def discard(self) -> None:
        """It will not be."""


def target_of(destination: PathLike | BinaryIO, exclusive: bool, new_mode: int | None = None) -> Target:
    """A path is written beside; a device or a file object as it is. A file that is replaced keeps its mode; one that
    was not there gets ``new_mode``, as far as the umask lets it."""
    if not isinstance(destination, (str, bytes, os.PathLike)):
        return _Lent(destination)
    path = os.path.realpath(os.fsdecode(destination))
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return _Beside(path, None, exclusive, USUAL if new_mode is None else new_mode)
    if exclusive:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    return _Beside(path, mode, exclusive) if stat.S_ISREG(mode) else _Device(path)


class _Beside:
    """A file next to the one that it will replace. Until then that one is as it was.

    Large pieces are written by another thread: that takes the system longer than we take for the next piece.
    """

    def __init__(self, path: str, mode: int | None, exclusive: bool, new_mode: int = 0o600) -> None:
        self._process = os.getpid()
        self._thread: ThreadPoolExecutor | None = None
        self._behind: Future[None] | None = None
        self._path = path
        self._exclusive = exclusive
        self._beside = os.path.join(os.path.dirname(path), f".fortress-{secrets.token_hex(8)}.part")
        # A system without modes would take one for a file that nobody may write.
        has_modes = hasattr(os, "fchmod")
        self._file = io.FileIO(os.open(self._beside, _CREATE, new_mode if has_modes else USUAL), "w")
        if mode is not None and has_modes:
            os.fchmod(self._file.fileno(), stat.S_IMODE(mode))

    def write(self, data: BytesLike) -> None:
        self._wait()
        _write_all(self._file, data)

    def write_behind(self, data: BytesLike) -> None:
        self._wait()
        if self._thread is None and memoryview(data).nbytes >= _LONG_WRITE:
            # Here, since most who import us write no large file.
            from concurrent.futures import ThreadPoolExecutor

            self._thread = ThreadPoolExecutor(1, "fortress-write")
        if self._thread is None:
            _write_all(self._file, data)
            return
        try:
            self._behind = self._thread.submit(_write_all, self._file, data)
        except RuntimeError:
            # The interpreter is shutting down, and starts nothing any more.
            _write_all(self._file, data)

    def commit(self) -> None:
        self._wait()
        self._end_thread()
        os.fsync(self._file.fileno())
        self._file.close()
        if self._exclusive:
            os.link(self._beside, self._path)
            os.unlink(self._beside)
        else:
            os.replace(self._beside, self._path)

    def discard(self) -> None:
        self._end_thread()
        self._file.close()
        # A forked child has a copy of this object, and no right to its parent's file.
        if not self._is_forked():
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._beside)

    def _wait(self) -> None:
        """Until the piece before is written; raises what kept it from that."""
        if self._is_forked():
            raise StateError("the file belongs to the process that opened it; write and close it there", "closed")
        behind, self._behind = self._behind, None
        if behind is not None:
            behind.result()

    def _end_thread(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None and not self._is_forked():
            thread.shutdown()

    def _is_forked(self) -> bool:
        """Is this another process than the one that opened the file? It shares the place in the file, and no thread."""
        return os.getpid() != self._process


class _Device:
    """What cannot be replaced: a device, a pipe."""

    def __init__(self, path: str) -> None:
        self._file = io.FileIO(path, "w")

    def write(self, data: BytesLike) -> None:
        _write_all(self._file, data)

    write_behind = write

    def commit(self) -> None:
        self._file.close()

    def discard(self) -> None:
        self._file.close()


class _Lent:
    """The caller's file object, which stays open. One that is given up lacks its end, and cannot be decrypted."""

    def __init__(self, file: BinaryIO) -> None:
        if not hasattr(file, "write"):
            raise TypeError(f"expected a path or a binary file to write to, got {type(file).__name__}")
        if isinstance(file, io.TextIOBase):
            raise TypeError("the file is open for text; open it for bytes: mode 'wb'")
        self._file: Any = file

    def write(self, data: BytesLike) -> None:
        _write_all(self._file, data)

    write_behind = write

    def commit(self) -> None:
        flush = getattr(self._file, "flush", None)
        if flush is not None:
            flush()

    def discard(self) -> None:
        pass


def _write_all(file: Any, data: BytesLike) -> None:
    view = memoryview(data)
    while len(view):
        written = file.write(view)
        # Some writers say nothing, and have then written all of it.
        if written is None:
            if isinstance(file, io.RawIOBase):
                raise BlockingIOError(errno.EAGAIN, "the file to write to does not block; use one that does")
            return
        if not 0 < written <= len(view):
            raise StateError(f"the file to write to took {written} of {len(view)} bytes", "source_failed")
        view = view[written:]


#: The mode of a new file, of which the umask takes away.
USUAL = 0o666
#: From here on a thread's handing over costs little.
_LONG_WRITE = 512 * 1024
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
