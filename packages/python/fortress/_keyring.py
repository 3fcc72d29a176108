"""Keyrings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from . import _columns, _fortress
from ._parties import Opener, Passphrase, Recipient, kept, newcomers, parties
from ._secret import Secret
from ._times import moment, now, seconds
from .errors import ArgumentError

if TYPE_CHECKING:
    from typing import Literal

    from ._grants import SigningKey
    from ._types import Actions, BytesLike, Context, Keep, Profile

__all__ = ["HoistedColumn", "HoistedRow", "KeyVersion", "Keyring"]


class KeyVersion(NamedTuple):
    """One version of a keyring."""

    #: 8 hexadecimal digits, as in every ciphertext that it made.
    id: str
    created: datetime
    #: ``primary`` encrypts; the others only decrypt, until they are destroyed.
    state: Literal["primary", "decrypt-only", "destroyed"]


class HoistedRow(NamedTuple):
    """An encrypted row whose header is stored once, beside its fields: 21 bytes a field instead of 83."""

    header: str
    fields: dict[str, Any]


class HoistedColumn(NamedTuple):
    """An encrypted column whose header is stored once, beside its tokens: 21 bytes a value instead of 83."""

    header: str
    tokens: Any


class Keyring(Secret, _fortress.Keyring):
    """Versioned keys. One version is primary and encrypts; the others decrypt until they are destroyed.

    >>> keyring = Keyring.generate()
    >>> email = keyring.scope("acme", "users", "email")
    >>> token = email.encrypt("ada@example.org", context={"row": "42"})
    >>> email.decrypt_text(token, context={"row": "42"})
    'ada@example.org'

    A keyring narrowed by :meth:`scope` derives everything below its scope and nothing beside or above it. Threads can
    share it. Leaving it as a context manager wipes its secrets.
    """

    __slots__ = ()

    @classmethod
    def generate(cls, *, profile: Profile | None = None) -> Keyring:
        """A keyring with one fresh version. :meth:`seal` it to keep it."""
        return cls._generate(profile, now())

    @classmethod
    def open(
        cls,
        sealed: BytesLike,
        *,
        passphrase: str | Passphrase | None = None,
        keyring: Keyring | None = None,
        identities: Iterable[Opener] = (),
    ) -> Keyring:
        """Opens what :meth:`seal` made, by any of the identities that are given."""
        return cls._open(sealed, parties(keyring, passphrase, identities, "an identity"))

    def seal(
        self,
        *,
        passphrase: str | Passphrase | None = None,
        keyring: Keyring | None = None,
        recipients: Iterable[Recipient] = (),
        metadata: Mapping[str, str] | None = None,
    ) -> bytes:
        """This keyring with all its versions, encrypted for the recipients that are given. Store it anywhere."""
        return self._seal(parties(keyring, passphrase, recipients, "a recipient"), metadata)

    @staticmethod
    def rewrap(
        sealed: BytesLike,
        *,
        keyring: Keyring | None = None,
        passphrase: str | Passphrase | None = None,
        identities: Iterable[Opener] = (),
        recipients: Iterable[Recipient] = (),
        keep: Keep = "none",
    ) -> bytes:
        """A sealed keyring for other recipients; its content stays as it is. See :func:`fortress.rewrap_file`.

        Who is taken out keeps the keys if they ever opened it, and opens copies from before: :meth:`rotate` it and seal
        it for those who stay, and what is encrypted from then on is out of their reach.

        >>> import fortress
        >>> ada, keyring = fortress.Identity.generate(), Keyring.generate()
        >>> sealed = keyring.seal(recipients=[ada.public])
        >>> bob = fortress.Identity.generate()
        >>> sealed = Keyring.rewrap(sealed, identities=[ada], recipients=[bob.public], keep="all")
        >>> Keyring.open(sealed, identities=[bob]).primary == Keyring.open(sealed, identities=[ada]).primary
        True
        """
        named = parties(keyring, passphrase, identities, "an identity")
        replaced, header = _fortress.Keyring._rewrap(sealed, named, newcomers(recipients), kept(keep))
        return b"".join((header, memoryview(sealed)[replaced:]))

    def scope(self, *segments: str) -> Keyring:
        """This keyring narrowed: ``keyring.scope("acme", "users", "email")``."""
        return self._scope(segments)

    def grant(
        self,
        *,
        signed_by: SigningKey,
        actions: Actions,
        valid_until: datetime | timedelta,
        valid_from: datetime | None = None,
        passphrase: str | Passphrase | None = None,
        keyring: Keyring | None = None,
        recipients: Iterable[Recipient] = (),
        purpose: str = "",
        granter_name: str = "",
        recipient_name: str = "",
    ) -> bytes:
        """Makes a grant: the keys of the scope that this keyring is narrowed to, for the recipients that are given,
        signed. They open it with :meth:`Grant.open`.

        ``actions`` are ``"encrypt"``, ``"decrypt"`` or ``"both"``; a grant to encrypt holds no key that decrypts. It is
        valid from now on, unless ``valid_from`` says otherwise, and until a moment, or for so long. Who has opened it
        may have kept its keys: to end one before its time, :meth:`rotate` the keyring.

        The texts, of at most 1,024 bytes for the purpose and 255 for each name, are signed too, and for people to read.
        """
        start = now() if valid_from is None else seconds(valid_from, "valid_from")
        if isinstance(valid_until, timedelta):
            end = max(0, start + valid_until // timedelta(seconds=1))
        else:
            end = seconds(valid_until, "valid_until")
        named = parties(keyring, passphrase, recipients, "a recipient")
        return self._grant(named, signed_by, actions, (start, end), (purpose, granter_name, recipient_name))

    @property
    def profile(self) -> str:
        """The name of its profile."""
        return self._describe()[0]

    @property
    def path(self) -> tuple[str, ...]:
        """The scope that it is narrowed to; empty for one that is not."""
        return tuple(self._describe()[1])

    @property
    def primary(self) -> str:
        """The id of the version that encrypts."""
        return self._describe()[2]

    @property
    def versions(self) -> tuple[KeyVersion, ...]:
        """All versions, oldest first."""
        return tuple(
            KeyVersion(id, moment(created), state)  # type: ignore[arg-type]
            for id, created, state in self._describe()[3]
        )

    def rotation_due(self, at: datetime | None = None) -> bool:
        """Is the primary version as old as the profile says it may become?"""
        return self._rotation_due(now() if at is None else seconds(at.astimezone(), "at"))

    def rotate(self) -> str:
        """Adds a fresh primary version and returns its id. The former goes on decrypting; seal the keyring again."""
        return self._rotate(now())

    def destroy_version(self, id: str) -> None:
        """Wipes a version for good: what it encrypted cannot be read by this keyring again."""
        self._destroy_version(id)

    def expose_secret(self, id: str) -> bytes:
        """A version's 32-byte secret in the clear, for escrow: whoever has it reads all that the version encrypted."""
        secret = self._expose_secret(id)
        if secret is None:
            raise ArgumentError(
                f"there is no secret of a version {id}: unknown, destroyed, or of a grant", "unknown_key"
            )
        return secret

    def encrypt_all(self, values: Iterable[str | BytesLike | None], *, contexts: _columns.Contexts = None) -> list[Any]:
        """Encrypts many values in one call, each as :meth:`encrypt` does, to tokens that have nothing in common;
        ``None`` stays ``None``. ``contexts`` as of :meth:`encrypt_column`; a :class:`ColumnError` names what failed.

        Values that belong together are a column or a row: these are shorter, and much faster.

        >>> keyring = Keyring.generate()
        >>> tokens = keyring.encrypt_all(["ada@example.org", b"", None], contexts={"row": ["1", "2", "3"]})
        >>> keyring.decrypt_text(tokens[0], context={"row": "1"})
        'ada@example.org'
        >>> keyring.decrypt_all(tokens, contexts={"row": ["1", "2", "3"]})
        [b'ada@example.org', b'', None]
        """
        return _columns.encrypt_all(self, values, contexts)

    def decrypt_all(
        self, tokens: Iterable[str | BytesLike | None], *, contexts: _columns.Contexts = None
    ) -> list[bytes | None]:
        """Decrypts many single tokens, each as :meth:`decrypt` does."""
        return _columns.decrypt_all(self, tokens, contexts, False)

    def decrypt_all_text(
        self, tokens: Iterable[str | BytesLike | None], *, contexts: _columns.Contexts = None
    ) -> list[str | None]:
        """As :meth:`decrypt_all`, for values that were text."""
        return _columns.decrypt_all(self, tokens, contexts, True)

    def encrypt_row(self, row: Mapping[str, str | BytesLike], context: Context | None = None) -> dict[str, Any]:
        """Encrypts the fields of a row as one group: a token for each, readable by itself.

        >>> users = Keyring.generate().scope("acme", "users")
        >>> tokens = users.encrypt_row({"name": "Ada", "email": "ada@example.org"}, context={"row": "42"})
        >>> users.decrypt_row_text(tokens, context={"row": "42"})
        {'name': 'Ada', 'email': 'ada@example.org'}
        """
        return self._encrypt_row(row, context, False)[1]

    def encrypt_row_hoisted(self, row: Mapping[str, str | BytesLike], context: Context | None = None) -> HoistedRow:
        """As :meth:`encrypt_row`, with the header stored once. The tokens cannot be read without it."""
        header, fields = self._encrypt_row(row, context, True)
        return HoistedRow(_fortress.encode_token(header), fields)

    def decrypt_row(
        self,
        row: Mapping[str, str | BytesLike] | HoistedRow,
        context: Context | None = None,
        *,
        header: str | BytesLike | None = None,
    ) -> dict[str, bytes]:
        """Decrypts a row of either kind. ``header`` is that of a hoisted row whose parts are stored apart."""
        return self._row(row, context, header, False)

    def decrypt_row_text(
        self,
        row: Mapping[str, str | BytesLike] | HoistedRow,
        context: Context | None = None,
        *,
        header: str | BytesLike | None = None,
    ) -> dict[str, str]:
        """As :meth:`decrypt_row`, for fields that were text."""
        return self._row(row, context, header, True)

    @overload
    def reencrypt_row(
        self, row: HoistedRow, context: Context | None = None, *, header: str | BytesLike | None = None
    ) -> HoistedRow: ...
    @overload
    def reencrypt_row(
        self, row: Mapping[str, str | BytesLike], context: Context | None = None, *, header: str | BytesLike
    ) -> HoistedRow: ...
    @overload
    def reencrypt_row(
        self, row: Mapping[str, str | BytesLike], context: Context | None = None, *, header: None = None
    ) -> dict[str, Any]: ...
    def reencrypt_row(
        self,
        row: Mapping[str, str | BytesLike] | HoistedRow,
        context: Context | None = None,
        *,
        header: str | BytesLike | None = None,
    ) -> dict[str, Any] | HoistedRow:
        """Encrypts a row again under the primary version, in the layout that it has. Its values do not become objects.

        >>> keyring = Keyring.generate()
        >>> row = keyring.encrypt_row_hoisted({"name": "Ada", "email": "ada@example.org"}, context={"row": "42"})
        >>> _ = keyring.rotate()
        >>> keyring.is_current(row.header)
        False
        >>> row = keyring.reencrypt_row(row, context={"row": "42"})
        >>> keyring.is_current(row.header)
        True
        """
        fields, header = _row_parts(row, header)
        made, tokens = self._reencrypt_row(fields, header, context)
        return tokens if header is None else HoistedRow(_fortress.encode_token(made), tokens)

    def encrypt_column(self, values: Any, *, context: Context | None = None, contexts: _columns.Contexts = None) -> Any:
        """Encrypts many values at once, on all cores: lists, NumPy arrays, pandas and Polars series, PyArrow arrays.

        Tokens come back in what the values came in; nulls stay null. ``context`` is that of the column. ``contexts``
        binds each value to its row: a mapping for each value, or a column for each key. Without it, whoever stores the
        column could exchange its values.

        >>> email = Keyring.generate().scope("acme", "users", "email")
        >>> tokens = email.encrypt_column(["ada@example.org", None], contexts={"row": ["1", "2"]})
        >>> email.decrypt_column_text(tokens, contexts={"row": ["1", "2"]})
        ['ada@example.org', None]
        """
        return _columns.encrypt(self, values, context, contexts)

    def encrypt_column_hoisted(
        self, values: Any, *, context: Context | None = None, contexts: _columns.Contexts = None
    ) -> HoistedColumn:
        """As :meth:`encrypt_column`, with the header stored once. The tokens cannot be read without it. At most
        1,048,576 values.

        >>> email = Keyring.generate().scope("acme", "users", "email")
        >>> column = email.encrypt_column_hoisted([b"ada@example.org", b""], contexts={"row": ["1", "2"]})
        >>> [len(token) for token in column.tokens]
        [36, 21]
        >>> email.decrypt_column(column, contexts={"row": ["1", "2"]})
        [b'ada@example.org', b'']
        """
        header, tokens = _columns.encrypt_hoisted(self, values, context, contexts)
        return HoistedColumn(_fortress.encode_token(header), tokens)

    def decrypt_column(
        self,
        tokens: Any,
        *,
        context: Context | None = None,
        contexts: _columns.Contexts = None,
        header: str | BytesLike | None = None,
    ) -> Any:
        """Decrypts a column of either kind, to bytes. A :class:`ColumnError` names every row that failed.

        ``header`` is that of a hoisted column whose parts are stored apart.
        """
        return self._column(tokens, context, contexts, header, False)

    def decrypt_column_text(
        self,
        tokens: Any,
        *,
        context: Context | None = None,
        contexts: _columns.Contexts = None,
        header: str | BytesLike | None = None,
    ) -> Any:
        """As :meth:`decrypt_column`, for values that were text."""
        return self._column(tokens, context, contexts, header, True)

    @overload
    def reencrypt_column(
        self,
        tokens: HoistedColumn,
        *,
        context: Context | None = None,
        contexts: _columns.Contexts = None,
        header: str | BytesLike | None = None,
    ) -> HoistedColumn: ...
    @overload
    def reencrypt_column(
        self,
        tokens: Any,
        *,
        context: Context | None = None,
        contexts: _columns.Contexts = None,
        header: str | BytesLike,
    ) -> HoistedColumn: ...
    @overload
    def reencrypt_column(
        self, tokens: Any, *, context: Context | None = None, contexts: _columns.Contexts = None, header: None = None
    ) -> Any: ...
    def reencrypt_column(
        self,
        tokens: Any,
        *,
        context: Context | None = None,
        contexts: _columns.Contexts = None,
        header: str | BytesLike | None = None,
    ) -> Any:
        """Encrypts a column again under the primary version, in the layout that it has, on all cores. Its values do not
        become objects. A :class:`ColumnError` names every row that failed.

        >>> keyring = Keyring.generate()
        >>> tokens = keyring.encrypt_column(["ada@example.org", None], contexts={"row": ["1", "2"]})
        >>> _ = keyring.rotate()
        >>> tokens = keyring.reencrypt_column(tokens, contexts={"row": ["1", "2"]})
        >>> keyring.is_current(tokens[0])
        True
        """
        tokens, header = _column_parts(tokens, header)
        made, tokens = _columns.reencrypt(self, tokens, context, contexts, header)
        return tokens if header is None else HoistedColumn(_fortress.encode_token(made), tokens)

    def _row(self, row: Any, context: Context | None, header: Any, text: bool) -> dict[str, Any]:
        fields, header = _row_parts(row, header)
        return self._decrypt_row(fields, header, context, text)

    def _column(
        self, tokens: Any, context: Context | None, contexts: _columns.Contexts, header: Any, text: bool
    ) -> Any:
        tokens, header = _column_parts(tokens, header)
        return _columns.decrypt(self, tokens, context, contexts, header, text)

    def __repr__(self) -> str:
        try:
            profile, path, primary, versions = self._describe()
        except ValueError:
            return "<fortress.Keyring, closed>"
        scope = f", scope {'/'.join(path)}" if path else ""
        return f"<fortress.Keyring {profile}{scope}, primary {primary}, {len(versions)} version(s)>"


def _row_parts(row: Any, header: Any) -> tuple[Any, Any]:
    """A row's fields, and the header of one whose header is stored once."""
    if isinstance(row, HoistedRow):
        return row.fields, row.header if header is None else header
    return row, header


def _column_parts(tokens: Any, header: Any) -> tuple[Any, Any]:
    """As :func:`_row_parts`, of a column."""
    if isinstance(tokens, HoistedColumn):
        return tokens.tokens, tokens.header if header is None else header
    return tokens, header
