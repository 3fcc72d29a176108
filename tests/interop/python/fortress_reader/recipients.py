"""R-1 to R-8: the recipients of an envelope, and what opens them."""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from . import limits
from .context import EMPTY
from .errors import Code, FortressError, authentication_failed
from .identities import ID_LENGTH, SEALED_OVERHEAD, SecretIdentity
from .keys import KEY_ID_LENGTH, Keyring
from .payload import SHORTEST, open_message
from .shares import ID_LENGTH as SET_ID_LENGTH
from .shares import SHARE_LENGTH, Share, Shares
from .suites import AES_256_GCM
from .tokens import FIELD_TOKEN, LABEL_LENGTH, Label, decrypt_for

FILE_KEY_LENGTH = 32

KEYRING = 1
PASSPHRASE = 2
IDENTITY = 3
SHARES = 4
EXTERNAL = 5
SCOPE = 6

_BODY_LENGTHS = {
    KEYRING: LABEL_LENGTH + SHORTEST + FILE_KEY_LENGTH,
    PASSPHRASE: 16 + 3 * 4 + SHORTEST + FILE_KEY_LENGTH,
    IDENTITY: ID_LENGTH + SEALED_OVERHEAD + FILE_KEY_LENGTH,
    SCOPE: KEY_ID_LENGTH + SEALED_OVERHEAD + FILE_KEY_LENGTH,
}


# id, k and n; then the message; then as many held shares as there are.
_SET_LENGTH = SET_ID_LENGTH + 2
_SHARES_LENGTH = _SET_LENGTH + SHORTEST + FILE_KEY_LENGTH
_HELD_LENGTH = ID_LENGTH + SHARE_LENGTH + SEALED_OVERHEAD


@dataclass(frozen=True)
class Recipient:
    """R-1: a type and a body."""

    type: int
    body: bytes

    @classmethod
    def of(cls, kind: object, body: object) -> "Recipient":
        if not isinstance(kind, int) or not isinstance(body, bytes):
            raise FortressError(Code.NON_CANONICAL, "a recipient is an unsigned integer and a byte string")
        if len(body) != _BODY_LENGTHS.get(kind, len(body)):
            raise FortressError(
                Code.NON_CANONICAL, f"a recipient of type {kind} has {_BODY_LENGTHS[kind]} bytes, not {len(body)}"
            )
        if kind == KEYRING and body[0] != FIELD_TOKEN:
            raise FortressError(Code.NON_CANONICAL, "a recipient of type 1 is a field token")
        if kind == SHARES:
            _check_shares(body)
        if kind == EXTERNAL:
            _external(body)
        return cls(kind, body)


@dataclass(frozen=True)
class Argon2Limits:
    """L-2: what a reader lets a header ask of Argon2id."""

    memory_kib: int = 262_144
    passes_times_memory_kib: int = 1_048_576
    lanes: int = 16

    def check(self, passes: int, memory_kib: int, lanes: int) -> None:
        """R-4: before any memory is allocated."""
        if (
            not 1 <= lanes <= self.lanes
            or passes < 1
            or not 8 * lanes <= memory_kib <= self.memory_kib
            or passes * memory_kib > self.passes_times_memory_kib
        ):
            raise FortressError(
                Code.ARGON2_LIMITS,
                f"the header asks for {passes} passes over {memory_kib} KiB in {lanes} lanes, beyond the limits",
            )


@dataclass(frozen=True)
class Passphrase:
    """R-3: what a person types."""

    text: str = field(repr=False)
    limits: Argon2Limits = Argon2Limits()

    def __post_init__(self) -> None:
        if not self.text:
            raise FortressError(Code.EMPTY_PASSPHRASE, "a passphrase is not empty")

    def input_key(self, salt: bytes, passes: int, memory_kib: int, lanes: int) -> bytes:
        derivation = Argon2id(salt=salt, length=32, iterations=passes, lanes=lanes, memory_cost=memory_kib)
        return derivation.derive(self.normalized())

    def normalized(self) -> bytes:
        """The UTF-8 of the passphrase's Normalization Form C."""
        return unicodedata.normalize("NFC", self.text).encode("utf-8")


@dataclass(frozen=True)
class ExternalKey:
    """X-1, X-2: a key elsewhere; ``call`` takes what it wrapped and the associated data."""

    reference: str
    call: Callable[[bytes, bytes], bytes] = field(repr=False)


Identity = Keyring | Passphrase | SecretIdentity | Shares | ExternalKey


def check_counts(recipients: Sequence[Recipient]) -> None:
    """E-2, R-4: how many recipients a header has."""
    if not recipients:
        raise FortressError(Code.NON_CANONICAL, "an envelope has at least one recipient")
    if len(recipients) > limits.RECIPIENTS:
        raise FortressError(Code.TOO_MANY_RECIPIENTS, f"an envelope has at most {limits.RECIPIENTS} recipients")
    if sum(recipient.type == PASSPHRASE for recipient in recipients) > limits.PASSPHRASE_RECIPIENTS:
        raise FortressError(
            Code.TOO_MANY_RECIPIENTS, f"an envelope has at most {limits.PASSPHRASE_RECIPIENTS} passphrase recipients"
        )


