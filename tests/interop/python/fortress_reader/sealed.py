"""S-1 to S-3: sealed keyrings."""

from collections.abc import Iterable

from . import cbor, limits
from .envelopes import open_envelope
from .errors import Code, FortressError
from .keys import KEY_ID_LENGTH, SECRET_LENGTH, Keyring, State, Version, check_path
from .payload import Layout
from .recipients import Identity

CONTENT = "keyring"

_PROFILES = ("lightning", "balanced", "fortress", "archive")
_PROFILE, _PATH, _VERSIONS = 1, 2, 3


def open_keyring(sealed: bytes, identities: Iterable[Identity]) -> Keyring:
    """S-1: opens a sealed keyring, narrowed or not."""
    opened = open_envelope(sealed, identities, content=CONTENT)
    if Layout.of(len(sealed) - opened.message_offset).plaintext_length > limits.SEALED_KEYRING:
        raise _not_the_layout(f"a sealed keyring has at most {limits.SEALED_KEYRING} bytes")
    return parse_keyring(opened.decrypt(sealed))


def parse_keyring(payload: bytes) -> Keyring:
    """S-1 to S-3: the keyring that the payload describes."""
    entries = cbor.decode(payload)
    if not isinstance(entries, dict) or entries.keys() != {_PROFILE, _PATH, _VERSIONS}:
        raise _not_the_layout("a keyring is a map of profile, path and versions")
    profile, path, items = entries[_PROFILE], entries[_PATH], entries[_VERSIONS]
    if profile not in _PROFILES:
        raise _not_the_layout("the profile is not known")
    if not isinstance(items, list) or not 1 <= len(items) <= limits.VERSIONS:
        raise _not_the_layout(f"a keyring has 1 to {limits.VERSIONS} versions")
    versions = tuple(map(_version, items))
    if len({version.id for version in versions}) != len(versions):
        raise _not_the_layout("two versions have one id")
    if sum(version.state is State.PRIMARY for version in versions) != 1:
        raise _not_the_layout("exactly one version of a keyring is primary")
    return Keyring(versions, _path(path), str(profile))


def _version(item: cbor.Item) -> Version:
    """S-2."""
    match item:
        case [bytes(id), int(created), int(state), None | bytes() as secret] if len(id) == KEY_ID_LENGTH:
            if state not in tuple(State):
                raise _not_the_layout(f"state {state} is not known")
            if (secret is None) != (state == State.DESTROYED):
                raise _not_the_layout("a version has a secret unless it is destroyed")
            if created > limits.CREATED:
                raise _not_the_layout("a creation time is at most in the year 9999")
            if secret is not None and len(secret) != SECRET_LENGTH:
                raise _not_the_layout(f"a secret has {SECRET_LENGTH} bytes")
            return Version(id, created, State(state), secret)
    raise _not_the_layout("a version is an array of id, creation time, state and secret")


def _path(item: cbor.Item) -> tuple[str, ...]:
    if not isinstance(item, list) or not all(isinstance(segment, str) for segment in item):
        raise _not_the_layout("a path is an array of text")
    try:
        return check_path(str(segment) for segment in item)
    except FortressError as refusal:
        raise _not_the_layout(str(refusal)) from None


def _not_the_layout(sentence: str) -> FortressError:
    return FortressError(Code.NON_CANONICAL, sentence)
