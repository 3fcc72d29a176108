"""E-1 to E-6: envelopes."""

import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha512

from . import cbor, limits
from .context import EMPTY, Context, canonical
from .errors import Code, FortressError, authentication_failed, truncated
from .payload import Decryptor, RandomAccess, expand, open_message
from .recipients import Identity, Recipient, check_counts, unwrap
from .suites import Suite, suite_of

MAGIC = b"FTRS"
VERSION = 1
MAC_LENGTH = 32

_FIXED = len(MAGIC) + 1 + 4

_SUITE, _RECIPIENTS, _METADATA, _CONTENT = 1, 2, 3, 4


@dataclass(frozen=True)
class Header:
    """E-2. Nothing of it but the recipients is to be believed before the MAC is verified (E-4)."""

    suite_number: int
    recipients: tuple[Recipient, ...]
    metadata: dict[str, str]
    content: str | None

    @classmethod
    def parse(cls, encoded: bytes) -> "Header":
        entries = cbor.decode(encoded)
        if not isinstance(entries, dict) or not {_SUITE, _RECIPIENTS} <= entries.keys():
            raise _not_the_layout("a header is a map with suite and recipients")
        if not entries.keys() <= {_SUITE, _RECIPIENTS, _METADATA, _CONTENT}:
            raise _not_the_layout("a header has no keys but 1 to 4")
        suite_number = entries[_SUITE]
        if not isinstance(suite_number, int) or suite_number > 0xFFFF:
            raise _not_the_layout("a suite is a number below 65,536")
        content = entries.get(_CONTENT)
        if _CONTENT in entries and not isinstance(content, str):
            raise _not_the_layout("content is text")
        return cls(
            suite_number,
            _recipients(entries[_RECIPIENTS]),
            _metadata(entries[_METADATA]) if _METADATA in entries else {},
            content if isinstance(content, str) else None,
        )


@dataclass(frozen=True)
class Envelope:
    """The parts of E-1, none of them verified."""

    header: Header
    authenticated: bytes
    mac: bytes

    @property
    def message_offset(self) -> int:
        return len(self.authenticated) + MAC_LENGTH

    @classmethod
    def parse(cls, data: bytes) -> "Envelope":
        """E-1, from the whole envelope or as much of its start as :meth:`prefix_length` says."""
        length = cls.prefix_length(data)
        if len(data) < length:
            raise truncated("the header of an envelope", length, len(data))
        authenticated = data[: length - MAC_LENGTH]
        return cls(Header.parse(authenticated[_FIXED:]), authenticated, data[length - MAC_LENGTH : length])

    @staticmethod
    def prefix_length(start: bytes) -> int:
        """The offset of the message, from the first 9 bytes."""
        if start[: len(MAGIC)] != MAGIC[: len(start)]:
            raise FortressError(Code.NOT_FORTRESS, 'an envelope starts with "FTRS"')
        if len(start) > len(MAGIC) and start[len(MAGIC)] != VERSION:
            raise FortressError(Code.UNKNOWN_VERSION, f"envelopes of version {start[len(MAGIC)]} are not known here")
        if len(start) < _FIXED:
            raise truncated("an envelope", _FIXED, len(start))
        header_length = int.from_bytes(start[_FIXED - 4 : _FIXED], "big")
        if header_length > limits.HEADER:
            raise FortressError(
                Code.HEADER_TOO_LARGE, f"a header has at most {limits.HEADER} bytes, not {header_length}"
            )
        return _FIXED + header_length + MAC_LENGTH


@dataclass(frozen=True)
class Opened:
    """An envelope whose header is verified; the message is still to be read, in any of three ways."""

    header: Header
    suite: Suite
    message_offset: int
    payload_key: bytes
    message_context: bytes

    def decrypt(self, envelope: bytes) -> bytes:
        """The whole payload."""
        return open_message(self.suite, self.payload_key, envelope[self.message_offset :], self.message_context)

    def stream(self) -> Decryptor:
        """The payload as it arrives; the stream is fed the bytes from ``message_offset`` on."""
        return Decryptor(self.suite, self.payload_key, self.message_context)

    def random_access(self, envelope_length: int, read: Callable[[int, int], bytes]) -> RandomAccess:
        """Ranges of the payload. ``read(start, end)`` returns those bytes of the envelope."""
        offset = self.message_offset
        return RandomAccess(
            self.suite,
            self.payload_key,
            self.message_context,
            envelope_length - offset,
            lambda start, end: read(offset + start, offset + end),
        )


def open_envelope(
    data: bytes, identities: Iterable[Identity], context: Context = EMPTY, content: str | None = None
) -> Opened:
    """Opens the header in ``data``, which may end there or go on; ``content`` is what the caller asks for (E-2)."""
    envelope = Envelope.parse(data)
    header = envelope.header
    file_key = unwrap(header.recipients, identities, _associated_data(envelope.authenticated[_FIXED:]))

    # E-4; only then what E-2 says of content and suite.
    mac = hmac.digest(_envelope_key(file_key, "header"), envelope.authenticated, sha512)[:MAC_LENGTH]
    if not hmac.compare_digest(mac, envelope.mac):
        raise authentication_failed()
    if header.content != content:
        raise FortressError(
            Code.WRONG_CONTENT, f"the envelope holds {header.content or 'data'}, not {content or 'data'}"
        )
    suite = suite_of(header.suite_number)

    # E-5
    message_context = header.suite_number.to_bytes(2, "big") + canonical(context)
    return Opened(header, suite, envelope.message_offset, _envelope_key(file_key, "payload"), message_context)


def _associated_data(encoded: bytes) -> bytes:
    """X-1."""
    entries = cbor.decode(encoded)
    rest = {key: value for key, value in entries.items() if key != _RECIPIENTS} if isinstance(entries, dict) else {}
    return hmac.digest(bytes(32), b"fortress-sdk/external@v1\0" + cbor.encode(rest), sha512)[:32]


def _envelope_key(file_key: bytes, use: str) -> bytes:
    """E-3."""
    return expand(file_key, b"fortress-sdk/envelope@v1\0" + use.encode("ascii"), 32)


def _recipients(item: cbor.Item) -> tuple[Recipient, ...]:
    if not isinstance(item, list):
        raise _not_the_layout("recipients are an array")
    recipients = []
    for pair in item:
        if not isinstance(pair, list) or len(pair) != 2:
            raise _not_the_layout("a recipient is an array of two")
        recipients.append(Recipient.of(*pair))
    check_counts(recipients)
    return tuple(recipients)


def _metadata(item: cbor.Item) -> dict[str, str]:
    if not isinstance(item, dict) or not item:
        raise _not_the_layout("metadata is a map, and absent when empty")
    metadata = {}
    for name, value in item.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise _not_the_layout("metadata maps text to text")
        metadata[name] = value
    return metadata


def _not_the_layout(sentence: str) -> FortressError:
    return FortressError(Code.NON_CANONICAL, sentence)
