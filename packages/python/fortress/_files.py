"""Envelopes: files, streams and whole messages."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, overload

from . import _fortress
from ._keyring import Keyring
from ._parties import Opener, Passphrase, Recipient, kept, newcomers, parties
from ._reader import EncryptedReader, extent, open_reader, read_prefix
from ._target import USUAL, target_of
from ._writer import EncryptedWriter, open_writer
from .errors import ArgumentError, StateError

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Literal

    from ._types import BytesLike, Context, Keep, PathLike, Progress, Suite

    _Read = Literal["r", "rb", "br"]
    _Write = Literal["w", "wb", "bw", "x", "xb", "bx"]
    _Text = Literal["rt", "tr", "wt", "tw", "xt", "tx"]


@overload
def open(
    file: PathLike | BinaryIO,
    mode: _Read = "rb",
    *,
    keyring: Keyring | None = None,
    passphrase: str | Passphrase | None = None,
    identities: Iterable[Opener] = (),
    context: Context | None = None,
) -> EncryptedReader: ...
@overload
def open(
    file: PathLike | BinaryIO,
    mode: _Write,
    *,
    keyring: Keyring | None = None,
    passphrase: str | Passphrase | None = None,
    recipients: Iterable[Recipient] = (),
    context: Context | None = None,
    suite: Suite | None = None,
    metadata: Mapping[str, str] | None = None,
) -> EncryptedWriter: ...
@overload
def open(
    file: PathLike | BinaryIO,
    mode: _Text,
    *,
    keyring: Keyring | None = None,
    passphrase: str | Passphrase | None = None,
    identities: Iterable[Opener] = (),
    recipients: Iterable[Recipient] = (),
    context: Context | None = None,
    suite: Suite | None = None,
    metadata: Mapping[str, str] | None = None,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
) -> io.TextIOWrapper: ...
def open(
    file: PathLike | BinaryIO,
    mode: str = "rb",
    *,
    keyring: Keyring | None = None,
    passphrase: str | Passphrase | None = None,
    identities: Iterable[Opener] = (),
    recipients: Iterable[Recipient] = (),
    context: Context | None = None,
    suite: Suite | None = None,
    metadata: Mapping[str, str] | None = None,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
) -> EncryptedReader | EncryptedWriter | io.TextIOWrapper:
    """Opens an encrypted file: ``"rb"`` to read, ``"wb"`` to write, ``"xb"`` to write one that must not exist yet.

    ``file`` is a path or a binary file object, which stays open. Letters other than ``b`` are as for the built-in
    ``open``; ``"rt"``, ``"wt"`` and ``"xt"`` give text, UTF-8 unless ``encoding`` says otherwise.

    What is written appears when it is closed, whole: leaving the ``with`` block by an exception leaves nothing.
    """
    kind, text = parsed_mode(mode)
    if not text and (encoding, errors, newline) != (None, None, None):
        raise ValueError("encoding, errors and newline are for text: mode 'rt' or 'wt'")
    if kind == "r":
        _only_for(mode, "writing", recipients=recipients, suite=suite, metadata=metadata)
        reader = open_reader(file, parties(keyring, passphrase, identities, "an identity"), context)
        return io.TextIOWrapper(reader, encoding or "utf-8", errors, newline) if text else reader
    _only_for(mode, "reading", identities=identities)
    named = parties(keyring, passphrase, recipients, "a recipient")
    writer = EncryptedWriter(open_writer(file, named, context, suite, metadata, kind == "x"))
    return _TextWriter(writer, encoding or "utf-8", errors, newline) if text else writer


def parsed_mode(mode: str) -> tuple[str, bool]:
    """The letter for what is done, ``r``, ``w`` or ``x``, and whether it is done to text. Letters come in any order."""
    kind = mode.replace("t", "", 1).replace("b", "", 1)
    if kind not in ("r", "w", "x") or ("t" in mode and "b" in mode):
        raise ValueError(f"mode must be rb, wb, xb, rt, wt or xt, got {mode!r}")
    return kind, "t" in mode


class _TextWriter(io.TextIOWrapper):
    """Text above an :class:`EncryptedWriter`, which must hear of exceptions."""

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        if exc_type is not None and isinstance(self.buffer, EncryptedWriter):
            self.buffer.abort()
            return
        super().__exit__(exc_type, exc_val, exc_tb)


def encrypt_file(
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
    """Encrypts a file. The destination appears when it is whole; it may be the source. A new one has the source's
    permissions, as far as the umask lets it.

    ``progress`` is called with the bytes read so far, and how many there are or ``None``. What it raises ends the work.
    """
    named = parties(keyring, passphrase, recipients, "a recipient")
    with _source(source) as (file, total, mode):
        writer = open_writer(destination, named, context, suite, metadata, exclusive=False, new_mode=mode)
        try:
            for piece, done in _pieces(file):
                writer.write(piece)
                if progress is not None:
                    progress(done, total)
        except BaseException:
            writer.abort()
            raise
        finally:
            writer.close()


def decrypt_file(
    source: PathLike | BinaryIO,
    destination: PathLike | BinaryIO,
    *,
    keyring: Keyring | None = None,
    passphrase: str | Passphrase | None = None,
    identities: Iterable[Opener] = (),
    context: Context | None = None,
    progress: Progress | None = None,
) -> None:
    """Decrypts a file. The destination appears when all of it is authentic. A new one has the source's permissions, as
    far as the umask lets it.

    A file object as ``destination`` receives what is authentic as it comes; only the return of this call says that the
    end was there.
    """
    named = parties(keyring, passphrase, identities, "an identity")
    with _source(source) as (file, total, mode):
        prefix = read_prefix(file)
        _, _, message = _fortress.open_envelope(prefix, named, context, None)
        assert isinstance(message, _fortress.Decryptor)
        target = target_of(destination, exclusive=False, new_mode=mode)
        try:
            # By turns: the one before may still be on its way to the disk.
            last, out = bytearray(), bytearray()
            for piece, done in _pieces(file):
                needed = message.update_len(len(piece))
                last, out = out, last if len(last) >= needed else bytearray(needed)
                written = message.update_into(piece, out)
                target.write_behind(memoryview(out)[:written])
                if progress is not None:
                    progress(len(prefix) + done, total)
            target.write(message.finish())
            target.commit()
        except BaseException:
            target.discard()
            raise
        finally:
            message.close()


def rewrap_file(
    source: PathLike,
    destination: PathLike | None = None,
    *,
    keyring: Keyring | None = None,
    passphrase: str | Passphrase | None = None,
    identities: Iterable[Opener] = (),
    recipients: Iterable[Recipient] = (),
    keep: Keep = "none",
    context: Context | None = None,
    progress: Progress | None = None,
) -> None:
    """Writes a file's header for other recipients; its encrypted content is copied as it is, not decrypted.

    The new recipients take the place of all, unless ``keep`` says who stays beside them: ``"others"``, those that the
    given identities do not open; ``"all"``; or a list of places in the header, as :func:`inspect_file` lists
    them. Without ``destination`` the file is replaced; a new one has the source's permissions, as far as the umask lets
    it.

    Who is taken out may have kept a copy of the old header, or the file's key, and opens the content with either:
    encrypt anew what must get out of their reach. Give the ``context`` when the recipients are new ones: it proves that
    this is the file that you mean, and not another one.
    """
    named = parties(keyring, passphrase, identities, "an identity")
    with _source(source) as (file, total, mode):
        replaced, header = _fortress.rewrap(read_prefix(file), named, newcomers(recipients), context, kept(keep))
        file.seek(replaced)
        target = target_of(source if destination is None else destination, exclusive=False, new_mode=mode)
        try:
            target.write(header)
            for piece, done in _pieces(file):
                target.write(piece)
                if progress is not None:
                    progress(replaced + done, total)
            target.commit()
        except BaseException:
            target.discard()
            raise


def encrypt_bytes(
    data: BytesLike,
    *,
    keyring: Keyring | None = None,
    passphrase: str | Passphrase | None = None,
    recipients: Iterable[Recipient] = (),
    context: Context | None = None,
    suite: Suite | None = None,
    metadata: Mapping[str, str] | None = None,
) -> bytes:
    """Encrypts a whole message into an envelope: the bytes of the file that :func:`encrypt_file` would write."""
    return _fortress.encrypt_envelope(
        data, parties(keyring, passphrase, recipients, "a recipient"), context, suite, metadata
    )


def decrypt_bytes(
    envelope: BytesLike,
    *,
    keyring: Keyring | None = None,
    passphrase: str | Passphrase | None = None,
    identities: Iterable[Opener] = (),
    context: Context | None = None,
) -> bytes:
    """Decrypts a whole envelope. On failure nothing of it is returned."""
    return _fortress.decrypt_envelope(envelope, parties(keyring, passphrase, identities, "an identity"), context)


def rewrap(
    envelope: BytesLike,
    *,
    keyring: Keyring | None = None,
    passphrase: str | Passphrase | None = None,
    identities: Iterable[Opener] = (),
    recipients: Iterable[Recipient] = (),
    keep: Keep = "none",
    context: Context | None = None,
) -> bytes:
    """An envelope for other recipients; its message is copied as it is, not decrypted. See :func:`rewrap_file`."""
    named = parties(keyring, passphrase, identities, "an identity")
    replaced, header = _fortress.rewrap(envelope, named, newcomers(recipients), context, kept(keep))
    return b"".join((header, memoryview(envelope)[replaced:]))


def encrypt_stream(
    source: Iterable[BytesLike],
    *,
    keyring: Keyring | None = None,
    passphrase: str | Passphrase | None = None,
    recipients: Iterable[Recipient] = (),
    context: Context | None = None,
    suite: Suite | None = None,
    metadata: Mapping[str, str] | None = None,
) -> Iterator[bytes]:
    """The envelope of a stream of bytes, piece by piece."""
    named = parties(keyring, passphrase, recipients, "a recipient")
    encryptor = _fortress.Encryptor(named, context, suite, metadata)

    def pieces() -> Iterator[bytes]:
        yield encryptor.prefix
        for data in source:
            piece = encryptor.update(data)
            if piece:
                yield piece
        yield encryptor.finish()

    return pieces()


def decrypt_stream(
    source: Iterable[BytesLike],
    *,
    keyring: Keyring | None = None,
    passphrase: str | Passphrase | None = None,
    identities: Iterable[Opener] = (),
    context: Context | None = None,
) -> Iterator[bytes]:
    """The plaintext of an envelope that arrives piece by piece.

    Every piece is authentic; only the end of the iteration, without an exception, says that nothing is missing.
    """
    opening = Opening(parties(keyring, passphrase, identities, "an identity"), context)

    def pieces() -> Iterator[bytes]:
        for data in source:
            piece = opening.update(data)
            if piece:
                yield piece
        last = opening.finish()
        if last:
            yield last

    return pieces()


class Opening:
    """Decrypts an envelope that arrives in pieces of any size, its prefix too."""

    def __init__(self, identities: tuple[object, ...], context: Context | None) -> None:
        self._identities = identities
        self._context = context
        self._start = bytearray()
        self._decryptor: _fortress.Decryptor | None = None
        self._closed = False

    def update(self, data: BytesLike) -> bytes:
        """Takes more of the envelope; returns the plaintext of the chunks that it completes."""
        if self._decryptor is not None:
            return self._decryptor.update(data)
        self._check_open()
        self._start += memoryview(data)
        length = _fortress.prefix_len(self._start)
        if length is None or len(self._start) < length:
            return b""
        _, _, message = _fortress.open_envelope(self._start[:length], self._identities, self._context, None)
        assert isinstance(message, _fortress.Decryptor)
        self._decryptor = message
        if self._closed:
            # By another thread, while this one was opening the envelope.
            message.close()
        return message.update(self._start[length:])

    def update_into(self, data: BytesLike, out: BytesLike) -> int:
        """As :meth:`update`, into the start of a buffer; returns how many bytes were written."""
        if self._decryptor is not None:
            return self._decryptor.update_into(data, out)
        plaintext = self.update(data)
        view = memoryview(out).cast("B")
        if len(view) < len(plaintext):
            raise ArgumentError(f"the output needs {len(plaintext)} bytes, it has {len(view)}", "wrong_length")
        view[: len(plaintext)] = plaintext
        return len(plaintext)

    def finish(self) -> bytes:
        """The plaintext of the last chunk."""
        if self._decryptor is None:
            self._check_open()
            # Less than a header: the core says what is wrong with it.
            _fortress.open_envelope(self._start, self._identities, self._context, None)
        assert self._decryptor is not None
        return self._decryptor.finish()

    def close(self) -> None:
        """Wipes its keys, and lets go of what would have opened the envelope."""
        self._closed, self._identities = True, ()
        if self._decryptor is not None:
            self._decryptor.close()

    def _check_open(self) -> None:
        if self._closed:
            raise StateError("this stream is closed", "closed")


class _source:
    """A file to read from its start to its end, its length where that can be told, and the mode of what is made of
    it."""

    def __init__(self, source: PathLike | BinaryIO) -> None:
        if isinstance(source, (str, bytes, os.PathLike)):
            self._file: Any = io.FileIO(os.fsdecode(source), "r")
            self._owned = True
        elif isinstance(source, io.TextIOBase) or not hasattr(source, "read"):
            raise TypeError(f"expected a path or a binary file to read, got {type(source).__name__}")
        else:
            self._file, self._owned = source, False

    def __enter__(self) -> tuple[Any, int | None, int]:
        try:
            mode = self._mode()
            if self._owned and mode is None:
                return self._file, None, USUAL
            return self._file, extent(self._file)[1], USUAL if mode is None else mode
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        if self._owned:
            self._file.close()

    def _mode(self) -> int | None:
        """Who may do what with it; ``None`` for what is no regular file."""
        # Not of any object that has a descriptor: to ask for it moves a spooled file to the disk.
        if not isinstance(self._file, (io.FileIO, io.BufferedReader, io.BufferedRandom)):
            return None
        try:
            mode = os.fstat(self._file.fileno()).st_mode
        except io.UnsupportedOperation:
            return None
        return mode & 0o777 if stat.S_ISREG(mode) else None


def _pieces(file: Any) -> Iterator[tuple[memoryview, int]]:
    """The rest of a file in large pieces, each valid until the next, with the bytes read so far."""
    done = 0
    readinto = getattr(file, "readinto", None)
    if readinto is None:
        while True:
            data = file.read(_PIECE)
            if not data:
                return
            done += len(data)
            yield memoryview(data), done
    buffer = memoryview(bytearray(_PIECE))
    while True:
        read = readinto(buffer)
        if not read:
            return
        done += read
        yield buffer[:read], done


def _only_for(mode: str, what: str, **arguments: object) -> None:
    given = [name for name, value in arguments.items() if value not in (None, ())]
    if given:
        raise ArgumentError(f"{given[0]} is for {what}, and the mode is {mode!r}", "invalid_argument")


#: What is read and worked on at once.
_PIECE = 1024 * 1024
