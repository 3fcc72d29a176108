"""N-3: CBOR (RFC 8949) in its core deterministic encoding (4.2.1), and nothing of CBOR that the formats do not use.

The items are unsigned integers, byte strings, text strings, arrays, maps and ``null``. The decoder refuses every
encoding that is not the one that :func:`encode` gives, so ``encode(decode(x)) == x`` for all that it accepts.
"""

from typing import TypeAlias

from .errors import Code, FortressError

Item: TypeAlias = "int | bytes | str | list[Item] | dict[int | str, Item] | None"

_UNSIGNED, _BYTES, _TEXT, _ARRAY, _MAP = 0, 2, 3, 4, 5
_NULL = 0xF6

# The deepest layouts nest three maps and arrays: a header, its recipients, a recipient.
_DEEPEST = 3


def decode(data: bytes) -> Item:
    """The one item that ``data`` holds."""
    decoder = _Decoder(data)
    item = decoder.item(1)
    if decoder.position != len(data):
        raise _refuse(f"{len(data) - decoder.position} bytes follow the item")
    return item


def encode(item: Item) -> bytes:
    """The deterministic encoding of ``item``."""
    match item:
        case None:
            return bytes([_NULL])
        case bool():
            raise TypeError("the formats have no booleans")
        case int():
            return _head(_UNSIGNED, item)
        case bytes():
            return _head(_BYTES, len(item)) + item
        case str():
            text = item.encode("utf-8")
            return _head(_TEXT, len(text)) + text
        case list():
            return _head(_ARRAY, len(item)) + b"".join(map(encode, item))
        case dict():
            entries = sorted((encode(key), encode(value)) for key, value in item.items())
            return _head(_MAP, len(entries)) + b"".join(key + value for key, value in entries)
    raise TypeError(f"the formats have no {type(item).__name__}")


class _Decoder:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0

    def item(self, depth: int) -> Item:
        if self._data[self.position : self.position + 1] == bytes([_NULL]):
            self.position += 1
            return None
        major, argument = self._read_head()
        if major in (_ARRAY, _MAP) and depth > _DEEPEST:
            raise _refuse("items are nested deeper than any layout")
        match major:
            case 0:
                return argument
            case 2:
                return self._take(argument)
            case 3:
                try:
                    return self._take(argument).decode("utf-8")
                except UnicodeDecodeError:
                    raise _refuse("a text string is not UTF-8") from None
            case 4:
                return [self.item(depth + 1) for _ in range(self._count(argument))]
            case 5:
                return self._map(self._count(argument), depth)
        raise _refuse(f"major type {major} does not occur in the formats")

    def _map(self, entries: int, depth: int) -> Item:
        result: dict[int | str, Item] = {}
        previous = b""
        for _ in range(entries):
            start = self.position
            key = self.item(depth + 1)
            encoded = self._data[start : self.position]
            if not isinstance(key, int | str):
                raise _refuse("a map key is neither an unsigned integer nor text")
            # Strictly ascending: a repeated key is refused by the same comparison.
            if encoded <= previous:
                raise _refuse("map keys are repeated or not in order")
            previous = encoded
            result[key] = self.item(depth + 1)
        return result

    def _read_head(self) -> tuple[int, int]:
        initial = self._take(1)[0]
        major, information = initial >> 5, initial & 0x1F
        if information < 24:
            return major, information
        if information > 27:
            raise _refuse("indefinite lengths and reserved values do not occur in the formats")
        argument = int.from_bytes(self._take(1 << (information - 24)), "big")
        if _head(major, argument)[0] != initial:
            raise _refuse("an integer or a length is not in its shortest form")
        return major, argument

    def _count(self, items: int) -> int:
        # Every item takes a byte: a count beyond what is left is refused before anything is made for it.
        if items > len(self._data) - self.position:
            raise _refuse("an array or map says more items than there are bytes")
        return items

    def _take(self, length: int) -> bytes:
        if length > len(self._data) - self.position:
            raise _refuse("an item ends after the data")
        self.position += length
        return self._data[self.position - length : self.position]


def _head(major: int, argument: int) -> bytes:
    if argument < 24:
        return bytes([major << 5 | argument])
    for information, length in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if argument < 1 << (8 * length):
            return bytes([major << 5 | information]) + argument.to_bytes(length, "big")
    raise OverflowError("CBOR integers have at most 64 bits")


def _refuse(sentence: str) -> FortressError:
    return FortressError(Code.NON_CANONICAL, f"not the deterministic CBOR of the layout: {sentence}")
