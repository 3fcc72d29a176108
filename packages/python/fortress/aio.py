"""The same for asyncio: the work runs in threads, the event loop goes on.

A task that is cancelled stops its work; a file that it was writing does not appear.

```python
async with fortress.aio.open("report.ftrs", keyring=keyring) as file:
    start = await file.read(1000)
await fortress.aio.encrypt_file("report.pdf", "report.ftrs", keyring=keyring)
```
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import threading
from collections.abc import AsyncIterable, AsyncIterator, Coroutine, Generator, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, Callable

from . import _files
from ._stream import Decryptor, Encryptor
from ._writer import EncryptedWriter
from .errors import StateError

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Concatenate, ParamSpec

    from ._types import BytesLike, PathLike, Progress

    _P = ParamSpec("_P")

__all__ = ["AsyncFile", "decrypt_file", "decrypt_stream", "encrypt_file", "encrypt_stream", "open", "rewrap_file"]


class AsyncFile:
    """An encrypted file whose methods are awaited. Made by :func:`open`."""

    def __init__(self, opening: Callable[[], Any]) -> None:
        self._opening = opening
        self._held: Any = None

    async def __aenter__(self) -> AsyncFile:
        return await self._opened()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None and isinstance(self._held, EncryptedWriter):
            await asyncio.to_thread(self._held.abort)
        await self.close()

    def __await__(self) -> Generator[Any, None, AsyncFile]:
        return self._opened().__await__()

    async def read(self, size: int = -1) -> bytes:
        """Reads up to ``size`` bytes, or all that there are."""
        data: bytes = await asyncio.to_thread(self._file.read, size)
        return data

    async def readinto(self, buffer: BytesLike) -> int:
        """Reads into a buffer; returns how many bytes."""
        read: int = await asyncio.to_thread(self._file.readinto, buffer)
        return read

    async def seek(self, offset: int, whence: int = 0) -> int:
        """Moves to a position; returns it."""
        position: int = await asyncio.to_thread(self._file.seek, offset, whence)
        return position

    async def write(self, data: BytesLike) -> int:
        """Writes; returns how many bytes."""
        written: int = await asyncio.to_thread(self._file.write, data)
        return written

    async def abort(self) -> None:
        """Gives up a file that is being written: nothing of it stays."""
        await asyncio.to_thread(self._file.abort)

    async def close(self) -> None:
        """Closes it. A file that was written appears now."""
        if self._held is not None:
            await asyncio.to_thread(self._held.close)

    def tell(self) -> int:
        """The position."""
        position: int = self._file.tell()
        return position

    @property
    def size(self) -> int | None:
        """Bytes of the plaintext that is read; ``None`` where the source is not seekable."""
        size: int | None = self._file.size
        return size

    @property
    def metadata(self) -> Mapping[str, str]:
        """What the envelope that is read says to anyone."""
        metadata: Mapping[str, str] = self._file.metadata
        return metadata

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The rest of the plaintext, in large pieces."""
        while True:
            data = await self.read(_PIECE)
            if not data:
                return
            yield data

    async def _opened(self) -> AsyncFile:
        if self._held is None:
            self._held = await asyncio.to_thread(self._opening)
        return self

    @property
    def _file(self) -> Any:
        if self._held is None:
            raise StateError("this file is not open yet: use `async with`, or await what open() returned", "not_open")
        return self._held


def open(file: PathLike | BinaryIO, mode: str = "rb", **options: Any) -> AsyncFile:
    """As :func:`fortress.open`, for bytes: ``async with fortress.aio.open(...) as file``."""
    if _files.parsed_mode(mode)[1]:
        raise ValueError(f"mode must be rb, wb or xb, got {mode!r}")
    opening: Any = _files.open
    return AsyncFile(lambda: opening(file, mode, **options))


def _awaitable(work: Callable[_P, None]) -> Callable[_P, Coroutine[Any, Any, None]]:
    """A function of files as a coroutine function with the same arguments, whose ``progress`` is called in the loop."""

    @functools.wraps(work)
    async def run(*args: _P.args, **kwargs: _P.kwargs) -> None:
        progress: Any = kwargs.pop("progress", None)
        await _cancellable(progress, lambda report: work(*args, **{**kwargs, "progress": report}))  # type: ignore[arg-type]

    run.__doc__ = f"As :func:`fortress.{work.__name__}`. ``progress`` is called in the event loop."
    return run


encrypt_file = _awaitable(_files.encrypt_file)
decrypt_file = _awaitable(_files.decrypt_file)
rewrap_file = _awaitable(_files.rewrap_file)


def _of_pieces(
    make: Callable[_P, Encryptor | Decryptor], doc: str
) -> Callable[Concatenate[AsyncIterable[BytesLike], _P], AsyncIterator[bytes]]:
    """A function that sends an asynchronous iterable through a stream, and takes that one's arguments."""

    async def pieces(source: AsyncIterable[BytesLike], /, *args: _P.args, **kwargs: _P.kwargs) -> AsyncIterator[bytes]:
        # A passphrase takes long, here or when the first pieces of an envelope open it.
        stream = await asyncio.to_thread(make, *args, **kwargs)
        if isinstance(stream, Encryptor):
            yield stream.prefix
        async for data in source:
            if isinstance(stream, Encryptor) and memoryview(data).nbytes < _LONG_WORK:
                piece = stream.update(data)
            else:
                piece = await asyncio.to_thread(stream.update, data)
            if piece:
                yield piece
        last = stream.finish()
        if last:
            yield last

    pieces.__doc__ = doc
    return pieces


encrypt_stream = _of_pieces(
    Encryptor, "The envelope of a stream of bytes, piece by piece. Arguments as :class:`Encryptor`."
)
decrypt_stream = _of_pieces(
    Decryptor,
    """The plaintext of an envelope that arrives piece by piece. Arguments as :class:`Decryptor`.

    Every piece is authentic; only the end of the iteration, without an exception, says that nothing is missing.
    """,
)


class _Cancelled(BaseException):
    """Ends the work of a task that was cancelled. No ``except Exception`` on the way catches it."""


async def _cancellable(progress: Progress | None, work: Callable[[Progress], None]) -> None:
    """Runs work in a thread; cancelling the task ends it and waits until it has cleaned up."""
    loop = asyncio.get_running_loop()
    cancelled = threading.Event()

    def report(done: int, total: int | None) -> None:
        if cancelled.is_set():
            raise _Cancelled
        if progress is not None:
            loop.call_soon_threadsafe(progress, done, total)

    def run() -> None:
        with contextlib.suppress(_Cancelled):
            work(report)

    running = loop.run_in_executor(None, run)
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        cancelled.set()
        await asyncio.wait([running])
        raise


#: What is read at once where the caller does not say.
_PIECE = 1024 * 1024
#: From this many bytes on a thread costs less than the loop's waiting.
_LONG_WORK = 64 * 1024
