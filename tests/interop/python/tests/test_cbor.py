"""N-3: one encoding for each item, and no other is read."""

import random

import pytest

from fortress_reader import cbor
from fortress_reader.errors import Code, FortressError

ITEMS: list[tuple[cbor.Item, str]] = [
    (0, "00"),
    (23, "17"),
    (24, "1818"),
    (255, "18ff"),
    (256, "190100"),
    (65_536, "1a00010000"),
    (2**32, "1b0000000100000000"),
    (2**64 - 1, "1bffffffffffffffff"),
    (None, "f6"),
    (b"", "40"),
    (b"\x01\x02", "420102"),
    ("", "60"),
    ("ü", "62c3bc"),
    ([], "80"),
    ([1, [2, "a"]], "820182026161"),
    ({}, "a0"),
    ({1: 2, "a": b"", "b": None, "aa": 0}, "a401026161406162f6626161" + "00"),
    # Shorter keys first, by their UTF-8 bytes: "ÿ" has two bytes and comes after "z" and before "aaa".
    ({"aaa": 1, "ÿ": 2, "z": 3}, "a3617a0362c3bf026361616101"),
]


@pytest.mark.parametrize(("item", "encoded"), ITEMS)
def test_items(item: cbor.Item, encoded: str) -> None:
    assert cbor.encode(item).hex() == encoded
    assert cbor.decode(bytes.fromhex(encoded)) == item


@pytest.mark.parametrize(
    "encoded",
    [
        pytest.param("", id="nothing"),
        pytest.param("0000", id="a byte after the item"),
        pytest.param("1817", id="23 in two bytes"),
        pytest.param("190017", id="23 in three bytes"),
        pytest.param("1900ff", id="255 in three bytes"),
        pytest.param("1a0000ffff", id="65535 in five bytes"),
        pytest.param("1b00000000ffffffff", id="2^32 - 1 in nine bytes"),
        pytest.param("18", id="integer cut off"),
        pytest.param("1c", id="reserved additional information"),
        pytest.param("20", id="negative integer"),
        pytest.param("420a", id="byte string cut off"),
        pytest.param("580161", id="length not shortest"),
        pytest.param("5f4101ff", id="indefinite byte string"),
        pytest.param("7f6161ff", id="indefinite text"),
        pytest.param("9f01ff", id="indefinite array"),
        pytest.param("bf0102ff", id="indefinite map"),
        pytest.param("61ff", id="text that is not UTF-8"),
        pytest.param("63eda080", id="surrogate in text"),
        pytest.param("62c080", id="overlong UTF-8"),
        pytest.param("8201", id="array cut off"),
        pytest.param("9bffffffffffffffff", id="array of 2^64 - 1 items"),
        pytest.param("bbffffffffffffffff", id="map of 2^64 - 1 entries"),
        pytest.param("a10100" + "00", id="a byte after the map"),
        pytest.param("a201000100", id="repeated key"),
        pytest.param("a202000100", id="keys not in order"),
        pytest.param("a262616100616200", id="longer key first"),
        pytest.param("a1a000", id="map as a key"),
        pytest.param("a1410000", id="byte string as a key"),
        pytest.param("a1f600", id="null as a key"),
        pytest.param("c000", id="tag"),
        pytest.param("f4", id="false"),
        pytest.param("f5", id="true"),
        pytest.param("f7", id="undefined"),
        pytest.param("f816", id="null in two bytes"),
        pytest.param("f820", id="simple value"),
        pytest.param("f90000", id="half float"),
        pytest.param("fb0000000000000000", id="double"),
        pytest.param("ff", id="break"),
        pytest.param("8181818100", id="nested deeper than any layout"),
        pytest.param("81818180", id="nested deeper than any layout, and empty"),
        pytest.param("81" * 10_000 + "00", id="nested very deep"),
    ],
)
def test_refused(encoded: str) -> None:
    with pytest.raises(FortressError) as refusal:
        cbor.decode(bytes.fromhex(encoded))
    assert refusal.value.code is Code.NON_CANONICAL


def test_whatever_is_read_is_written_the_same() -> None:
    """Bytes in the neighbourhood of good encodings, and arbitrary ones: each is refused, or is the one encoding."""
    source = random.Random(2)
    read = 0
    for _ in range(20_000):
        data = bytearray(bytes.fromhex(source.choice(ITEMS)[1]) if source.random() < 0.7 else source.randbytes(8))
        for _ in range(source.randrange(3)):
            data[source.randrange(len(data))] = source.randrange(256)
        try:
            item = cbor.decode(bytes(data))
        except FortressError:
            continue
        read += 1
        assert cbor.encode(item) == data
    assert read > 1_000
