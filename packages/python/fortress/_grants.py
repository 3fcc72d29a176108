"""Grants: the keys of a scope for someone, signed by who gives them, for a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from . import _fortress
from ._keyring import Keyring
from ._parties import Opener, Passphrase, listed, parties
from ._secret import Secret
from ._times import moment, now, seconds

if TYPE_CHECKING:
    from typing import Literal

    from ._types import Actions, BytesLike

__all__ = ["Grant", "GrantTerms", "SigningKey"]


class SigningKey(Secret, _fortress.SigningKey):
    """What signs grants. Give out :attr:`verifying_key`; others name it among the granters that they trust.

    >>> grace = SigningKey.generate()
    >>> grace.verifying_key[:25], len(grace.verifying_key)
    ('fortress-verifying-key-1q', 83)
    """

    __slots__ = ()

    @classmethod
    def generate(cls, algorithm: Literal["ed25519", "hybrid"] | None = None) -> SigningKey:
        """A fresh key. ``"hybrid"`` signs by ML-DSA-65 beside Ed25519, and counts by both: its signatures hold against
        quantum computers, and its verifying key has 3,206 characters."""
        return cls(algorithm=algorithm)

    @classmethod
    def from_secret(cls, secret: str) -> SigningKey:
        """The key of its secret text, which starts with ``FORTRESS-SIGNING-KEY-1``."""
        return cls(secret)

    def __repr__(self) -> str:
        try:
            return f"<fortress.SigningKey {self.id}, {self.algorithm}>"
        except ValueError:
            return "<fortress.SigningKey, closed>"


@dataclass(frozen=True)
class GrantTerms:
    """What a grant says, under its granter's signature."""

    #: 32 hexadecimal digits, by which a record of grants names it.
    id: str
    #: The granter's verifying key.
    granter: str
    #: 16 hexadecimal digits that tell granters apart. Trust is in :attr:`granter`, and in all of it.
    granter_id: str
    #: By what it is signed.
    algorithm: Literal["ed25519", "hybrid"]
    #: What the granter called themself, and for whom they said that it is.
    granter_name: str
    recipient_name: str
    #: The scope.
    path: tuple[str, ...]
    #: What it allows.
    actions: Actions
    #: The first moment at which it is valid, and the first at which it is not any more.
    valid_from: datetime
    valid_until: datetime
    purpose: str


class Grant(Secret, _fortress.Grant):
    """A grant that was opened: the keys of a scope, for some time. :meth:`Keyring.grant` makes one.

    It stands wherever a recipient or an identity does, for files and messages. Its :meth:`keyring` is for tokens,
    rows and columns. Each use asks the clock whether the grant is valid.

    >>> import fortress
    >>> from datetime import timedelta
    >>> ada, grace = fortress.Identity.generate(), fortress.SigningKey.generate()
    >>> users = fortress.Keyring.generate().scope("acme", "users")
    >>> sealed = users.grant(recipients=[ada.public], signed_by=grace, actions="decrypt", valid_until=timedelta(days=7))
    >>> grant = fortress.Grant.open(sealed, trusted=[grace.verifying_key], identities=[ada])
    >>> grant.keyring().decrypt_text(users.encrypt("Ada Lovelace"))
    'Ada Lovelace'
    >>> grant.keyring().encrypt("Charles Babbage")
    Traceback (most recent call last):
    fortress.errors.OutsideGrantError: this keyring was granted for less: its grant does not allow that
    """

    __slots__ = ()

    @classmethod
    def open(
        cls,
        sealed: BytesLike,
        *,
        trusted: Iterable[str],
        passphrase: str | Passphrase | None = None,
        keyring: Keyring | None = None,
        identities: Iterable[Opener] = (),
        at: datetime | None = None,
    ) -> Grant:
        """Opens a grant by any of the identities that are given, if it is signed by one of the ``trusted`` granters,
        whose verifying keys these are, and is valid now, or at the moment that is given."""
        named = parties(keyring, passphrase, identities, "an identity")
        return cls(sealed, named, list(listed(trusted)), _second(at))

    @staticmethod
    def read(
        sealed: BytesLike,
        *,
        passphrase: str | Passphrase | None = None,
        keyring: Keyring | None = None,
        identities: Iterable[Opener] = (),
    ) -> GrantTerms:
        """What a grant says, to decide whether to trust its granter. The signature is the granter's; who that is, and
        whether the grant is valid now, is not looked at."""
        return _made(_fortress.read_grant(sealed, parties(keyring, passphrase, identities, "an identity")))

    @property
    def terms(self) -> GrantTerms:
        """What it says."""
        return _made(self._terms())

    def check(self, at: datetime | None = None) -> None:
        """Raises unless it is valid now, or at the moment that is given."""
        self._check(_second(at))

    def keyring(self, at: datetime | None = None) -> Keyring:
        """A keyring of the grant's scope, which does what the grant allows and is not sealed for others. Only to
        encrypt there is none."""
        return self._scope(Keyring, None, _second(at))

    def scope(self, *segments: str, at: datetime | None = None) -> Keyring:
        """As :meth:`keyring`, narrowed to a scope: the grant's own, or one below it, named from the root."""
        return self._scope(Keyring, list(segments), _second(at))

    def scope_identity(self, at: datetime | None = None) -> str:
        """The identity of the grant's scope, by which those encrypt who shall not decrypt. See
        :meth:`Keyring.scope_identity`."""
        return self._scope_identity(_second(at))

    def __repr__(self) -> str:
        try:
            terms = self.terms
        except ValueError:
            return "<fortress.Grant, closed>"
        return f"<fortress.Grant {terms.actions} {'/'.join(terms.path)} until {terms.valid_until:%Y-%m-%d %H:%M:%S}Z>"


def _made(said: dict[str, Any]) -> GrantTerms:
    said["path"] = tuple(said["path"])
    for name in ("valid_from", "valid_until"):
        said[name] = moment(said[name])
    return GrantTerms(**said)


def _second(at: datetime | None) -> int:
    return now() if at is None else seconds(at, "at")
