"""N-8 to N-12: C2SP chunked-encryption v1, the payload of every ciphertext.

Three readings of one message, which the tests hold against each other: :func:`open_message` (whole),
:class:`Decryptor` (as it arrives) and :class:`RandomAccess` (any range of it).
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from cryptography.cobblestone import Cobblestone256Decryptor
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from . import limits
from .errors import Code, FortressError, authentication_failed, truncated
from .suites import AES_256_GCM, TAG_LENGTH, Suite

SALT_LENGTH = 24
COMMITMENT_LENGTH = 32
PREFIX_LENGTH = SALT_LENGTH + COMMITMENT_LENGTH
CHUNK = 16_384
SEALED_CHUNK = CHUNK + TAG_LENGTH

# The shortest message: salt, commitment and one empty chunk.
SHORTEST = PREFIX_LENGTH + TAG_LENGTH


def expand(key: bytes, info: bytes, length: int) -> bytes:
    """N-2: HKDF-Expand with SHA-512."""
    return HKDFExpand(SHA512(), length, info).derive(key)


@dataclass(frozen=True)
class MessageKeys:
    """N-8: what an input key, a salt and a context derive."""

    suite: Suite
    key: bytes
    base_nonce: bytes
    commitment: bytes

    @classmethod
    def derive(cls, suite: Suite, input_key: bytes, salt: bytes, context: bytes) -> "MessageKeys":
        if len(input_key) != suite.key_length:
            raise ValueError(f"{suite.name} takes an input key of {suite.key_length} bytes, not {len(input_key)}")
        info = b"c2sp.org/chunked-encryption@v1+" + suite.name.encode("ascii") + b"\0" + salt + context
        nonce_at, commitment_at = suite.key_length, suite.key_length + suite.nonce_length
        derived = expand(input_key, info, commitment_at + COMMITMENT_LENGTH)
        return cls(suite, derived[:nonce_at], derived[nonce_at:commitment_at], derived[commitment_at:])

    @classmethod
    def committed(cls, suite: Suite, input_key: bytes, prefix: bytes, context: bytes) -> "MessageKeys":
        """The keys of a message that starts with ``prefix``, once its commitment is verified (N-10)."""
        if len(prefix) < PREFIX_LENGTH:
            raise truncated("a message", SHORTEST, len(prefix))
        keys = cls.derive(suite, input_key, prefix[:SALT_LENGTH], context)
        if not hmac.compare_digest(keys.commitment, prefix[SALT_LENGTH:PREFIX_LENGTH]):
            raise authentication_failed()
        return keys

    def open(self, index: int, sealed: bytes, associated_data: bytes = b"") -> bytes:
        """N-9: chunk ``index``, or in a group (G-3) the member of that index."""
        return self.suite.open(self.key, self.nonce(index), sealed, associated_data)

    def nonce(self, index: int) -> bytes:
        """N-9: that of a chunk."""
        return (int.from_bytes(self.base_nonce, "big") ^ index).to_bytes(self.suite.nonce_length, "big")


@dataclass(frozen=True)
class Layout:
    """N-9: the chunks that a message of a given length has; there is one chunking for each length."""

    full_chunks: int
    last_length: int

    @classmethod
    def of(cls, message_length: int) -> "Layout":
        """N-10: refuses the lengths that no message has, for want of a short last chunk."""
        if message_length < SHORTEST:
            raise truncated("a message", SHORTEST, message_length)
        full_chunks, last_sealed = divmod(message_length - PREFIX_LENGTH, SEALED_CHUNK)
        if last_sealed < TAG_LENGTH:
            raise FortressError(Code.TRUNCATED, "the message ends without its last chunk")
        if full_chunks >= limits.MESSAGE_CHUNKS:
            raise FortressError(Code.LIMIT_EXCEEDED, f"a message has at most {limits.MESSAGE_CHUNKS} chunks")
        return cls(full_chunks, last_sealed - TAG_LENGTH)

    @property
    def plaintext_length(self) -> int:
        return self.full_chunks * CHUNK + self.last_length


def open_message(suite: Suite, input_key: bytes, message: bytes, context: bytes) -> bytes:
    """The plaintext of a whole message."""
    layout = Layout.of(len(message))
    if suite is AES_256_GCM:
        return _open_cobblestone(input_key, message, context)
    keys = MessageKeys.committed(suite, input_key, message, context)
    last, nonces = PREFIX_LENGTH + layout.full_chunks * SEALED_CHUNK, [keys.nonce(i) for i in range(layout.full_chunks)]
    full = suite.open_all(keys.key, nonces, message[PREFIX_LENGTH:last])
    return full + keys.open(layout.full_chunks, message[last:])


def _open_cobblestone(input_key: bytes, message: bytes, context: bytes) -> bytes:
    """N-12: with suite 2 any Cobblestone-256 library reads the message."""
    decryptor = Cobblestone256Decryptor(input_key, context)
    try:
        return decryptor.update(message) + decryptor.finalize()
    except InvalidTag:
        raise authentication_failed() from None


class Decryptor:
    """Reads a message as it arrives, and releases each chunk once its tag is verified."""

    def __init__(self, suite: Suite, input_key: bytes, context: bytes) -> None:
        self._committed = partial(MessageKeys.committed, suite, input_key, context=context)
        self._keys: MessageKeys | None = None
        self._buffer = bytearray()
        self._index = 0
        self._over = False

    def update(self, data: bytes) -> bytes:
        """The plaintext of the chunks that ``data`` completes."""
        return self._guarded(lambda: self._absorb(data))

    def finish(self) -> bytes:
        """The last chunk, which is always short; it ends the stream."""
        plaintext = self._guarded(self._last)
        self._over = True
        return plaintext

    def _absorb(self, data: bytes) -> bytes:
        self._buffer += data
        if self._keys is None:
            if len(self._buffer) < PREFIX_LENGTH:
                return b""
            self._keys = self._committed(self._take(PREFIX_LENGTH))
        released = []
        while len(self._buffer) >= SEALED_CHUNK:
            released.append(self._open(self._keys, SEALED_CHUNK))
        return b"".join(released)

    def _last(self) -> bytes:
        if self._keys is None or len(self._buffer) < TAG_LENGTH:
            raise FortressError(Code.TRUNCATED, "the message ends without its last chunk")
        return self._open(self._keys, len(self._buffer))

    def _open(self, keys: MessageKeys, length: int) -> bytes:
        if self._index >= limits.MESSAGE_CHUNKS:
            raise FortressError(Code.LIMIT_EXCEEDED, f"a message has at most {limits.MESSAGE_CHUNKS} chunks")
        plaintext = keys.open(self._index, self._take(length))
        self._index += 1
        return plaintext

    def _take(self, length: int) -> bytes:
        taken = bytes(self._buffer[:length])
        del self._buffer[:length]
        return taken

    def _guarded(self, step: Callable[[], bytes]) -> bytes:
        """N-10: after a failure it keeps failing."""
        if self._over:
            raise FortressError(Code.STREAM_FAILED, "the stream has failed or ended before")
        try:
            return step()
        except FortressError:
            self._over = True
            raise


class RandomAccess:
    """N-11: reads ranges of a message that lies elsewhere.

    ``read(start, end)`` returns those bytes of the message. Its length is whatever the storage says, so the last chunk,
    the one that only the true end has, is decrypted before the plaintext's length is believed.
    """

    def __init__(
        self, suite: Suite, input_key: bytes, context: bytes, length: int, read: Callable[[int, int], bytes]
    ) -> None:
        self._layout = Layout.of(length)
        self._length = length
        self._read = read
        self._keys = MessageKeys.committed(suite, input_key, read(0, PREFIX_LENGTH), context)
        self._chunk(self._layout.full_chunks)

    @property
    def plaintext_length(self) -> int:
        return self._layout.plaintext_length

    def range(self, start: int, end: int) -> bytes:
        """The plaintext from ``start`` up to, not including, ``end``."""
        if not 0 <= start <= end <= self.plaintext_length:
            raise FortressError(
                Code.OUT_OF_RANGE, f"{start}..{end} is not within the plaintext of {self.plaintext_length} bytes"
            )
        if start == end:
            return b""
        first, last = start // CHUNK, (end - 1) // CHUNK
        plaintext = b"".join(self._chunk(i) for i in range(first, last + 1))
        return plaintext[start - first * CHUNK : end - first * CHUNK]

    def _chunk(self, index: int) -> bytes:
        start = PREFIX_LENGTH + index * SEALED_CHUNK
        end = min(start + SEALED_CHUNK, self._length)
        sealed = self._read(start, end)
        if len(sealed) != end - start:
            raise truncated("a chunk", end - start, len(sealed))
        return self._keys.open(index, sealed)
