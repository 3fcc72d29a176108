"""Writes what is for people: identities' and scopes' recipients, external keys' recipients, and grants.

Beside :mod:`writer`, because these cannot be made to repeat: encapsulation and ML-DSA take randomness of their own.
"""

import hmac
import os
from hashlib import sha512
from typing import Any

from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa, mlkem, x25519
from writer import FILE_KEY, envelope, keyring_payload, primary

from fortress_reader import Keyring, PublicIdentity, ScopeIdentity, SecretIdentity, SigningKey, cbor
from fortress_reader.payload import expand

_SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA512, hpke.AEAD.AES_256_GCM)
_MLKEM_LENGTH = 1_184
_SIGNING = b"fortress-sdk/signing@v1\0"


def identity_recipient(public: PublicIdentity, file_key: bytes = FILE_KEY) -> list[object]:
    """R-5."""
    return [3, public.id + _sealed(public, file_key)]


def scope_identity(ring: Keyring) -> ScopeIdentity:
    """I-5, of the primary version."""
    seed = ring.purpose_key(primary(ring), "identity")
    return ScopeIdentity(primary(ring), SecretIdentity(seed).public)


def scope_recipient(scope: ScopeIdentity, file_key: bytes = FILE_KEY) -> list[object]:
    """R-8."""
    return [6, scope.key_id + _sealed(scope.public, file_key)]


def external_recipient(reference: str, wrapped: bytes) -> list[object]:
    """R-7."""
    name = reference.encode("utf-8")
    return [5, len(name).to_bytes(2, "big") + name + wrapped]


def associated(suite: int = 2) -> bytes:
    """X-1, of a header that has nothing but its recipients and this suite."""
    return hmac.digest(bytes(32), b"fortress-sdk/external@v1\0" + cbor.encode({1: suite}), sha512)[:32]


def statement(granter: SigningKey, ring: Keyring, actions: int, times: tuple[int, int], purpose: str) -> bytes:
    """A-5."""
    encrypting = scope_identity(ring)
    keys = encrypting.key_id + encrypting.public.key if actions == 1 else cbor.encode(keyring_payload(ring))
    return cbor.encode(
        {
            1: os.urandom(16),
            2: granter.verifying.key,
            3: actions,
            4: list(ring.path),
            5: times[0],
            6: times[1],
            7: purpose,
            8: ["", "Ada"],
            9: keys,
        }
    )


def grant(head: dict[Any, Any], granter: SigningKey, said: bytes) -> bytes:
    """A-4, A-6. What comes before the message does not depend on it."""
    start = envelope(head, b"")[: 9 + len(cbor.encode(head)) + 32]
    signature = _signature(granter, b"fortress-sdk/grant@v1\0" + start + said)
    sealed = envelope(head, cbor.encode([said, signature]))
    assert sealed.startswith(start)
    return sealed


def _sealed(public: PublicIdentity, file_key: bytes) -> bytes:
    """I-2."""
    kem = mlkem.MLKEM768PublicKey.from_public_bytes(public.key[:_MLKEM_LENGTH])
    curve = x25519.X25519PublicKey.from_public_bytes(public.key[_MLKEM_LENGTH:])
    return _SUITE.encrypt(file_key, hpke.MLKEM768X25519PublicKey(kem, curve), b"fortress-sdk/identity@v1\0file key")


def _signature(granter: SigningKey, message: bytes) -> bytes:
    """A-1, A-2."""
    names = {1: (b"Ed25519",), 2: (b"hybrid Ed25519", b"hybrid ML-DSA-65")}[granter.algorithm]
    seeds = [expand(granter.seed, _SIGNING + name, 32) for name in names]
    signature = ed25519.Ed25519PrivateKey.from_private_bytes(seeds[0]).sign(message)
    return signature + b"".join(mldsa.MLDSA65PrivateKey.from_seed_bytes(seed).sign(message) for seed in seeds[1:])
