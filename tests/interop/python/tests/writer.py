"""Writes the formats for the reader's own tests, faulty ones too: parameters ask for what a clause forbids.

All bytes follow from what goes in, so that a failure repeats: salts are hashes of it, and the file key is always one.
Nothing here is fit for data that anyone wants kept.
"""

import hmac
from collections.abc import Mapping
from hashlib import sha512
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from fortress_reader import aegis, aegis_lanes, cbor
from fortress_reader.context import canonical
from fortress_reader.keys import Keyring, State, Version
from fortress_reader.payload import CHUNK, SALT_LENGTH, SEALED_CHUNK, MessageKeys, expand
from fortress_reader.recipients import Passphrase
from fortress_reader.suites import suite_of

FILE_KEY = bytes(range(50, 82))

# As little as L-2 lets a reader accept: these tests judge the format, not the passphrase.
ARGON2 = (1, 8, 1)

NEW, OLD, GONE = bytes.fromhex("aaaaaaa1"), bytes.fromhex("00000002"), bytes.fromhex("bbbbbbb3")


def keyring() -> Keyring:
    """Three versions: primary, decrypt-only and destroyed."""
    return Keyring(
        (
            Version(GONE, 1_700_000_000, State.DESTROYED, None),
            Version(OLD, 1_710_000_000, State.DECRYPT_ONLY, bytes(range(32))),
            Version(NEW, 1_720_000_000, State.PRIMARY, bytes(range(32, 64))),
        )
    )


def primary(ring: Keyring) -> bytes:
    """The id of the version that encrypts."""
    return next(version.id for version in ring.versions if version.state is State.PRIMARY)


def message(suite_number: int, input_key: bytes, context: bytes, plaintext: bytes) -> bytes:
    """N-8, N-9."""
    salt = _salt(input_key, context, plaintext)
    keys = MessageKeys.derive(suite_of(suite_number), input_key, salt, context)
    chunks = [plaintext[start : start + CHUNK] for start in range(0, len(plaintext) + 1, CHUNK)]
    degree = {33: 1, 36: 2}.get(suite_number)
    if degree and len(chunks) > 16:
        # Side by side: one by one they take a second a MiB.
        nonces = [keys.nonce(index) for index in range(len(chunks) - 1)]
        full = aegis_lanes.encrypt(degree, keys.key, nonces, plaintext[: CHUNK * len(nonces)])
        return salt + keys.commitment + full + _seal(keys, len(nonces), chunks[-1], b"")
    return salt + keys.commitment + b"".join(_seal(keys, i, chunk, b"") for i, chunk in enumerate(chunks))


def token(
    ring: Keyring,
    value: bytes,
    context: Mapping[str, str] | None = None,
    *,
    key_id: bytes | None = None,
    suite: int = 2,
    purpose: str = "field",
) -> bytes:
    """T-1, under the primary version unless told otherwise."""
    key_id = key_id or primary(ring)
    label = b"\x01" + suite.to_bytes(2, "big") + key_id
    return label + message(suite, ring.purpose_key(key_id, purpose), label + canonical(context or {}), value)


class GroupWriter:
    """G-1 to G-4."""

    def __init__(self, ring: Keyring, context: Mapping[str, str] | None = None, *, suite: int = 2) -> None:
        label = b"\x02" + suite.to_bytes(2, "big") + primary(ring)
        key, group_context = ring.purpose_key(primary(ring), "field"), label + canonical(context or {})
        salt = _salt(key, group_context, b"")
        self._keys = MessageKeys.derive(suite_of(suite), key, salt, group_context)
        self.header = label + salt + self._keys.commitment

    def member(self, index: int, value: bytes, context: Mapping[str, str] | None = None) -> bytes:
        return index.to_bytes(4, "big") + _seal(self._keys, index, value, canonical(context or {}))

    def whole(self, index: int, value: bytes, context: Mapping[str, str] | None = None) -> bytes:
        return self.header + self.member(index, value, context)

    def hoisted(self, index: int, value: bytes, context: Mapping[str, str] | None = None) -> bytes:
        return b"\x03" + self.member(index, value, context)


