"""Takes the formats apart field by field, for the worked examples of ``docs/spec/examples.md``."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from fortress_reader import cbor
from fortress_reader.payload import COMMITMENT_LENGTH, SALT_LENGTH, SEALED_CHUNK
from fortress_reader.suites import TAG_LENGTH, suite_of
from fortress_reader.tokens import GROUP, HOISTED_MEMBER

_WIDTH = 32


@dataclass(frozen=True)
class Field:
    """Some bytes and what they are; ``depth`` indents the items of CBOR."""

    data: bytes
    meaning: str
    depth: int = 0


class _Cursor:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, length: int) -> bytes:
        taken = self.peek(length)
        self._at += len(taken)
        return taken

    def peek(self, length: int) -> bytes:
        return self._data[self._at : self._at + length]

    @property
    def left(self) -> int:
        return len(self._data) - self._at


def token(data: bytes) -> Iterator[Field]:
    """T-1, G-1, G-3, G-4: a field token, a group's header, a whole or a hoisted member."""
    cursor = _Cursor(data)
    version = cursor.take(1)
    kinds = {GROUP: "version: a group", HOISTED_MEMBER: "a hoisted member"}
    yield Field(version, kinds.get(version[0], "version: a field token"))
    if version[0] == HOISTED_MEMBER:
        yield from _member(cursor)
        return
    number = cursor.take(2)
    yield Field(number, f"suite {int.from_bytes(number, 'big')}, {suite_of(int.from_bytes(number, 'big')).name}")
    yield Field(cursor.take(4), "key id")
    if version[0] == GROUP:
        yield from _prefix(cursor)
        if cursor.left:
            yield from _member(cursor)
    else:
        yield from _message(cursor)


def envelope(data: bytes) -> Iterator[Field]:
    """E-1, with the header of E-2."""
    cursor = _Cursor(data)
    yield Field(cursor.take(4), 'magic "FTRS"')
    yield Field(cursor.take(1), "version")
    length = cursor.take(4)
    header_length = int.from_bytes(length, "big")
    yield Field(length, f"length of the header, {header_length}")
    yield from header(cursor.take(header_length))
    yield Field(cursor.take(32), "header MAC")
    yield from _message(cursor)


def header(data: bytes) -> Iterator[Field]:
    """E-2."""
    names = {1: "suite", 2: "recipients", 3: "metadata", 4: "content"}
    return _cbor_map(_Cursor(data), names, {2: _recipients})


def keyring(data: bytes) -> Iterator[Field]:
    """S-1, S-2."""
    return _cbor_map(_Cursor(data), {1: "profile", 2: "path", 3: "versions"}, {})


def context(data: bytes) -> Iterator[Field]:
    """C-2."""
    return _item(_Cursor(data), 0)


def recipient(kind: int, body: bytes) -> Iterator[Field]:
    """R-2, R-3."""
    if kind == 1:
        yield from token(body)
        return
    cursor = _Cursor(body)
    yield Field(cursor.take(16), "salt of Argon2id")
    for name in ("passes t", "memory m in KiB", "lanes p"):
        parameter = cursor.take(4)
        yield Field(parameter, f"{name} = {int.from_bytes(parameter, 'big'):,}")
    yield from _message(cursor)


def render(fields: Iterator[Field]) -> str:
    """One field a line: its bytes, then what they are; long fields go on in the next lines, without a word."""
    rows: list[tuple[str, str]] = []
    for field in fields:
        indent = "  " * field.depth
        pieces = [field.data[i : i + _WIDTH].hex() for i in range(0, len(field.data), _WIDTH)] or [""]
        rows.append((indent + pieces[0], field.meaning))
        rows.extend((indent + piece, "") for piece in pieces[1:])
    column = max(len(left) for left, meaning in rows if meaning) + 2
    return "\n".join(f"{left:<{column}}{meaning}".rstrip() for left, meaning in rows)


def parse(block: str) -> bytes:
    """The bytes of a rendered block."""
    return b"".join(bytes.fromhex(line.split()[0]) for line in block.splitlines() if line.strip())


def _message(cursor: _Cursor) -> Iterator[Field]:
    """N-9."""
    yield from _prefix(cursor)
    chunk = 0
    while cursor.left:
        sealed = cursor.take(SEALED_CHUNK)
        if len(sealed) > TAG_LENGTH:
            yield Field(sealed[:-TAG_LENGTH], f"chunk {chunk}, ciphertext")
        yield Field(sealed[-TAG_LENGTH:], f"chunk {chunk}, tag")
        chunk += 1


def _prefix(cursor: _Cursor) -> Iterator[Field]:
    yield Field(cursor.take(SALT_LENGTH), "salt")
    yield Field(cursor.take(COMMITMENT_LENGTH), "commitment")


def _member(cursor: _Cursor) -> Iterator[Field]:
    index = cursor.take(4)
    yield Field(index, f"index {int.from_bytes(index, 'big')}")
    if cursor.left > TAG_LENGTH:
        yield Field(cursor.take(cursor.left - TAG_LENGTH), "ciphertext")
    yield Field(cursor.take(TAG_LENGTH), "tag")


def _cbor_map(
    cursor: _Cursor, names: dict[int, str], special: dict[int, Callable[[_Cursor, int], Iterator[Field]]]
) -> Iterator[Field]:
    """A map whose keys are the numbers of a table."""
    head, _, entries = _head(cursor)
    yield Field(head, f"map of {entries}")
    for _ in range(entries):
        key = cursor.take(1)
        yield Field(key, f"{key[0]}: {names[key[0]]}", 1)
        yield from special.get(key[0], _item)(cursor, 2)


def _recipients(cursor: _Cursor, depth: int) -> Iterator[Field]:
    """R-1, with the bodies of R-2 and R-3 taken apart."""
    head, _, count = _head(cursor)
    yield Field(head, f"array of {count}", depth)
    for _ in range(count):
        yield Field(cursor.take(1), "a recipient: array of 2", depth + 1)
        kind = cursor.take(1)
        yield Field(kind, {1: "type 1, keyring", 2: "type 2, passphrase"}[kind[0]], depth + 2)
        head, _, length = _head(cursor)
        yield Field(head, f"body: byte string of {length}", depth + 2)
        for field in recipient(kind[0], cursor.take(length)):
            yield replace(field, depth=depth + 3)


def _head(cursor: _Cursor) -> tuple[bytes, int, int]:
    """The head of an item: its bytes, major type and argument."""
    initial = cursor.peek(1)[0]
    major, information = initial >> 5, initial & 0x1F
    head = cursor.take(1 if information < 24 else 1 + (1 << (information - 24)))
    return head, major, information if information < 24 else int.from_bytes(head[1:], "big")


def _item(cursor: _Cursor, depth: int) -> Iterator[Field]:
    head, major, argument = _head(cursor)
    match major:
        case 0:
            yield Field(head, str(argument), depth)
        case 2:
            yield Field(head, f"byte string of {argument}", depth)
            if argument:
                yield Field(cursor.take(argument), "", depth + 1)
        case 3:
            text = cursor.take(argument)
            yield Field(head + text, f'"{text.decode("utf-8")}"', depth)
        case 4:
            yield Field(head, f"array of {argument}", depth)
            for _ in range(argument):
                yield from _item(cursor, depth + 1)
        case 5:
            yield Field(head, f"map of {argument}", depth)
            for _ in range(2 * argument):
                yield from _item(cursor, depth + 1)
        case _:
            assert cbor.decode(head) is None
            yield Field(head, "null", depth)
