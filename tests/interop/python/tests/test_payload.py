"""N-8 to N-12: the three readings of a message agree, and none reads what was changed."""

import pytest
import writer

from fortress_reader.errors import Code, FortressError
from fortress_reader.payload import (
    CHUNK,
    PREFIX_LENGTH,
    SEALED_CHUNK,
    SHORTEST,
    Decryptor,
    Layout,
    RandomAccess,
    open_message,
)
from fortress_reader.suites import suite_of

KEY = bytes(range(32))
CONTEXT = b"context"

suites = pytest.mark.parametrize("number", [2, 29, 33, 36])
fast_suites = pytest.mark.parametrize("number", [2, 29])


def random_access(number: int, message: bytes, key: bytes = KEY, context: bytes = CONTEXT) -> RandomAccess:
    return RandomAccess(suite_of(number), key, context, len(message), lambda start, end: message[start:end])


def stream(number: int, message: bytes, step: int = 5_000, key: bytes = KEY, context: bytes = CONTEXT) -> bytes:
    decryptor = Decryptor(suite_of(number), key, context)
    pieces = [decryptor.update(message[start : start + step]) for start in range(0, len(message), step)]
    return b"".join(pieces) + decryptor.finish()


def readings(number: int, message: bytes, key: bytes = KEY, context: bytes = CONTEXT) -> list[bytes | Code]:
    """What each of the three readings gives: the plaintext, or the code of its refusal."""

    def ranged() -> bytes:
        reader = random_access(number, message, key, context)
        return reader.range(0, reader.plaintext_length)

    results: list[bytes | Code] = []
    for reading in (
        lambda: open_message(suite_of(number), key, message, context),
        lambda: stream(number, message, key=key, context=context),
        ranged,
    ):
        try:
            results.append(reading())
        except FortressError as refusal:
            results.append(refusal.code)
    return results