def keyring_recipient(ring: Keyring, *, file_key: bytes = FILE_KEY, **options: Any) -> list[Any]:
    """R-2."""
    return [1, token(ring, file_key, purpose="wrap", **options)]


def passphrase_recipient(
    passphrase: str, *, file_key: bytes = FILE_KEY, parameters: tuple[int, int, int] = ARGON2
) -> list[Any]:
    """R-3."""
    salt = bytes(range(16))
    # Parameters that no reader accepts need no ciphertext: they are refused before it is looked at.
    derivable = parameters if parameters == ARGON2 else ARGON2
    input_key = Passphrase(passphrase).input_key(salt, *derivable)
    stored = b"".join(parameter.to_bytes(4, "big") for parameter in parameters)
    return [2, salt + stored + message(2, input_key, b"", file_key)]


def header(recipients: list[Any], *, suite: int = 2, **entries: Any) -> dict[Any, Any]:
    """E-2. Further entries are given by ``metadata`` and ``content``."""
    result: dict[Any, Any] = {1: suite, 2: recipients}
    for name, key in (("metadata", 3), ("content", 4)):
        if name in entries:
            result[key] = entries[name]
    return result


def envelope(
    head: dict[Any, Any] | bytes,
    plaintext: bytes,
    context: Mapping[str, str] | None = None,
    *,
    file_key: bytes = FILE_KEY,
    suite: int = 2,
) -> bytes:
    """E-1 to E-5; ``head`` is the header's map, or its bytes where the tests want another encoding."""
    encoded = head if isinstance(head, bytes) else cbor.encode(head)
    start = b"FTRS\x01" + len(encoded).to_bytes(4, "big") + encoded
    mac_key = expand(file_key, b"fortress-sdk/envelope@v1\0header", 32)
    payload_key = expand(file_key, b"fortress-sdk/envelope@v1\0payload", 32)
    message_context = suite.to_bytes(2, "big") + canonical(context or {})
    return start + hmac.digest(mac_key, start, "sha512")[:32] + message(suite, payload_key, message_context, plaintext)


def keyring_payload(ring: Keyring) -> dict[Any, Any]:
    """S-1, S-2."""
    versions = [[version.id, version.created, int(version.state), version.secret] for version in ring.versions]
    return {1: ring.profile, 2: list(ring.path), 3: versions}


def flips(data: bytes) -> list[bytes]:
    """``data`` with one bit changed, for every byte of it."""
    return [data[:i] + bytes([byte ^ 1 << i % 8]) + data[i + 1 :] for i, byte in enumerate(data)]


def _seal(keys: MessageKeys, index: int, chunk: bytes, associated_data: bytes) -> bytes:
    assert len(chunk) <= SEALED_CHUNK
    nonce = keys.nonce(index)
    match keys.suite.number:
        case 2:
            return AESGCM(keys.key).encrypt(nonce, chunk, associated_data)
        case 29:
            return ChaCha20Poly1305(keys.key).encrypt(nonce, chunk, associated_data)
        case 33:
            return _seal_aegis(1, keys.key, nonce, chunk, associated_data)
        case 36:
            return _seal_aegis(2, keys.key, nonce, chunk, associated_data)
    raise ValueError(f"nothing is written with suite {keys.suite.number}")


def _seal_aegis(degree: int, key: bytes, nonce: bytes, plaintext: bytes, associated_data: bytes) -> bytes:
    """``Encrypt`` of the draft, by way of the reader's ``Dec``: the state takes up the same plaintext either way."""
    state = aegis.State(degree, key, nonce)
    state.absorb(associated_data)
    ciphertext = bytearray()
    for start in range(0, len(plaintext), state.rate):
        block = plaintext[start : start + state.rate]
        sealed = bytes(p ^ z for p, z in zip(block, state.keystream(), strict=False))
        state.decrypt(sealed)
        ciphertext += sealed
    return bytes(ciphertext) + state.finalize(len(associated_data), len(plaintext))


def _salt(*parts: bytes) -> bytes:
    return sha512(b"".join(len(part).to_bytes(8, "big") + part for part in parts)).digest()[:SALT_LENGTH]
