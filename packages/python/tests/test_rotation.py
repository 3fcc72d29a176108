"""Rows and columns of a former version, brought up to date: whatever they lie in, as they were, or not at all."""

from __future__ import annotations

from typing import Any, Callable

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from test_columns import BYTES, COLUMNS, CONTEXTS, ROWS, TEXT, TEXT_ONLY, plain

import fortress

ROW: dict[str, Any] = {"name": "Ada", "email": "ada@example.org", "photo": b"\xff\x00"}
CONTEXT = {"row": "42"}


def rotated(keyring: fortress.Keyring) -> str:
    """The id of the version that was the primary one until now."""
    former = keyring.primary
    keyring.rotate()
    return former


def values_of(row: dict[str, Any]) -> dict[str, bytes]:
    return {name: value.encode() if isinstance(value, str) else value for name, value in row.items()}


def test_rows(keyring: fortress.Keyring) -> None:
    whole = keyring.encrypt_row(ROW, CONTEXT)
    hoisted = keyring.encrypt_row_hoisted(ROW, CONTEXT)
    former = rotated(keyring)
    assert not keyring.is_current(whole["name"])
    assert not keyring.is_current(hoisted.header)
    whole_anew = keyring.reencrypt_row(whole, CONTEXT)
    hoisted_anew = keyring.reencrypt_row(hoisted, context=CONTEXT)
    header = fortress.decode_token(hoisted.header)
    apart_anew = keyring.reencrypt_row(hoisted.fields, CONTEXT, header=header)
    keyring.destroy_version(former)

    assert {name: type(token) for name, token in whole_anew.items()} == {"name": str, "email": str, "photo": bytes}
    assert all(keyring.is_current(token) for token in whole_anew.values())
    assert keyring.decrypt_row(whole_anew, CONTEXT) == values_of(ROW)
    for row in (hoisted_anew, apart_anew):
        assert isinstance(row, fortress.HoistedRow)
        assert keyring.is_current(row.header)
        assert {name: type(token) for name, token in row.fields.items()} == {"name": str, "email": str, "photo": bytes}
        assert len(row.fields["photo"]) == 2 + 21
        assert keyring.decrypt_row(row, CONTEXT) == values_of(ROW)
    for row in (whole, hoisted):
        with pytest.raises(fortress.DestroyedKeyError, match=former):
            keyring.reencrypt_row(row, CONTEXT)
    assert keyring.reencrypt_row({}) == {}


def test_a_changed_field_joins_its_row(keyring: fortress.Keyring) -> None:
    """It was written whole and later; afterwards all of the row has one header."""
    row = keyring.encrypt_row_hoisted(ROW, CONTEXT)
    rotated(keyring)
    row.fields["email"] = keyring.encrypt_row({"email": "new@example.org"}, CONTEXT)["email"]
    anew = keyring.reencrypt_row(row, CONTEXT)
    assert len(fortress.decode_token(anew.fields["email"])) == len("new@example.org") + 21
    assert keyring.decrypt_row(anew, CONTEXT) == values_of({**ROW, "email": "new@example.org"})


def test_rows_that_fail(keyring: fortress.Keyring) -> None:
    whole, hoisted = keyring.encrypt_row(ROW, CONTEXT), keyring.encrypt_row_hoisted(ROW, CONTEXT)
    photo = whole["photo"]
    single = keyring.encrypt("Ada", CONTEXT)
    other = keyring.encrypt_row_hoisted(ROW, CONTEXT).header
    refusals: list[tuple[str, str, Callable[[], object]]] = [
        ("authentication_failed", 'field "name"', lambda: keyring.reencrypt_row(whole)),
        ("authentication_failed", 'field "name"', lambda: keyring.reencrypt_row(hoisted, {"row": "43"})),
        ("authentication_failed", 'field "name"', lambda: keyring.reencrypt_row(hoisted, CONTEXT, header=other)),
        (
            "authentication_failed",
            'field "photo"',
            lambda: keyring.reencrypt_row({**whole, "photo": flipped(photo)}, CONTEXT),
        ),
        ("authentication_failed", 'field "nom"', lambda: keyring.reencrypt_row({"nom": whole["name"]}, CONTEXT)),
        ("wrong_group", 'field "name"', lambda: keyring.reencrypt_row(hoisted.fields, CONTEXT)),
        ("wrong_group", 'field "name"', lambda: keyring.reencrypt_row({"name": single}, CONTEXT)),
        ("truncated", 'field "photo"', lambda: keyring.reencrypt_row({"photo": photo[:60]}, CONTEXT)),
        ("invalid_text", "text", lambda: keyring.reencrypt_row({"name": "?"}, CONTEXT)),
        ("invalid_text", "text", lambda: keyring.reencrypt_row(hoisted.fields, CONTEXT, header="?")),
    ]
    for code, text, refused in refusals:
        with pytest.raises(fortress.FortressError, match=text) as refusal:
            refused()
        assert refusal.value.code == code
    for wrong in ("text", None, [("name", "Ada")]):
        with pytest.raises(TypeError):
            keyring.reencrypt_row(wrong)  # type: ignore[call-overload]


