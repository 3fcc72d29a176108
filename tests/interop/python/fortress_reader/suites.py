"""N-6 and N-7: the suites, AEADs by their number and name in the IANA "AEAD Algorithms" registry."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from . import aegis, aegis_lanes
from .errors import Code, FortressError, authentication_failed

TAG_LENGTH = 16

_PRIVATE_RANGE = 32_768
# Fewer chunks are decrypted sooner one by one.
_WORTH_LANES = 16


@dataclass(frozen=True)
class Suite:
    """One row of the table in N-6. ``decrypt`` takes key, nonce, ciphertext with tag, and associated data."""

    number: int
    name: str
    key_length: int
    nonce_length: int
    decrypt: Callable[[bytes, bytes, bytes, bytes], bytes]
    #: Many chunks of one length at once, by key and nonces, where one by one takes long.
    decrypt_lanes: Callable[[bytes, list[bytes], bytes], bytes] | None = None

    def open(self, key: bytes, nonce: bytes, sealed: bytes, associated_data: bytes) -> bytes:
        """The plaintext of ``sealed``, once its tag is verified."""
        return _authenticated(partial(self.decrypt, key, nonce, sealed, associated_data))

    def open_all(self, key: bytes, nonces: list[bytes], sealed: bytes) -> bytes:
        """The plaintexts of chunks of one length, once all tags are verified."""
        if self.decrypt_lanes is not None and len(nonces) >= _WORTH_LANES:
            return _authenticated(partial(self.decrypt_lanes, key, nonces, sealed))
        length = len(sealed) // max(1, len(nonces))
        starts = range(0, len(sealed), length or 1)
        return b"".join(self.open(key, n, sealed[at : at + length], b"") for n, at in zip(nonces, starts, strict=True))


def suite_of(number: int) -> Suite:
    """N-7: the suite of that number, or an error that names the number."""
    if number in _SUITES:
        return _SUITES[number]
    if number >= _PRIVATE_RANGE:
        raise FortressError(Code.PRIVATE_SUITE, f"suite {number} is a private suite of another installation")
    raise FortressError(Code.UNKNOWN_SUITE, f"suite {number} is not known here")


def _authenticated(decrypt: Callable[[], bytes]) -> bytes:
    try:
        return decrypt()
    except (InvalidTag, aegis.AegisTagMismatch):
        raise authentication_failed() from None


def aes_gcm(key: bytes, nonce: bytes, sealed: bytes, associated_data: bytes) -> bytes:
    """AES-GCM; the key's length chooses AES-128 or AES-256."""
    return AESGCM(key).decrypt(nonce, sealed, associated_data)


def _chacha20_poly1305(key: bytes, nonce: bytes, sealed: bytes, associated_data: bytes) -> bytes:
    return ChaCha20Poly1305(key).decrypt(nonce, sealed, associated_data)


_SUITES = {
    suite.number: suite
    for suite in (
        Suite(2, "AEAD_AES_256_GCM", 32, 12, aes_gcm),
        Suite(29, "AEAD_CHACHA20_POLY1305", 32, 12, _chacha20_poly1305),
        Suite(33, "AEAD_AEGIS256", 32, 32, partial(aegis.decrypt, 1), partial(aegis_lanes.decrypt, 1)),
        Suite(36, "AEAD_AEGIS256X2", 32, 32, partial(aegis.decrypt, 2), partial(aegis_lanes.decrypt, 2)),
    )
}

AES_256_GCM = _SUITES[2]
