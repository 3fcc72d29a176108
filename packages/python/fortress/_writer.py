"""Encrypted files that are written: a real binary file, whole or not there."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, BinaryIO

from . import _fortress
from ._target import Target, target_of

if TYPE_CHECKING:
    from types import TracebackType

    from ._types import BytesLike, Context, PathLike, Suite


class EncryptedWriter(io.BufferedWriter):
    """A file whose plaintext is written here. Made by :func:`fortress.open`.

    The file appears, or replaces the one that was there, when this is closed. Leaving its ``with`` block by an
    exception, :meth:`abort`, or forgetting to close it leaves everything as it was.
    """

    def __init__(self, raw: RawWriter) -> None:
        super().__init__(raw, _BUFFER)
        self._raw_writer = raw

    def abort(self) -> None:
        """Gives the file up: nothing of it stays, and what was there before is as it was."""
        self._raw_writer.abort()
        self.close()

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        if exc_type is not None:
            self.abort()
        self.close()

    def __del__(self) -> None:
        raw = getattr(self, "_raw_writer", None)
        if raw is not None and not raw.closed:
            warnings.warn("an encrypted file was not closed; nothing was written", ResourceWarning, stacklevel=2)
            self.abort()


def open_writer(
    destination: PathLike | BinaryIO,
    recipients: tuple[object, ...],
    context: Context | None,
    suite: Suite | None,
    metadata: Mapping[str, str] | None,
    exclusive: bool,
    new_mode: int | None = None,
) -> RawWriter:
    """Starts an envelope at a place; a file that was not there gets ``new_mode``, as far as the umask lets it."""
    # First what may be refused without leaving a trace.
    encryptor = _fortress.Encryptor(recipients, context, suite, metadata)
    name = destination if isinstance(destination, (str, bytes, os.PathLike)) else getattr(destination, "name", None)
    return RawWriter(target_of(destination, exclusive, new_mode), encryptor, name)


class RawWriter(io.RawIOBase):
    """The unbuffered file below an :class:`EncryptedWriter`."""

    def __init__(self, target: Target, encryptor: _fortress.Encryptor, name: object) -> None:
        super().__init__()
        self._target = target
        self._encryptor = encryptor
        self._position = 0
        self._given_up = True
        self._outs = (bytearray(), bytearray())
        if name is not None:
            self.name = name
        self.mode = "wb"
        try:
            target.write(encryptor.prefix)
        except BaseException:
            self.close()
            raise
        self._given_up = False

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        if self.closed:
            raise ValueError("I/O operation on closed file")
        return self._position

    def write(self, data: BytesLike, /) -> int:
        if self.closed:
            raise ValueError("I/O operation on closed file")
        view = memoryview(data).cast("B")
        if self._given_up:
            return len(view)
        try:
            for start in range(0, len(view), _LONG_WRITE):
                self._write(view[start : start + _LONG_WRITE])
        except BaseException:
            # What was written before has no continuation.
            self._given_up = True
            raise
        return len(view)

    def abort(self) -> None:
        """From here on nothing is written, and closing discards."""
        self._given_up = True

    def close(self) -> None:
        if self.closed:
            return
        try:
            if not self._given_up:
                self._given_up = True
                self._target.write(self._encryptor.finish())
                self._target.commit()
                return
            self._target.discard()
        except BaseException:
            self._target.discard()
            raise
        finally:
            self._encryptor.close()
            super().close()

    def __del__(self) -> None:
        if not self.closed:
            self.abort()
            self.close()

    def _write(self, view: memoryview) -> None:
        # By turns: the one before may still be on its way to the disk.
        last, out = self._outs
        needed = self._encryptor.update_len(len(view))
        if len(out) < needed:
            out = bytearray(needed)
        self._outs = (out, last)
        written = self._encryptor.update_into(view, out)
        self._target.write_behind(memoryview(out)[:written])
        self._position += len(view)


#: What is collected before it is encrypted: a few chunks, so that small writes cost little.
_BUFFER = 128 * 1024
_LONG_WRITE = 1024 * 1024
