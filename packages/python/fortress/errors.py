"""The exceptions: one base, :class:`FortressError`, and a subclass for each kind of trouble.

Every exception has a ``code``, which is stable, and a message of one line that says what to do. A wrong *type* of
argument is Python's own ``TypeError``; a full disk or a missing file is Python's own ``OSError``.

=======================  =============================================================================
exception                when
=======================  =============================================================================
`AuthenticationError`    bytes, key, scope or context are not those of the ciphertext; says no more
`WrongPassphraseError`   the passphrase opens nothing here
`NotFortressError`       other data than Fortress wrote
`TruncatedError`         the end is missing
`UnsupportedError`       a newer version, or a suite that is not known here
`FormatError`            not of its layout in another way
`UnknownKeyError`        another keyring's, or newer than this copy of it
`DestroyedKeyError`      made with a key that was destroyed
`WrongRecipientError`    not encrypted for what you have, or too few shares of it
`KeyNotHeldError`        an external key that refuses or is out of reach; the base of the three above, and of
                         `GrantError`
`ForgedGrantError`       a grant whose signature is not its granter's
`UntrustedGranterError`  a grant of someone who is not among the granters that are trusted
`GrantTimeError`         a grant that is not valid yet, or has expired
`OutsideGrantError`      an action or a scope that a grant does not allow
`GrantError`             the base of these four
`WrongPinError`          a token refuses its PIN, or has locked it: do not try the same one again
`LimitError`             larger than the format, or a careful reader, allows
`ArgumentError`          an argument of the right type that cannot be used
`StateError`             not open yet, closed, finished, or failed before
`RandomnessError`        the system gave no randomness; nothing was encrypted
`ColumnError`            rows of a column failed: all of them, with their numbers
=======================  =============================================================================
"""

from __future__ import annotations

from typing import NamedTuple


class FortressError(Exception):
    """The base of everything that Fortress raises about its own work."""

    #: Stable, in snake_case; part of the API.
    code: str

    def __init__(self, message: str, code: str = "error") -> None:
        super().__init__(message)
        self.code = code


class AuthenticationError(FortressError):
    """Bytes, key, scope or context are not those of the ciphertext. Which of them cannot be told."""


class WrongPassphraseError(AuthenticationError):
    """The passphrase opens none of the recipients."""


class FormatError(FortressError, ValueError):
    """The bytes, or the text, are not what Fortress writes."""


class NotFortressError(FormatError):
    """Other data than Fortress wrote."""


class TruncatedError(FormatError):
    """The end is missing."""


class UnsupportedError(FormatError):
    """Written by a newer version, or with a suite that is not known here."""


class KeyNotHeldError(FortressError):
    """The key that is needed is not here."""


class UnknownKeyError(KeyNotHeldError):
    """Made with a key that this keyring does not hold."""


class DestroyedKeyError(KeyNotHeldError):
    """Made with a key that was destroyed."""


class WrongRecipientError(KeyNotHeldError):
    """None of the envelope's recipients is one that you can open it as."""


class GrantError(KeyNotHeldError):
    """A grant does not give the keys that are needed."""


class ForgedGrantError(GrantError, AuthenticationError):
    """The signature is not that of the granter whom the grant names, for the recipients that it has."""


class UntrustedGranterError(GrantError):
    """Signed by someone who is not among the granters that are trusted."""


class GrantTimeError(GrantError):
    """Not valid yet, or expired."""


class OutsideGrantError(GrantError):
    """An action, or a scope, that the grant does not allow."""


class WrongPinError(KeyNotHeldError):
    """A token refuses its PIN, or has locked it. Tokens lock after a few wrong ones."""


class LimitError(FortressError, ValueError):
    """Larger than the format allows, or than a careful reader accepts."""


class ArgumentError(FortressError, ValueError):
    """An argument that cannot be used."""


class StateError(FortressError, ValueError):
    """Not open yet, closed, finished, or failed before."""


class RandomnessError(FortressError):
    """The system gave no randomness. Nothing was encrypted."""


class RowFailure(NamedTuple):
    """A row of a column that failed."""

    #: Counted from 0.
    row: int
    code: str
    message: str