@suites
@pytest.mark.parametrize("length", [0, 1, 64, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7])
def test_round_trip(number: int, length: int) -> None:
    plaintext = bytes(i % 251 for i in range(length))
    message = writer.message(number, KEY, CONTEXT, plaintext)
    assert len(message) == PREFIX_LENGTH + length + 16 * (length // CHUNK + 1)
    assert readings(number, message) == [plaintext] * 3


@fast_suites
def test_every_cut(number: int) -> None:
    message = writer.message(number, KEY, CONTEXT, bytes(2 * CHUNK + 20))
    borders = [PREFIX_LENGTH + i * SEALED_CHUNK for i in (0, 1, 2)]
    lengths = {*range(SHORTEST + 2), *(border + i for border in borders for i in range(-2, 20)), len(message) - 1}
    for length in sorted(lengths):
        cut = message[:length]
        expected = {Code.TRUNCATED} if (length - PREFIX_LENGTH) % SEALED_CHUNK < 16 else {Code.AUTHENTICATION_FAILED}
        if length < SHORTEST:
            expected = {Code.TRUNCATED}
        assert set(readings(number, cut)) == expected, length


@suites
def test_every_bit_of_a_short_message(number: int) -> None:
    for changed in writer.flips(writer.message(number, KEY, CONTEXT, b"value")):
        assert set(readings(number, changed)) == {Code.AUTHENTICATION_FAILED}


@fast_suites
def test_chunks_stay_in_place(number: int) -> None:
    message = writer.message(number, KEY, CONTEXT, bytes(2 * CHUNK + 20))
    prefix, first, second, last = (
        message[:PREFIX_LENGTH],
        message[PREFIX_LENGTH:][:SEALED_CHUNK],
        message[PREFIX_LENGTH + SEALED_CHUNK :][:SEALED_CHUNK],
        message[PREFIX_LENGTH + 2 * SEALED_CHUNK :],
    )
    for parts in (
        (prefix, second, first, last),
        (prefix, first, first, last),
        (prefix, first, last),
        (prefix, last),
        (prefix, first, second, last, b"x"),
        (prefix, first, second, last, last),
        (prefix, first, second, last, bytes(SEALED_CHUNK)),
        (prefix, first, second, second, last),
    ):
        assert set(readings(number, b"".join(parts))) == {Code.AUTHENTICATION_FAILED}


@suites
def test_key_and_context(number: int) -> None:
    message = writer.message(number, KEY, CONTEXT, b"value")
    assert set(readings(number, message, key=bytes(32))) == {Code.AUTHENTICATION_FAILED}
    assert set(readings(number, message, context=b"Context")) == {Code.AUTHENTICATION_FAILED}
    assert set(readings({2: 29, 29: 2, 33: 36, 36: 33}[number], message)) == {Code.AUTHENTICATION_FAILED}


def test_a_stream_keeps_failing() -> None:
    message = writer.message(2, KEY, CONTEXT, bytes(40_000))
    decryptor = Decryptor(suite_of(2), KEY, CONTEXT)
    good = decryptor.update(message[: PREFIX_LENGTH + SEALED_CHUNK])
    assert good == bytes(CHUNK)
    codes = []
    for step in (lambda: decryptor.update(bytes(SEALED_CHUNK)), lambda: decryptor.update(b""), decryptor.finish):
        with pytest.raises(FortressError) as refusal:
            step()
        codes.append(refusal.value.code)
    assert codes == [Code.AUTHENTICATION_FAILED, Code.STREAM_FAILED, Code.STREAM_FAILED]


def test_a_stream_ends_once() -> None:
    decryptor = Decryptor(suite_of(2), KEY, CONTEXT)
    assert decryptor.update(writer.message(2, KEY, CONTEXT, b"value")) + decryptor.finish() == b"value"
    with pytest.raises(FortressError) as refusal:
        decryptor.update(b"")
    assert refusal.value.code is Code.STREAM_FAILED


def test_ranges() -> None:
    plaintext = bytes(i % 251 for i in range(3 * CHUNK + 7))
    message = writer.message(2, KEY, CONTEXT, plaintext)
    read: list[tuple[int, int]] = []

    def fetch(start: int, end: int) -> bytes:
        read.append((start, end))
        return message[start:end]

    reader = RandomAccess(suite_of(2), KEY, CONTEXT, len(message), fetch)
    assert reader.plaintext_length == len(plaintext)
    read.clear()
    assert reader.range(CHUNK + 5, CHUNK + 6) == plaintext[CHUNK + 5 : CHUNK + 6]
    # The offsets of one chunk, and no byte more.
    assert read == [(PREFIX_LENGTH + SEALED_CHUNK, PREFIX_LENGTH + 2 * SEALED_CHUNK)]
    for start, end in ((0, 0), (5, 5), (0, 3 * CHUNK), (CHUNK - 1, CHUNK + 1), (3 * CHUNK, 3 * CHUNK + 7)):
        assert reader.range(start, end) == plaintext[start:end]
    for start, end in ((-1, 3), (3, 2), (0, len(plaintext) + 1)):
        with pytest.raises(FortressError) as refusal:
            reader.range(start, end)
        assert refusal.value.code is Code.OUT_OF_RANGE


def test_storage_that_gives_less_than_it_said() -> None:
    message = writer.message(2, KEY, CONTEXT, bytes(100))
    with pytest.raises(FortressError) as refusal:
        RandomAccess(suite_of(2), KEY, CONTEXT, len(message), lambda start, end: message[start : end - 1])
    assert refusal.value.code is Code.TRUNCATED


def test_longest_message() -> None:
    longest = PREFIX_LENGTH + (2**38 - 1) * SEALED_CHUNK + 16 + CHUNK - 1
    assert Layout.of(longest).plaintext_length == 2**38 * CHUNK - 1
    with pytest.raises(FortressError) as refusal:
        Layout.of(longest + 17)
    assert refusal.value.code is Code.LIMIT_EXCEEDED
