"""Who may open what is written, and what opens it."""

from __future__ import annotations

import operator
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeVar, Union

from . import _fortress
from ._secret import Secret
from .errors import ArgumentError

if TYPE_CHECKING:
    from ._grants import Grant
    from ._keyring import Keyring
    from ._types import BytesLike, Keep

_T = TypeVar("_T")


class Passphrase(Secret, _fortress.Passphrase):
    """A passphrase, and what guessing it costs where it becomes a recipient.

    By default guessing costs what RFC 9106 recommends second: ``passes=3``, ``memory_kib=65536``, ``lanes=4``.

    >>> Passphrase("correct horse battery staple")
    <fortress.Passphrase>
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "<fortress.Passphrase>"


class Identity(Secret, _fortress.Identity):
    """A key pair by which others encrypt for someone: X25519 and ML-KEM-768 together, so that what is sealed today
    stays sealed when quantum computers break the one.

    Give out :attr:`public`, a text of 1,961 characters that starts with ``fortress1``; others name it as a recipient.

    >>> import fortress
    >>> ada = Identity.generate()
    >>> envelope = fortress.encrypt_bytes(b"for Ada", recipients=[ada.public])
    >>> fortress.decrypt_bytes(envelope, identities=[ada])
    b'for Ada'
    """

    __slots__ = ()

    @classmethod
    def generate(cls) -> Identity:
        """A fresh identity. :meth:`expose_secret` is what to keep of it."""
        return cls()

    @classmethod
    def from_secret(cls, secret: str) -> Identity:
        """The identity of its secret text, which starts with ``FORTRESS-SECRET-KEY-1``."""
        return cls(secret)

    def __repr__(self) -> str:
        try:
            return f"<fortress.Identity {self.id}>"
        except ValueError:
            return "<fortress.Identity, closed>"


class ShareSet(Secret, _fortress.ShareSet):
    """A fresh set of shares, of which any ``threshold`` open what is encrypted for the set, and fewer open nothing.

    It is a recipient. Give each share to someone else before it is gone: nothing but its shares brings it back. The
    first of ``holders``, who are public identities, finds the first share in the header, sealed for them, and so on
    (:meth:`Identity.held_shares`); hand out the rest by other ways.

    >>> import fortress
    >>> shares = ShareSet.generate(2, 3)
    >>> sealed = fortress.Keyring.generate().seal(recipients=[shares])
    >>> ada, bob, eve = shares.expose_shares()
    >>> fortress.Keyring.open(sealed, identities=[Shares([eve, ada])]).profile
    'balanced'
    """

    __slots__ = ()

    @classmethod
    def generate(cls, threshold: int, count: int, *, holders: Iterable[str] = ()) -> ShareSet:
        """A set of ``count`` shares, of which any ``threshold`` open; at least 2."""
        named = list(listed(holders))
        try:
            return cls(threshold, count, named)
        except OverflowError:
            raise ArgumentError(
                "a share set needs 2 to 255 shares, and at least 2 and at most all of them to open; "
                f"this one has {count}, {threshold} to open",
                "invalid_share_set",
            ) from None

    def __repr__(self) -> str:
        try:
            return f"<fortress.ShareSet {self.id}, {self.threshold} open>"
        except ValueError:
            return "<fortress.ShareSet, closed>"


class Shares(Secret, _fortress.Shares):
    """Shares of one set, brought together in any order to open something: their texts, each ``FORTRESS-SHARE-1…``."""

    __slots__ = ()

    def __new__(cls, texts: Iterable[str]) -> Shares:
        """The shares of these texts."""
        return super().__new__(cls, list(listed(texts)))

    def __repr__(self) -> str:
        try:
            return f"<fortress.Shares, {len(self)} of set {self.set_id}, {self.threshold} open>"
        except ValueError:
            return "<fortress.Shares, closed>"


class ExternalKey(ABC):
    """A key that never comes here: in a hardware module, a cloud service, a plug-in. It wraps and unwraps file keys.

    Whatever a method raises becomes a :class:`fortress.KeyNotHeldError` with that as its cause: ``key_unavailable`` for
    an ``OSError``, such as a time-out, and ``key_refused`` otherwise. An :class:`fortress.AuthenticationError` says
    that what it was given to unwrap is not what it wrapped.
    """

    @property
    @abstractmethod
    def reference(self) -> str:
        """What the key is known by: 1 to 1,024 bytes, such as an RFC 7512 URI. Anyone can read it in the header."""

    @abstractmethod
    def wrap(self, file_key: bytes, associated: bytes) -> BytesLike:
        """Wraps the 32 bytes of a file key, to at most 8,192 bytes. The 32 bytes of ``associated`` stand for the
        header: a key that can authenticate them binds what it wraps to it."""

    @abstractmethod
    def unwrap(self, wrapped: bytes, associated: bytes) -> BytesLike:
        """Unwraps what :meth:`wrap` gave, with the same ``associated``. They come from a header that is not
        authenticated yet."""

    def opens(self, reference: str) -> bool:
        """Does it open what is wrapped under this reference? A key that has several names says yes to each."""
        return reference == self.reference


#: Who may open what is written. A ``str`` is a public identity, of someone or of a scope.
Recipient = Union["Keyring", "Grant", Passphrase, Identity, str, ShareSet, ExternalKey]
#: What opens it.
Opener = Union["Keyring", "Grant", Passphrase, Identity, Shares, ExternalKey]


def parties(
    keyring: Keyring | None,
    passphrase: str | Passphrase | None,
    others: Iterable[object],
    what: str,
) -> tuple[object, ...]:
    """All that a call names, keyring first."""
    named: tuple[object, ...] = () if keyring is None else (keyring,)
    if passphrase is not None:
        named += (passphrase if isinstance(passphrase, Passphrase) else Passphrase(passphrase),)
    named += tuple(listed(others))
    if not named:
        raise ArgumentError(f"{what} is needed: give keyring=, passphrase= or a list of others", "no_recipient")
    return named


def newcomers(recipients: Iterable[Recipient]) -> tuple[Recipient, ...]:
    """The recipients that a header gets beside those whom it keeps."""
    return tuple(listed(recipients))


def kept(keep: Keep) -> Keep:
    """Whom a header keeps. Places of theirs are numbers that the extension module can take."""
    if isinstance(keep, str):
        return keep
    places = tuple(operator.index(place) for place in keep)
    for place in places:
        if not 0 <= place <= sys.maxsize:
            raise ArgumentError(f"there is no recipient at place {place}: they are counted from 0", "no_such_recipient")
    return places


def listed(parties: Iterable[_T]) -> Iterable[_T]:
    """What was given as a list, and not as one text that would be taken apart."""
    if isinstance(parties, str):
        raise TypeError("expected a list, got one str; put it in brackets")
    return parties
