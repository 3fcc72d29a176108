"""A-1 to A-9: grants, and the keys that sign them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha512

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa

from . import bech32m, cbor, limits
from .envelopes import open_envelope
from .errors import Code, FortressError
from .identities import PUBLIC_LENGTH, ScopeIdentity
from .keys import Keyring, check_path
from .payload import Layout, expand
from .recipients import Identity
from .sealed import parse_keyring

CONTENT = "grant"

ED25519_ALONE, HYBRID = 1, 2
ENCRYPT, DECRYPT, BOTH = 1, 2, 3

_LABEL = b"fortress-sdk/signing@v1\0"
_NAMES = {ED25519_ALONE: (b"Ed25519",), HYBRID: (b"hybrid Ed25519", b"hybrid ML-DSA-65")}
_KEY_LENGTHS = {ED25519_ALONE: 33, HYBRID: 33 + 1_952}
_SIGNATURE_LENGTHS = {ED25519_ALONE: 64, HYBRID: 64 + 3_309}

# RFC 7748, 4.1: the y coordinates of the eight points of small order; their encodings have either sign.
_P = 2**255 - 19
_ORDER_8 = int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little")
_SMALL = {0, 1, _P - 1, _ORDER_8, _P - _ORDER_8}


@dataclass(frozen=True)
class VerifyingKey:
    """A-1: the algorithm's number, and a key of each of its algorithms."""

    key: bytes

    def __post_init__(self) -> None:
        if not self.key or len(self.key) != _KEY_LENGTHS.get(self.key[0]):
            raise _invalid("a verifying key has 33 bytes for algorithm 1 and 1985 for algorithm 2")
        if _is_small_or_not_reduced(self.key[1:33]) or not _is_a_point(self.key[1:33]):
            raise _invalid("its Ed25519 part is no point of large order, or not in its one encoding")

    @classmethod
    def parse(cls, text: str) -> "VerifyingKey":
        """A-3."""
        return cls(_decode("fortress-verifying-key-", text))

    @property
    def text(self) -> str:
        return bech32m.encode("fortress-verifying-key-", self.key)

    @property
    def id(self) -> bytes:
        """A-3."""
        return sha512(_LABEL + b"id" + self.key).digest()[:8]

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """A-2."""
        if len(signature) != _SIGNATURE_LENGTHS[self.key[0]] or _is_small_or_not_reduced(signature[:32]):
            return False
        try:
            ed25519.Ed25519PublicKey.from_public_bytes(self.key[1:33]).verify(signature[:64], message)
            if self.key[0] == HYBRID:
                mldsa.MLDSA65PublicKey.from_public_bytes(self.key[33:]).verify(signature[64:], message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class SigningKey:
    """A-1: an algorithm and a seed."""

    algorithm: int
    seed: bytes = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> "SigningKey":
        """A-3. The text is uppercase; Bech32m is computed over lowercase."""
        if text != text.upper():
            raise _invalid("the text of a signing key is uppercase")
        data = _decode("fortress-signing-key-", text.lower())
        if len(data) != 33 or data[0] not in _NAMES:
            raise _invalid("a signing key is an algorithm and 32 bytes")
        return cls(data[0], data[1:])

    @property
    def text(self) -> str:
        return bech32m.encode("fortress-signing-key-", bytes([self.algorithm]) + self.seed).upper()

    @cached_property
    def verifying(self) -> VerifyingKey:
        seeds = [expand(self.seed, _LABEL + name, 32) for name in _NAMES[self.algorithm]]
        key = ed25519.Ed25519PrivateKey.from_private_bytes(seeds[0]).public_key().public_bytes_raw()
        for seed in seeds[1:]:
            key += mldsa.MLDSA65PrivateKey.from_seed_bytes(seed).public_key().public_bytes_raw()
        return VerifyingKey(bytes([self.algorithm]) + key)


@dataclass(frozen=True)
class Grant:
    """A-5, read and verified. One to encrypt has the identity of the scope, the others its keyring."""

    id: bytes
    granter: VerifyingKey
    actions: int
    path: tuple[str, ...]
    valid_from: int
    until: int
    purpose: str
    granter_name: str
    recipient_name: str
    keys: Keyring | ScopeIdentity

    def keyring(self) -> Keyring:
        """A-8."""
        if isinstance(self.keys, Keyring):
            return self.keys
        raise FortressError(Code.ACTION_NOT_GRANTED, "the grant is to encrypt, and holds no key that decrypts")


def open_grant(sealed: bytes, identities: Iterable[Identity], trusted: Iterable[VerifyingKey], now: int) -> Grant:
    """A-7."""
    opened = open_envelope(sealed, identities, content=CONTENT)
    if Layout.of(len(sealed) - opened.message_offset).plaintext_length > limits.GRANT:
        raise _not_the_layout(f"the payload of a grant has at most {limits.GRANT} bytes")
    match cbor.decode(opened.decrypt(sealed)):
        case [bytes(statement), bytes(signature)]:
            grant = parse_statement(statement)
        case _:
            raise _not_the_layout("a grant is a statement and a signature")
    # the envelope up to its message, and the statement.
    if not grant.granter.verifies(b"fortress-sdk/grant@v1\0" + sealed[: opened.message_offset] + statement, signature):
        raise FortressError(Code.FORGED_GRANT, "the signature is not the granter's")
    if grant.granter not in trusted:
        raise FortressError(Code.UNTRUSTED_GRANTER, f"granter {grant.granter.id.hex()} is not trusted here")
    if now < grant.valid_from:
        raise FortressError(Code.GRANT_NOT_YET_VALID, f"the grant begins at {grant.valid_from}")
    if now >= grant.until:
        raise FortressError(Code.GRANT_EXPIRED, f"the grant ended at {grant.until}")
    return grant


def parse_statement(statement: bytes) -> Grant:
    """A-5."""
    match cbor.decode(statement):
        case {
            1: bytes(id),
            2: bytes(granter),
            3: int(actions),
            4: list(path),
            5: int(valid_from),
            6: int(until),
            7: str(purpose),
            8: [str(granter_name), str(recipient_name)],
            9: bytes(keys),
            **others,
        } if not others:
            pass
        case _:
            raise _not_the_layout("a statement is a map of nine entries")
    if len(id) != 16 or actions not in (ENCRYPT, DECRYPT, BOTH) or not valid_from < until <= limits.CREATED:
        raise _not_the_layout("an id has 16 bytes, actions are 1 to 3, and a grant ends after it begins")
    texts = (purpose, limits.PURPOSE), (granter_name, limits.NAME), (recipient_name, limits.NAME)
    if any(len(text.encode("utf-8")) > limit for text, limit in texts):
        raise _not_the_layout("the purpose or a name is too long")
    try:
        own = check_path(_texts(path))
        key = VerifyingKey(granter)
    except FortressError as refusal:
        raise _not_the_layout(str(refusal)) from None
    if not own:
        raise _not_the_layout("a grant is for a scope")
    held = _keys(actions, own, keys)
    return Grant(id, key, actions, own, valid_from, until, purpose, granter_name, recipient_name, held)


def _keys(actions: int, path: tuple[str, ...], keys: bytes) -> Keyring | ScopeIdentity:
    if actions == ENCRYPT:
        if len(keys) != 4 + PUBLIC_LENGTH:
            raise _not_the_layout("a grant to encrypt holds the identity of a scope")
        try:
            return ScopeIdentity.of(keys)
        except FortressError as refusal:
            raise _not_the_layout(str(refusal)) from None
    keyring = parse_keyring(keys)
    if keyring.path != path:
        raise _not_the_layout("the keyring is not of the grant's scope")
    return keyring


def _texts(items: list[cbor.Item]) -> list[str]:
    texts = [item for item in items if isinstance(item, str)]
    if len(texts) != len(items):
        raise _not_the_layout("a path is an array of text")
    return texts


def _is_small_or_not_reduced(point: bytes) -> bool:
    y = int.from_bytes(point, "little") & (1 << 255) - 1
    return y >= _P or y in _SMALL


def _is_a_point(point: bytes) -> bool:
    """RFC 8032, 5.1.3: is (y^2 - 1) / (d y^2 + 1) a square?"""
    y = int.from_bytes(point, "little") & (1 << 255) - 1
    d = -121_665 * pow(121_666, -1, _P)
    square = (y * y - 1) * pow(d * y * y + 1, -1, _P) % _P
    return pow(square, (_P - 1) // 2, _P) == 1


def _decode(prefix: str, text: str) -> bytes:
    data = bech32m.decode(prefix, text)
    if data is None:
        raise _invalid(f"expected {prefix}1 and Bech32m")
    return data


def _invalid(sentence: str) -> FortressError:
    return FortressError(Code.INVALID_SIGNING_KEY, sentence)


def _not_the_layout(sentence: str) -> FortressError:
    return FortressError(Code.NON_CANONICAL, sentence)
