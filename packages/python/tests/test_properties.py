"""Properties: whatever goes in comes out, and nothing else does."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fortress

KEYRING = fortress.Keyring.generate().scope("properties")
PROFILES = [fortress.Keyring.generate(profile=name) for name in ("lightning", "balanced", "fortress", "archive")]

text = st.text(st.characters(codec="utf-8"), max_size=200)
contexts = st.dictionaries(text, text, max_size=4)
values = st.one_of(text, st.binary(max_size=300))


@given(value=values, context=contexts, keyring=st.sampled_from(PROFILES))
def test_tokens(value: Any, context: dict[str, str], keyring: fortress.Keyring) -> None:
    token = keyring.encrypt(value, context)
    expected = value.encode() if isinstance(value, str) else value
    assert keyring.decrypt(token, context) == expected
    assert fortress.inspect(token).plaintext_length == len(expected)
    if isinstance(token, str):
        assert fortress.encode_token(fortress.decode_token(token)) == token


@given(value=st.binary(max_size=60), at=st.integers(min_value=0), bit=st.integers(0, 7))
def test_no_changed_token_is_read(value: bytes, at: int, bit: int) -> None:
    token = bytearray(KEYRING.encrypt(value))
    token[at % len(token)] ^= 1 << bit
    with pytest.raises(fortress.FortressError):
        KEYRING.decrypt(token)


@given(row=st.dictionaries(text, values, max_size=6), context=contexts)
def test_rows(row: dict[str, Any], context: dict[str, str]) -> None:
    expected = {name: value.encode() if isinstance(value, str) else value for name, value in row.items()}
    assert KEYRING.decrypt_row(KEYRING.encrypt_row(row, context), context) == expected
    assert KEYRING.decrypt_row(KEYRING.encrypt_row_hoisted(row, context), context) == expected


@given(column=st.lists(st.one_of(st.none(), values), max_size=40), data=st.data())
def test_columns(column: list[Any], data: st.DataObject) -> None:
    own = data.draw(st.lists(contexts, min_size=len(column), max_size=len(column)))
    tokens = KEYRING.encrypt_column(column, contexts=own)
    expected = [value.encode() if isinstance(value, str) else value for value in column]
    assert KEYRING.decrypt_column(tokens, contexts=own) == expected


@given(garbage=st.one_of(st.binary(max_size=400), text))
def test_nothing_but_our_errors(garbage: Any) -> None:
    for attempt in (KEYRING.decrypt, KEYRING.decrypt_text, KEYRING.reencrypt):
        with pytest.raises(fortress.FortressError):
            attempt(garbage)
    # These read what the bytes claim, which may be enough.
    for claim in (KEYRING.is_current, fortress.inspect):
        with contextlib.suppress(fortress.FortressError):
            claim(garbage)
    if isinstance(garbage, bytes):
        with pytest.raises(fortress.FortressError):
            fortress.decrypt_bytes(b"FTRS\x01" + garbage, keyring=KEYRING)


@settings(max_examples=60, deadline=None)
@given(
    writes=st.lists(st.binary(max_size=40_000), max_size=5),
    reads=st.lists(
        st.tuples(st.integers(0, 150_000), st.sampled_from([0, 1, 2]), st.integers(-1, 40_000)), max_size=12
    ),
)
def test_a_file_reads_as_bytesio_does(writes: list[bytes], reads: list[tuple[int, int, int]]) -> None:
    stored = io.BytesIO()
    with fortress.open(stored, "wb", keyring=KEYRING) as writer:
        for piece in writes:
            writer.write(piece)
    stored.seek(0)
    plain = io.BytesIO(b"".join(writes))
    with fortress.open(stored, keyring=KEYRING) as reader:
        for offset, whence, length in reads:
            signed = -min(offset, len(plain.getvalue())) if whence == 2 else offset
            assert reader.seek(signed, whence) == plain.seek(signed, whence)
            assert reader.read(length) == plain.read(length)
            assert reader.tell() == plain.tell()
