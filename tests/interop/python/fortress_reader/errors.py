"""L-3: every refusal has a code, the same in each implementation."""

from enum import StrEnum


class Code(StrEnum):
    """The codes of L-3: for what is read, and last for what callers hand in."""

    TRUNCATED = "truncated"
    TRAILING_DATA = "trailing_data"
    UNKNOWN_VERSION = "unknown_version"
    NOT_FORTRESS = "not_fortress"
    UNKNOWN_SUITE = "unknown_suite"
    PRIVATE_SUITE = "private_suite"
    UNKNOWN_KEY = "unknown_key"
    KEY_DESTROYED = "key_destroyed"
    AUTHENTICATION_FAILED = "authentication_failed"
    NON_CANONICAL = "non_canonical"
    HEADER_TOO_LARGE = "header_too_large"
    TOO_MANY_RECIPIENTS = "too_many_recipients"
    WRONG_RECIPIENT = "wrong_recipient"
    WRONG_PASSPHRASE = "wrong_passphrase"
    ARGON2_LIMITS = "argon2_limits"
    WRONG_CONTENT = "wrong_content"
    INVALID_TEXT = "invalid_text"
    INVALID_IDENTITY = "invalid_identity"
    INVALID_SIGNING_KEY = "invalid_signing_key"
    FORGED_GRANT = "forged_grant"
    UNTRUSTED_GRANTER = "untrusted_granter"
    GRANT_NOT_YET_VALID = "grant_not_yet_valid"
    GRANT_EXPIRED = "grant_expired"
    ACTION_NOT_GRANTED = "action_not_granted"
    INVALID_SHARE = "invalid_share"
    DIFFERENT_SHARE_SETS = "different_share_sets"
    NOT_ENOUGH_SHARES = "not_enough_shares"
    WRONG_GROUP = "wrong_group"
    LIMIT_EXCEEDED = "limit_exceeded"
    VALUE_TOO_LARGE = "value_too_large"
    STREAM_FAILED = "stream_failed"
    OUT_OF_RANGE = "out_of_range"

    INVALID_SEGMENT = "invalid_segment"
    INVALID_CONTEXT = "invalid_context"
    EMPTY_PASSPHRASE = "empty_passphrase"


class FortressError(Exception):
    """A refusal: its code for programs, a sentence for people."""

    def __init__(self, code: Code, sentence: str) -> None:
        super().__init__(f"{sentence} ({code})")
        self.code = code


def authentication_failed() -> FortressError:
    """L-4: one error for a wrong key, context, scope or byte; nothing tells them apart."""
    return FortressError(Code.AUTHENTICATION_FAILED, "not for this key, scope and context, or changed since")


def truncated(what: str, expected: int, found: int) -> FortressError:
    """The layout says more bytes than there are."""
    return FortressError(Code.TRUNCATED, f"{what} takes at least {expected} bytes, {found} are there")
