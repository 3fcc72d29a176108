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
import threading
from collections.abc import AsyncIterable, AsyncIterator, Generator, Iterable, Mapping
from typing import (
    TYPE_CHECKING,
    Any,
    BinaryIO,
    Callable,
    TypeVar,
)

from . import _files, _fortress
from ._keyring import Identity, Keyring, Passphrase, Recipient, parties
from ._writer import EncryptedWriter

if TYPE_CHECKING:
    from types import TracebackType

    from ._types import BytesLike, Context, PathLike, Progress, Suite

__all__ = ["AsyncFile", "decrypt_file", "decrypt_stream", "encrypt_file", "encrypt_stream", "open", "rewrap_file"]

_T = TypeVar("_T")


class AsyncFile:
    """An encrypted file whose methods are awaited. Made by :func:`open`."""

    def __init__(self, opening: Callable[[], Any]) -> None:
        self._opening = opening
        self._file: Any = None

    async def __aenter__(self) -> AsyncFile:
        return await self._opened()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None and isinstance(self._file, EncryptedWriter):
            await asyncio.to_thread(self._file.abort)
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
        if self._file is not None:
            await asyncio.to_thread(self._file.close)

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
        if self._file is None:
            self._file = await asyncio.to_thread(self._opening)
        return self


def open(file: PathLike | BinaryIO, mode: str = "rb", **options: Any) -> AsyncFile:
    """As :func:`fortress.open`, for bytes: ``async with fortress.aio.open(...) as file``."""
    if "t" in mode:
        raise ValueError(f"mode must be rb, wb or xb, got {mode!r}")
    opening: Any = _files.open
    return AsyncFile(lambda: opening(file, mode, **options))


async def encrypt_file(
    source: PathLike | BinaryIO,
    destination: PathLike | BinaryIO,
    *,
    keyring: Keyring | None = None,
    passphrase: str | Passphrase | None = None,
    recipients: Iterable[Recipient] = (),
    context: Context | None = None,
    suite: Suite | None = None,
    metadata: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> None:
    """As :func:`fortress.encrypt_file`. ``progress`` is called in the event loop."""
    await _cancellable(
        progress,
        lambda report: _files.encrypt_file(
            source,
            destination,
            keyring=keyring,
            passphrase=passphrase,
            recipients=recipients,
            context=context,
            suite=suite,
            metadata=metadata,
            progress=report,
        ),
    )


async def decrypt_file(
    source: PathLike | BinaryIO,
    destination: PathLike | BinaryIO,
    *,
    keyring: Keyring | None = None,
    passphrase: str | Passphrase | None = None,
    identities: Iterable[Identity] = (),
    context: Context | None = None,
    progress: Progress | None = None,
) -> None:
    """As :func:`fortress.decrypt_file`. ``progress`` is called in the event loop."""
    await _cancellable(
        progress,
        lambda report: _files.decrypt_file(
            source,
            destination,
            keyring=keyring,
            passphrase=passphrase,
            identities=identities,
            context=context,
            progress=report,
        ),
    )


async def rewrap_file(
    source: PathLike,
    destination: PathLike | None = None,
    *,
    keyring: Keyring | None = None,
    passphrase: str | Passphrase | None = None,
    identities: Iterable[Identity] = (),
    recipients: Iterable[Recipient],
    context: Context | None = None,
) -> None:
    """As :func:`fortress.rewrap_file`."""
    await asyncio.to_thread(
        lambda: _files.rewrap_file(
            source,
            destination,
            keyring=keyring,
            passphrase=passphrase,
            identities=identities,
            recipients=recipients,
            context=context,
        )
    )


async def encrypt_stream(
    source: AsyncIterable[BytesLike],
    *,
    keyring: Keyring | None = None,
    passphrase: str | Passphrase | None = None,
    recipients: Iterable[Recipient] = (),
    context: Context | None = None,
    suite: Suite | None = None,
    metadata: Mapping[str, str] | None = None,
) -> AsyncIterator[bytes]:
    """The envelope of a stream of bytes, piece by piece."""
    named = parties(keyring, passphrase, recipients, "a recipient")
    encryptor = await asyncio.to_thread(_fortress.Encryptor, named, context, suite, metadata)
    yield encryptor.prefix
    async for data in source:
        piece = await _on(data, encryptor.update)
        if piece:
            yield piece
    yield encryptor.finish()


async def decrypt_stream(
    source: AsyncIterable[BytesLike],
    *,
    keyring: Keyring | None = None,
    passphrase: str | Passphrase | None = None,
    identities: Iterable[Identity] = (),
    context: Context | None = None,
) -> AsyncIterator[bytes]:
    """The plaintext of an envelope that arrives piece by piece.

    Every piece is authentic; only the end of the iteration, without an exception, says that nothing is missing.
    """
    opening = _files.Opening(parties(keyring, passphrase, identities, "an identity"), context)
    async for data in source:
        # The first pieces may open the envelope, which takes long by a passphrase.
        piece = await asyncio.to_thread(opening.update, data)
        if piece:
            yield piece
    last = opening.finish()
    if last:
        yield last


async def _on(data: BytesLike, work: Callable[[BytesLike], _T]) -> _T:
    """Works on data; in a thread if there is enough of it to be worth one."""
    if memoryview(data).nbytes < _LONG_WORK:
        return work(data)
    return await asyncio.to_thread(work, data)


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