@pytest.mark.parametrize("contexts", [None, CONTEXTS, {"row": ROWS}], ids=["none", "each", "columns"])
@pytest.mark.parametrize("kind", [*COLUMNS, *TEXT_ONLY])
def test_columns(keyring: fortress.Keyring, kind: str, contexts: Any) -> None:
    make = (COLUMNS | TEXT_ONLY)[kind]
    given: dict[str, Any] = {"context": {"table": "users"}, "contexts": contexts}
    for values in (TEXT, BYTES) if kind in COLUMNS else (TEXT,):
        expected = [value or "" for value in TEXT] if kind == "numpy text" else values
        whole = keyring.encrypt_column(make(values), **given)
        hoisted = keyring.encrypt_column_hoisted(make(values), **given)
        former = rotated(keyring)
        whole_anew = keyring.reencrypt_column(whole, **given)
        hoisted_anew = keyring.reencrypt_column(hoisted, **given)
        apart_anew = keyring.reencrypt_column(hoisted.tokens, header=hoisted.header, **given)
        keyring.destroy_version(former)

        decrypt = keyring.decrypt_column_text if values is TEXT else keyring.decrypt_column
        assert isinstance(hoisted_anew, fortress.HoistedColumn)
        assert isinstance(apart_anew, fortress.HoistedColumn)
        for old, new in [
            (whole, whole_anew),
            (hoisted.tokens, hoisted_anew.tokens),
            (hoisted.tokens, apart_anew.tokens),
        ]:
            assert type(new) is type(old)
            assert getattr(new, "dtype", None) == getattr(old, "dtype", None)
            assert [type(token) for token in plain(new)] == [type(token) for token in plain(old)]
            assert [token and len(token) for token in plain(new)] == [token and len(token) for token in plain(old)]
        assert all(keyring.is_current(token) for token in plain(whole_anew) if token is not None)
        assert keyring.is_current(hoisted_anew.header)
        assert plain(decrypt(whole_anew, **given)) == plain(decrypt(hoisted_anew, **given)) == list(expected)
        assert plain(decrypt(apart_anew, **given)) == list(expected)
        with pytest.raises(fortress.ColumnError) as refusal:
            keyring.reencrypt_column(whole, **given)
        assert refusal.value.rows == [row for row, value in enumerate(expected) if value is not None]
        assert refusal.value.code == "key_destroyed"


def test_a_column_of_many_versions_becomes_one_group(keyring: fortress.Keyring) -> None:
    """Its tokens were written over time, as text and as bytes; nulls among them."""
    tokens: list[Any] = []
    for value in ("a", b"b", None, "c"):
        tokens += keyring.encrypt_column([value])
        rotated(keyring)
    anew = keyring.reencrypt_column(tokens)
    assert [type(token) for token in anew] == [str, bytes, type(None), str]
    members = [fortress.decode_token(token) if isinstance(token, str) else token for token in anew if token is not None]
    assert len({member[:63] for member in members}) == 1
    assert keyring.decrypt_column(anew) == [b"a", b"b", None, b"c"]


def test_empty_columns(keyring: fortress.Keyring) -> None:
    assert keyring.reencrypt_column([]) == []
    assert keyring.reencrypt_column([None, None]) == [None, None]
    for nothing in ([], [None], pa.nulls(2), pl.Series([None])):
        column = keyring.encrypt_column_hoisted(nothing)
        rotated(keyring)
        anew = keyring.reencrypt_column(column)
        assert plain(anew.tokens) == [None] * len(nothing)
        assert keyring.is_current(anew.header)


def test_every_row_that_failed_is_named(keyring: fortress.Keyring) -> None:
    count = 5_000
    rows = {"row": [str(row) for row in range(count)]}
    column = keyring.encrypt_column_hoisted([f"value {row}" for row in range(count)], contexts=rows)
    whole = keyring.encrypt_column(["other"], contexts={"row": ["7"]})[0]
    header, tokens = column
    tokens[3], tokens[7], tokens[2_000] = tokens[4], whole, None
    rotated(keyring)
    anew = [*tokens[:3], None, *tokens[4:]]
    anew = keyring.reencrypt_column(anew, contexts=rows, header=header).tokens
    assert [len(token) for token in (anew[0], anew[7])] == [38, 35], "all are hoisted now"
    tokens[4_000], tokens[4_999] = "not a token", tokens[4_999][:20]
    for broken in (tokens, pa.array(tokens), pl.Series(tokens), pd.Series(tokens)):
        with pytest.raises(fortress.ColumnError) as refusal:
            keyring.reencrypt_column(broken, contexts=rows, header=header)
        assert refusal.value.rows == [3, 4_000, 4_999]
        assert [failure.code for failure in refusal.value.failures] == [
            "authentication_failed",
            "invalid_text",
            "truncated",
        ]
    for context, own in [({"table": "users"}, ["8", "9"]), ({}, ["9", "8"])]:
        with pytest.raises(fortress.ColumnError, match="not authentic") as refusal:
            keyring.reencrypt_column(tokens[8:10], context=context, contexts={"row": own}, header=header)
        assert refusal.value.rows == [0, 1]
    with pytest.raises(fortress.ColumnError) as refusal:
        keyring.reencrypt_column(tokens[8:10], contexts={"row": ["8", "9"]})
    assert refusal.value.code == "wrong_group"
    with pytest.raises(fortress.ArgumentError, match="1 items for 2 rows"):
        keyring.reencrypt_column(tokens[8:10], contexts={"row": ["8"]}, header=header)
    with pytest.raises(TypeError, match="row 1 is int"):
        keyring.reencrypt_column([tokens[8], 5], header=header)
    with pytest.raises(fortress.ArgumentError, match="not one str"):
        keyring.reencrypt_column(tokens[8])


def test_more_than_one_group(keyring: fortress.Keyring) -> None:
    tokens = keyring.encrypt_column([b""] * ((1 << 20) + 5))
    rotated(keyring)
    anew = keyring.reencrypt_column(tokens)
    assert len({*anew}) == len(tokens)
    assert len({token[:63] for token in anew}) == 2
    assert keyring.decrypt_column([anew[0], anew[-1]]) == [b"", b""]


def flipped(token: bytes) -> bytes:
    return token[:-1] + bytes([token[-1] ^ 1])
