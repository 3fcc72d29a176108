"""K-1 to K-7: keyrings, scopes and the keys that come from them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum

from . import limits
from .errors import Code, FortressError
from .payload import expand

SECRET_LENGTH = 32
KEY_ID_LENGTH = 4


class State(IntEnum):
    """K-2, with the numbers of S-2."""

    PRIMARY = 1
    DECRYPT_ONLY = 2
    DESTROYED = 3


@dataclass(frozen=True)
class Version:
    """K-1: one version of a keyring. ``created`` counts seconds since 1970-01-01T00:00:00Z."""

    id: bytes
    created: int
    state: State
    secret: bytes | None

    def __repr__(self) -> str:
        return f"Version(id={self.id.hex()}, created={self.created}, state={self.state.name})"

    def narrowed(self, segment: bytes) -> "Version":
        """K-6: the version at the scope one segment further down."""
        if self.secret is None:
            return self
        return replace(self, secret=expand(self.secret, b"fortress-sdk/scope@v1\0" + segment, SECRET_LENGTH))


@dataclass(frozen=True)
class Keyring:
    """A keyring at a scope: the root, or what is left of it after narrowing."""

    versions: tuple[Version, ...]
    path: tuple[str, ...] = ()
    profile: str = "balanced"

    def scope(self, *segments: str) -> "Keyring":
        """K-5, K-6: the keyring narrowed by ``segments``, one step each."""
        path = check_path((*self.path, *segments))
        versions = self.versions
        for segment in segments:
            versions = tuple(version.narrowed(segment.encode("utf-8")) for version in versions)
        return replace(self, versions=versions, path=path)

    def holds(self, key_id: bytes) -> bool:
        return any(version.id == key_id for version in self.versions)

    def purpose_key(self, key_id: bytes, purpose: str) -> bytes:
        """K-4, K-7: the version's key for ``purpose``: ``field``, ``wrap`` or ``identity``."""
        for version in self.versions:
            if version.id == key_id:
                if version.secret is None:
                    raise FortressError(Code.KEY_DESTROYED, f"key {key_id.hex()} was destroyed")
                return expand(version.secret, b"fortress-sdk/key@v1\0" + purpose.encode("ascii"), SECRET_LENGTH)
        raise FortressError(Code.UNKNOWN_KEY, f"key {key_id.hex()} is not in this keyring")


def check_path(segments: Iterable[str]) -> tuple[str, ...]:
    """K-5: at most 16 segments of 1 to 255 bytes of UTF-8, taken as they are."""
    path = tuple(segments)
    if len(path) > limits.SCOPE_SEGMENTS:
        raise FortressError(Code.INVALID_SEGMENT, f"a scope has at most {limits.SCOPE_SEGMENTS} segments")
    for segment in path:
        try:
            length = len(segment.encode("utf-8"))
        except UnicodeEncodeError:
            raise FortressError(Code.INVALID_SEGMENT, "a segment has no UTF-8 form") from None
        if not 1 <= length <= limits.SEGMENT_BYTES:
            raise FortressError(Code.INVALID_SEGMENT, f"a segment has 1 to {limits.SEGMENT_BYTES} bytes, not {length}")
    return path