def unwrap(recipients: Sequence[Recipient], identities: Iterable[Identity], associated: bytes = b"") -> bytes:
    """R-1: the file key, from the first recipient that one of the identities opens."""
    failures: list[FortressError] = []
    for attempt in _attempts(recipients, identities, associated):
        try:
            return attempt()
        except FortressError as failure:
            failures.append(failure)
    if failures:
        raise min(failures, key=lambda failure: _RANK.get(failure.code, 0))
    foreign = sorted({recipient.type for recipient in recipients} - _BODY_LENGTHS.keys() - {SHARES, EXTERNAL})
    unknown = f"; types not known here: {foreign}" if foreign else ""
    raise FortressError(Code.WRONG_RECIPIENT, f"no recipient of this envelope is for what was given{unknown}")


# L-5: what is reported when recipients failed in different ways, any other defect before these.
_RANK = {Code.KEY_DESTROYED: 1, Code.NOT_ENOUGH_SHARES: 2, Code.WRONG_PASSPHRASE: 3}


def _attempts(
    recipients: Sequence[Recipient], identities: Iterable[Identity], associated: bytes
) -> Iterator[Callable[[], bytes]]:
    """One attempt for each identity and each recipient that it may open."""
    keyrings, passphrases, sealed, sets, external, scopes = (
        [recipient.body for recipient in recipients if recipient.type == kind]
        for kind in (KEYRING, PASSPHRASE, IDENTITY, SHARES, EXTERNAL, SCOPE)
    )
    for identity in identities:
        if isinstance(identity, Passphrase):
            for body in passphrases:
                identity.limits.check(*_parameters(body))
            yield from (partial(_unwrap_passphrase, identity, body) for body in passphrases)
        elif isinstance(identity, SecretIdentity):
            own = (body[ID_LENGTH:] for body in sealed if body[:ID_LENGTH] == identity.public.id)
            yield from (partial(identity.open, "file key", body) for body in own)
        elif isinstance(identity, ExternalKey):
            first = dict(_external(body) for body in reversed(external)).get(identity.reference)
            yield from (partial(identity.call, wrapped, associated) for wrapped in [first] if wrapped)
        elif isinstance(identity, Shares):
            own = (body for body in sets if body[:SET_ID_LENGTH] == identity.set)
            yield from (partial(_unwrap_shares, identity, body) for body in own)
        else:
            held = (body for body in keyrings if identity.holds(Label.parse(body).key_id))
            yield from (partial(decrypt_for, identity, "wrap", body, EMPTY) for body in held)
            own = (body for body in scopes if identity.holds(body[:KEY_ID_LENGTH]))
            yield from (partial(_unwrap_by_scope, identity, body) for body in own)


def held_shares(recipients: Iterable[Recipient], identity: SecretIdentity) -> list[Share]:
    """R-6: the shares that the recipients hold for an identity."""
    held = []
    for body in (recipient.body for recipient in recipients if recipient.type == SHARES):
        for at in range(_SHARES_LENGTH, len(body), _HELD_LENGTH):
            if body[at : at + ID_LENGTH] == identity.public.id:
                share = Share.of(identity.open("share", body[at + ID_LENGTH : at + _HELD_LENGTH]))
                if (share.set, share.threshold) != (body[:SET_ID_LENGTH], body[SET_ID_LENGTH]):
                    raise authentication_failed()
                held.append(share)
    if not held:
        raise FortressError(Code.WRONG_RECIPIENT, "no share is held for this identity")
    return held


def _unwrap_by_scope(keyring: Keyring, body: bytes) -> bytes:
    """R-8, I-5."""
    seed = keyring.purpose_key(body[:KEY_ID_LENGTH], "identity")
    return SecretIdentity(seed).open("file key", body[KEY_ID_LENGTH:])


def _external(body: bytes) -> tuple[str, bytes]:
    """R-7: reference and wrapped key."""
    length = int.from_bytes(body[:2], "big")
    reference, wrapped = body[2 : 2 + length], body[2 + length :]
    if not 1 <= length <= 1_024 or len(reference) < length or not 1 <= len(wrapped) <= 8_192:
        raise FortressError(Code.NON_CANONICAL, "a recipient of type 5 is a reference and a wrapped key")
    try:
        return reference.decode("utf-8"), wrapped
    except UnicodeDecodeError:
        raise FortressError(Code.NON_CANONICAL, "a reference is UTF-8") from None


def _check_shares(body: bytes) -> None:
    """R-6."""
    held, rest = divmod(len(body) - _SHARES_LENGTH, _HELD_LENGTH)
    if held < 0 or rest or not 2 <= body[SET_ID_LENGTH] <= body[SET_ID_LENGTH + 1] or held > body[SET_ID_LENGTH + 1]:
        raise FortressError(Code.NON_CANONICAL, "a recipient of type 4 has 114 bytes and 1186 for each held share")


def _unwrap_shares(shares: Shares, body: bytes) -> bytes:
    """R-6."""
    return open_message(AES_256_GCM, shares.key(), body[_SET_LENGTH:_SHARES_LENGTH], body[:_SET_LENGTH])


def _unwrap_passphrase(passphrase: Passphrase, body: bytes) -> bytes:
    """R-3."""
    input_key = passphrase.input_key(body[:16], *_parameters(body))
    try:
        return open_message(AES_256_GCM, input_key, body[28:], b"")
    except FortressError as failure:
        if failure.code is not Code.AUTHENTICATION_FAILED:
            raise
        raise FortressError(Code.WRONG_PASSPHRASE, "the passphrase does not open this envelope") from None


def _parameters(body: bytes) -> tuple[int, int, int]:
    """Passes, memory in KiB and lanes, as R-3 stores them."""
    passes, memory_kib, lanes = (int.from_bytes(body[at : at + 4], "big") for at in (16, 20, 24))
    return passes, memory_kib, lanes
