"""What can be told of a ciphertext without a key."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from . import _fortress
from ._reader import extent, read_prefix

if TYPE_CHECKING:
    from ._types import BytesLike, PathLike


@dataclass(frozen=True)
class Field:
    """A run of bytes and what it means."""

    offset: int
    length: int
    #: What the specification calls it.
    name: str
    #: What it says, for people; empty where the bytes speak for themselves.
    value: str


@dataclass(frozen=True)
class Inspection:
    """What a ciphertext says of itself to anyone. Nothing of it is authenticated: it is what the bytes claim."""

    #: ``token``, ``group-header``, ``whole-member``, ``hoisted-member`` or ``envelope``.
    kind: str
    #: The suite's registry number; ``None`` for a hoisted member.
    suite_id: int | None
    #: The suite's name, where it is known here.
    suite: str | None
    #: The key that it names, where it names one.
    key_id: str | None
    #: Bytes of the plaintext, where they follow from the length.
    plaintext_length: int | None
    #: ``data``, ``keyring`` or ``grant``, of an envelope.
    content: str | None
    #: Public metadata of an envelope.
    metadata: dict[str, str] | None
    #: Who may open an envelope: dictionaries with a ``kind``.
    recipients: tuple[dict[str, Any], ...] | None
    #: All its bytes, in order and without gaps, as far as they were read.
    fields: tuple[Field, ...]


def inspect(data: str | BytesLike) -> Inspection:
    """What a token (text or bytes) or an envelope says without a key.

    >>> import fortress
    >>> token = fortress.Keyring.generate(profile="archive").encrypt("ada@example.org")
    >>> inspection = fortress.inspect(token)
    >>> inspection.kind, inspection.plaintext_length
    ('token', 15)
    >>> [field.name for field in inspection.fields]
    ['version', 'suite', 'key id', 'salt', 'commitment', 'last chunk', 'tag']
    """
    if isinstance(data, str):
        return _made(_fortress.inspect(data))
    return _made(_fortress.inspect(data, memoryview(data).nbytes))


def inspect_file(file: PathLike | BinaryIO) -> Inspection:
    """What an encrypted file says without a key. Only its start is read."""
    if isinstance(file, (str, bytes, os.PathLike)):
        with io.FileIO(os.fsdecode(file), "r") as opened:
            return _made(_fortress.inspect(read_prefix(opened), os.fstat(opened.fileno()).st_size))
    length = extent(file)[1]
    return _made(_fortress.inspect(read_prefix(file), length))


def _made(answer: dict[str, Any]) -> Inspection:
    answer["fields"] = tuple(Field(*field) for field in answer["fields"])
    if answer["recipients"] is not None:
        answer["recipients"] = tuple(answer["recipients"])
    return Inspection(**answer)
