"""I-1 to I-5: identities, their texts, and what is sealed for them."""

from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha512, shake_256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519

from . import bech32m
from .errors import Code, FortressError, authentication_failed

ID_LENGTH = 8
SEED_LENGTH = 32
MLKEM_LENGTH = 1_184
PUBLIC_LENGTH = MLKEM_LENGTH + 32
SEALED_OVERHEAD = 1_120 + 16

_LABEL = b"fortress-sdk/identity@v1\0"
_SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA512, hpke.AEAD.AES_256_GCM)


@dataclass(frozen=True)
class PublicIdentity:
    """I-1: the X-Wing encapsulation key that others encrypt for."""

    key: bytes

    def __post_init__(self) -> None:
        if len(self.key) != PUBLIC_LENGTH:
            raise _invalid(f"a public identity has {PUBLIC_LENGTH} bytes, not {len(self.key)}")
        try:
            mlkem.MLKEM768PublicKey.from_public_bytes(self.key[:MLKEM_LENGTH])
        except ValueError:
            raise _invalid("its ML-KEM part fails the modulus check") from None

    @classmethod
    def parse(cls, text: str) -> "PublicIdentity":
        """I-4."""
        return cls(_decode("fortress", text, PUBLIC_LENGTH))

    @property
    def text(self) -> str:
        return bech32m.encode("fortress", self.key)

    @property
    def id(self) -> bytes:
        """I-3."""
        return sha512(_LABEL + b"id" + self.key).digest()[:ID_LENGTH]


@dataclass(frozen=True)
class ScopeIdentity:
    """I-5: the public identity of a keyring's version at a scope."""

    key_id: bytes
    public: PublicIdentity

    @classmethod
    def of(cls, data: bytes) -> "ScopeIdentity":
        return cls(data[:4], PublicIdentity(data[4:]))

    @classmethod
    def parse(cls, text: str) -> "ScopeIdentity":
        return cls.of(_decode("fortress-scope-", text, 4 + PUBLIC_LENGTH))

    @property
    def text(self) -> str:
        return bech32m.encode("fortress-scope-", self.key_id + self.public.key)


@dataclass(frozen=True)
class SecretIdentity:
    """I-1: a seed, and the keys that X-Wing expands it to."""

    seed: bytes = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> "SecretIdentity":
        """I-4. The text is uppercase; Bech32m is computed over lowercase."""
        if text != text.upper():
            raise _invalid("the text of a secret identity is uppercase")
        return cls(_decode("fortress-secret-key-", text.lower(), SEED_LENGTH))

    @property
    def text(self) -> str:
        return bech32m.encode("fortress-secret-key-", self.seed).upper()

    @cached_property
    def public(self) -> PublicIdentity:
        kem, curve = self._keys
        return PublicIdentity(kem.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw())

    def open(self, purpose: str, sealed: bytes) -> bytes:
        """I-2."""
        try:
            info = _LABEL + purpose.encode("ascii")
            return _SUITE.decrypt(sealed, hpke.MLKEM768X25519PrivateKey(*self._keys), info)
        except InvalidTag:
            raise authentication_failed() from None

    @cached_property
    def _keys(self) -> tuple[mlkem.MLKEM768PrivateKey, x25519.X25519PrivateKey]:
        """The expansion of the X-Wing draft: 64 bytes of SHAKE256 for ML-KEM, 32 for X25519."""
        expanded = shake_256(self.seed).digest(96)
        return (
            mlkem.MLKEM768PrivateKey.from_seed_bytes(expanded[:64]),
            x25519.X25519PrivateKey.from_private_bytes(expanded[64:]),
        )


def _decode(prefix: str, text: str, length: int) -> bytes:
    data = bech32m.decode(prefix, text)
    if data is None or len(data) != length:
        raise _invalid(f"expected {prefix}1 and {length} bytes in Bech32m")
    return data


def _invalid(sentence: str) -> FortressError:
    return FortressError(Code.INVALID_IDENTITY, sentence)
