"""Encrypted files that are read: a real binary file, seekable where its source is."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

from . import _fortress
from .errors import TruncatedError

if TYPE_CHECKING:
    from ._types import BytesLike, Context, PathLike


class EncryptedReader(io.BufferedReader):
    """The plaintext of an envelope. Made by :func:`fortress.open`.

    Every byte that it gives is authentic. Where the source is seekable, so is this, and the size is proved before the
    first byte; from a pipe, only reading to the end shows that nothing is missing, and a cut raises.
    """

    def __init__(self, raw: RawReader, metadata: Mapping[str, str], suite: str) -> None:
        super().__init__(raw, _BUFFER)
        self._metadata = dict(metadata)
        self._suite = suite
        self._size = raw.size

    @property
    def metadata(self) -> dict[str, str]:
        """What the envelope says to anyone; authenticated."""
        return dict(self._metadata)

    @property
    def suite(self) -> str:
        """The AEAD that the envelope is written with."""
        return self._suite

    @property
    def size(self) -> int | None:
        """Bytes of the plaintext; ``None`` where the source is not seekable."""
        return self._size


def open_reader(
    source: PathLike | BinaryIO, identities: tuple[object, ...], context: Context | None
) -> EncryptedReader:
    """Opens an envelope for reading."""
    if isinstance(source, (str, bytes, os.PathLike)):
        file = io.FileIO(os.fsdecode(source), "r")
        try:
            return _open(file, file, os.fsdecode(source), identities, context)
        except BaseException:
            file.close()
            raise
    if isinstance(source, io.TextIOBase):
        raise TypeError("the file is open for text; open it for bytes: mode 'rb'")
    if not hasattr(source, "read"):
        raise TypeError(f"expected a path or a binary file to read, got {type(source).__name__}")
    return _open(source, None, getattr(source, "name", None), identities, context)


def _open(
    file: Any, owned: io.FileIO | None, name: object, identities: tuple[object, ...], context: Context | None
) -> EncryptedReader:
    start, length = extent(file)
    prefix = read_prefix(file)
    metadata, suite, message = _fortress.open_envelope(prefix, identities, context, length)
    raw: RawReader
    if isinstance(message, _fortress.Ranges):
        raw = _Ranges(file, owned, name, message, start)
    else:
        raw = _Stream(file, owned, name, message)
    return EncryptedReader(raw, metadata, suite)


def extent(file: Any) -> tuple[int, int | None]:
    """Where an envelope starts in its file, which is where the file stands, and its length if that can be told."""
    seekable = getattr(file, "seekable", None)
    if seekable is None or not seekable():
        return 0, None
    start = file.tell()
    end = file.seek(0, os.SEEK_END)
    file.seek(start)
    return start, (file.tell() if end is None else end) - start


def read_prefix(file: Any) -> bytes:
    """Everything before an envelope's first chunk; what there is of it, if that is less."""
    start = read_some(file, _fortress.PREAMBLE_LEN)
    length = _fortress.prefix_len(start)
    return start if length is None else start + read_some(file, length - len(start))


def read_some(file: Any, length: int) -> bytes:
    """``length`` bytes, or fewer at the end of the file."""
    pieces: list[bytes] = []
    while length:
        piece = file.read(length)
        if isinstance(piece, str):
            raise TypeError("the file is open for text; open it for bytes: mode 'rb'")
        if not piece:
            break
        pieces.append(piece)
        length -= len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


class RawReader(io.RawIOBase):
    """The unbuffered file below an :class:`EncryptedReader`."""

    #: Bytes of the plaintext, where they are known.
    size: int | None = None

    def __init__(self, file: Any, owned: io.FileIO | None, name: object) -> None:
        super().__init__()
        self._file = file
        self._owned = owned
        if name is not None:
            self.name = name
        self.mode = "rb"

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        if not self.closed:
            super().close()
            if self._owned is not None:
                self._owned.close()


class _Ranges(RawReader):
    """Any part of the plaintext, from just the chunks that hold it."""

    def __init__(self, file: Any, owned: io.FileIO | None, name: object, ranges: _fortress.Ranges, start: int) -> None:
        super().__init__(file, owned, name)
        self._ranges = ranges
        self._start = start
        self._position = 0
        self._length = self.size = ranges.plaintext_len
        # The size is what storage says until the last chunk, the one that only the true end has, is authentic.
        ranges.authenticate_length(self._at(*ranges.last_chunk()))

    def seekable(self) -> bool:
        self._check_open()
        return True

    def tell(self) -> int:
        self._check_open()
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        self._check_open()
        bases = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._length}
        if whence not in bases:
            raise ValueError(f"whence must be 0, 1 or 2, got {whence}")
        position = bases[whence] + offset
        if position < 0:
            raise ValueError(f"negative seek position {position}")
        self._position = position
        return position

    def readinto(self, buffer: BytesLike, /) -> int:
        self._check_open()
        view = memoryview(buffer).cast("B")
        end = min(self._position + len(view), self._length)
        if end <= self._position:
            return 0
        chunks = self._at(*self._ranges.locate(self._position, end))
        self._ranges.decrypt_into(self._position, end, chunks, view)
        read = end - self._position
        self._position = end
        return read

    def readall(self) -> bytes:
        self._check_open()
        out = bytearray(max(0, self._length - self._position))
        view, at = memoryview(out), 0
        while at < len(out):
            at += self.readinto(view[at : at + _LONG_READ])
        return bytes(out)

    def close(self) -> None:
        self._ranges.close()
        super().close()

    def _at(self, start: int, end: int) -> bytes:
        """These bytes of the envelope."""
        self._file.seek(self._start + start)
        chunks = read_some(self._file, end - start)
        if len(chunks) < end - start:
            raise TruncatedError("the envelope is cut off: it has become shorter while it was read", "truncated")
        return chunks

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError("I/O operation on closed file")


class _Stream(RawReader):
    """The plaintext as it arrives, from a pipe or a socket."""

    def __init__(self, file: Any, owned: io.FileIO | None, name: object, decryptor: _fortress.Decryptor) -> None:
        super().__init__(file, owned, name)
        self._decryptor = decryptor
        self._pending = memoryview(b"")
        self._ended = False

    def readinto(self, buffer: BytesLike, /) -> int:
        if self.closed:
            raise ValueError("I/O operation on closed file")
        view = memoryview(buffer).cast("B")
        while not self._pending and not self._ended and len(view):
            data = self._file.read(_BUFFER)
            if data is None:
                raise BlockingIOError("the file to read does not block; use one that does")
            if data:
                self._pending = memoryview(self._decryptor.update(data))
            else:
                self._pending = memoryview(self._decryptor.finish())
                self._ended = True
        read = min(len(view), len(self._pending))
        view[:read] = self._pending[:read]
        self._pending = self._pending[read:]
        return read

    def close(self) -> None:
        self._decryptor.close()
        super().close()


#: What is read at once: large enough that decrypting it, not asking for it, takes the time.
_BUFFER = 256 * 1024
_LONG_READ = 4 * 1024 * 1024