class ColumnError(FortressError):
    """Rows of a column failed. Nothing of the column is returned; ``rows`` are all that failed, not only the first."""

    #: The rows, counted from 0, ascending.
    rows: list[int]
    #: The rows with their codes and messages.
    failures: list[RowFailure]

    def __init__(self, message: str, code: str = "error", failures: tuple[RowFailure, ...] = ()) -> None:
        super().__init__(message, code)
        self.failures = list(failures)
        self.rows = [failure.row for failure in failures]


_CLASSES: dict[str, type[FortressError]] = {
    "authentication_failed": AuthenticationError,
    "wrong_passphrase": WrongPassphraseError,
    "not_fortress": NotFortressError,
    "truncated": TruncatedError,
    "unknown_version": UnsupportedError,
    "unknown_suite": UnsupportedError,
    "private_suite": UnsupportedError,
    "non_canonical": FormatError,
    "trailing_data": FormatError,
    "invalid_text": FormatError,
    "invalid_utf8": FormatError,
    "wrong_content": FormatError,
    "wrong_group": FormatError,
    "unknown_key": UnknownKeyError,
    "key_destroyed": DestroyedKeyError,
    "wrong_recipient": WrongRecipientError,
    "not_enough_shares": WrongRecipientError,
    "forged_grant": ForgedGrantError,
    "untrusted_granter": UntrustedGranterError,
    "grant_not_yet_valid": GrantTimeError,
    "grant_expired": GrantTimeError,
    "action_not_granted": OutsideGrantError,
    "outside_scope": OutsideGrantError,
    "key_unavailable": KeyNotHeldError,
    "module_unusable": KeyNotHeldError,
    "token_not_found": KeyNotHeldError,
    "token_gone": KeyNotHeldError,
    "token_failed": KeyNotHeldError,
    "external_key_not_found": KeyNotHeldError,
    "external_key_unsuitable": KeyNotHeldError,
    "no_mechanism": KeyNotHeldError,
    "no_pin": KeyNotHeldError,
    "unreadable_pin": KeyNotHeldError,
    "unexpected_answer": KeyNotHeldError,
    "wrong_pin": WrongPinError,
    "pin_locked": WrongPinError,
    "pin_not_usable": WrongPinError,
    "key_refused": KeyNotHeldError,
    "limit_exceeded": LimitError,
    "header_too_large": LimitError,
    "value_too_large": LimitError,
    "argon2_limits": LimitError,
    "out_of_memory": LimitError,
    "too_many_recipients": LimitError,
    "invalid_argument": ArgumentError,
    "invalid_segment": ArgumentError,
    "invalid_context": ArgumentError,
    "empty_passphrase": ArgumentError,
    "no_recipient": ArgumentError,
    "invalid_external_key": ArgumentError,
    "token_ambiguous": ArgumentError,
    "external_key_ambiguous": ArgumentError,
    "no_module": ArgumentError,
    "no_credentials": ArgumentError,
    "invalid_address": ArgumentError,
    "invalid_identity": ArgumentError,
    "invalid_signing_key": ArgumentError,
    "invalid_grant": ArgumentError,
    "invalid_share": ArgumentError,
    "invalid_share_set": ArgumentError,
    "different_share_sets": ArgumentError,
    "no_such_recipient": ArgumentError,
    "out_of_range": ArgumentError,
    "wrong_length": ArgumentError,
    "not_root": ArgumentError,
    "primary_in_use": ArgumentError,
    "closed": StateError,
    "stream_failed": StateError,
    "randomness": RandomnessError,
}


def error_of(code: str, message: str) -> FortressError:
    """The exception for a code; one without a class of its own is a plain :class:`FortressError`."""
    return _CLASSES.get(code, FortressError)(message, code)


def column_error(failures: list[tuple[int, str, str]]) -> ColumnError:
    """The exception for the rows of a column that failed."""
    first = failures[0]
    count = "1 row" if len(failures) == 1 else f"{len(failures)} rows"
    message = f"{count} of the column failed, the first at {first[0]}: {first[2]}"
    return ColumnError(message, first[1], tuple(RowFailure(*failure) for failure in failures))
