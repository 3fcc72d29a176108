"""Columns: whatever the values come in, tokens go out in, and nulls stay."""

from __future__ import annotations

import contextlib
import gc
import sys
import threading
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import fortress

TEXT = ["ada@example.org", None, "", "grace \u00e9", "x" * 300] * 3
BYTES = [None if value is None else value.encode() for value in TEXT]
CONTEXTS = [{"row": str(row)} for row in range(len(TEXT))]
ROWS = [str(row) for row in range(len(TEXT))]


@pytest.fixture
def email(keyring: fortress.Keyring) -> fortress.Keyring:
    return keyring.scope("acme", "users", "email")


COLUMNS: dict[str, Any] = {
    "list": list,
    "tuple": tuple,
    "iterator": iter,
    "numpy": lambda values: np.array(values, dtype=object),
    "pandas object": lambda values: pd.Series(values, dtype=object, index=range(5, 5 + len(values)), name="email"),
    "pandas index": lambda values: pd.Index(values, dtype=object, name="email"),
    "pyarrow": pa.array,
    "pyarrow large": lambda values: pa.array(values).cast(
        pa.large_string() if pa.types.is_string(pa.array(values).type) else pa.large_binary()
    ),
    "pyarrow view": lambda values: pa.array(values).cast(
        pa.string_view() if pa.types.is_string(pa.array(values).type) else pa.binary_view()
    ),
    "pyarrow slice": lambda values: pa.array(
        ["before", "it", *values] if isinstance(values[0], str) else [b"", b"", *values]
    )[2:],
    "pyarrow chunked": lambda values: pa.chunked_array([pa.array(values[:4]), pa.array(values[4:])]),
    "pyarrow dictionary": lambda values: pa.array(values).dictionary_encode(),
    "pyarrow chunked slice": lambda values: pa.chunked_array(
        [pa.array([*values[:4], *values[:2]])[:4], pa.array(values)[4:9], pa.array(values)[9:]]
    ),
    "polars": lambda values: pl.Series("email", values),
    "polars slice": lambda values: pl.Series("email", [values[0], *values, values[0]]).slice(1, len(values)),
    "polars chunks": lambda values: pl.Series("email", values[:3]).append(pl.Series("email", values[3:])),
    "pandas arrow": lambda values: pd.Series(
        values, dtype=pd.ArrowDtype(pa.string() if isinstance(values[0], str) else pa.binary()), name="email"
    ),
}
TEXT_ONLY: dict[str, Any] = {
    "pandas str without Arrow": lambda values: pd.Series(
        values, dtype=pd.StringDtype("python", na_value=np.nan), name="email"
    ),
    "pandas string of Arrow": lambda values: pd.Series(values, dtype="string[pyarrow]", name="email"),
    "pandas str index": lambda values: pd.Index(values, dtype="str", name="email"),
    "pandas str": lambda values: pd.Series(values, dtype="str", name="email"),
    "pandas string": lambda values: pd.Series(values, dtype="string[python]", name="email"),
    "pandas categorical index": lambda values: pd.CategoricalIndex(values, name="email"),
    "pandas categorical": lambda values: pd.Series(values, dtype="category", name="email"),
    "polars categorical": lambda values: pl.Series("email", values, dtype=pl.Categorical),
    "numpy text": lambda values: np.array([value or "" for value in values]),
}


def plain(column: Any) -> list[Any]:
    """As a list, nulls as None."""
    for name in ("to_pylist", "to_list", "tolist"):
        if hasattr(column, name):
            return [
                None if value is None or value is pd.NA or value != value else value
                for value in getattr(column, name)()
            ]
    return list(column)


@pytest.mark.parametrize("contexts", [None, CONTEXTS, {"row": ROWS}], ids=["none", "each", "columns"])
@pytest.mark.parametrize("kind", COLUMNS)
def test_bytes(email: fortress.Keyring, kind: str, contexts: Any) -> None:
    tokens = email.encrypt_column(COLUMNS[kind](BYTES), context={"table": "users"}, contexts=contexts)
    assert [token is None for token in plain(tokens)] == [value is None for value in BYTES]
    assert all(isinstance(token, bytes) for token in plain(tokens) if token is not None)
    values = email.decrypt_column(tokens, context={"table": "users"}, contexts=contexts)
    assert plain(values) == BYTES
    assert type(values) is type(tokens)


@pytest.mark.parametrize("contexts", [None, CONTEXTS, {"row": ROWS}], ids=["none", "each", "columns"])
@pytest.mark.parametrize("kind", [*COLUMNS, *TEXT_ONLY])
def test_text(email: fortress.Keyring, kind: str, contexts: Any) -> None:
    column = (COLUMNS | TEXT_ONLY)[kind](TEXT)
    expected = [value or "" for value in TEXT] if kind == "numpy text" else TEXT
    tokens = email.encrypt_column(column, context={"table": "users"}, contexts=contexts)
    assert [token is None for token in plain(tokens)] == [value is None for value in expected]
    assert all(isinstance(token, str) for token in plain(tokens) if token is not None)
    assert plain(email.decrypt_column_text(tokens, context={"table": "users"}, contexts=contexts)) == expected
    assert plain(email.decrypt_column(tokens, context={"table": "users"}, contexts=contexts)) == [
        None if value is None else value.encode() for value in expected
    ]


@pytest.mark.parametrize("values", [TEXT, BYTES], ids=["text", "bytes"])
@pytest.mark.parametrize("kind", COLUMNS)
def test_hoisted(email: fortress.Keyring, kind: str, values: Any) -> None:
    column = email.encrypt_column_hoisted(COLUMNS[kind](values), context={"table": "users"}, contexts=CONTEXTS)
    given: dict[str, Any] = {"context": {"table": "users"}, "contexts": CONTEXTS}
    assert plain(email.decrypt_column(column, **given)) == BYTES
    assert plain(email.decrypt_column(column.tokens, header=column.header, **given)) == BYTES
    if values is TEXT:
        assert plain(email.decrypt_column_text(column, **given)) == TEXT
    tokens = [token for token in plain(column.tokens) if token is not None]
    tokens = [token if isinstance(token, bytes) else fortress.decode_token(token) for token in tokens]
    assert [len(token) for token in tokens] == [len(value) + 21 for value in BYTES if value is not None]
    with pytest.raises(fortress.ColumnError) as refusal:
        email.decrypt_column(column.tokens, **given)
    assert refusal.value.rows == [row for row, value in enumerate(BYTES) if value is not None]
    assert refusal.value.code == "wrong_group"
    other = email.encrypt_column_hoisted(["a"], context={"table": "users"})
    with pytest.raises(fortress.ColumnError, match="not authentic"):
        email.decrypt_column(column, header=other.header, **given)


def test_a_hoisted_column_is_one_group(email: fortress.Keyring) -> None:
    count = 1 << 20
    column = email.encrypt_column_hoisted([b""] * count)
    assert len(column.tokens) == count
    assert email.decrypt_column([column.tokens[0], column.tokens[-1]], header=column.header) == [b"", b""]
    with pytest.raises(fortress.LimitError, match="at most 1048576 members"):
        email.encrypt_column_hoisted([b""] * (count + 1))
    assert len(email.encrypt_column_hoisted([None] * (count + 1) + [b""] * 5).tokens) == count + 6
    for nothing in ([], [None], pa.nulls(2), pl.Series([None])):
        made = email.encrypt_column_hoisted(nothing)
        assert len(fortress.decode_token(made.header)) == 63
        assert plain(email.decrypt_column(made)) == plain(made.tokens) == [None] * len(nothing)


def test_a_whole_column_is_one_group(email: fortress.Keyring) -> None:
    """Whoever reads rows of it in another order derives one key."""
    tokens = email.encrypt_column([bytes(3)] * 20_000)
    assert len({token[:63] for token in tokens}) == 1
    assert len({token[63:67] for token in tokens}) == len(tokens)


def test_a_column_stays_what_it_is(email: fortress.Keyring) -> None:
    series = pd.Series(["a", None], index=["x", "y"], name="email", dtype="str")
    tokens = email.encrypt_column(series)
    assert isinstance(tokens, pd.Series)
    assert (list(tokens.index), tokens.name, tokens.dtype) == (["x", "y"], "email", series.dtype)
    column = pl.Series("email", ["a", None])
    assert email.encrypt_column(column).name == "email"
    assert email.encrypt_column(column).dtype == pl.String
    assert email.encrypt_column(pa.array(["a"])).type == pa.string()
    assert email.encrypt_column(pa.array(["a"], pa.large_string())).type == pa.large_string()
    assert isinstance(email.encrypt_column(pa.chunked_array([["a"]])), pa.ChunkedArray)
    array = email.encrypt_column(np.array([b"ab", b"c"]))
    assert array.dtype == object
    assert array.shape == (2,)
    frame = pl.DataFrame({"id": ["1", "2"], "email": ["a", "b"]})
    encrypted = frame.with_columns(email.encrypt_column(frame["email"], contexts={"row": frame["id"]}))
    assert encrypted.columns == ["id", "email"]


@pytest.mark.parametrize("kind", ["pyarrow", "pyarrow chunked", "pyarrow view", "pandas arrow"])
@pytest.mark.parametrize("values", [TEXT, BYTES], ids=["text", "bytes"])
def test_tokens_beyond_32_bits_get_larger_offsets(
    email: fortress.Keyring, monkeypatch: pytest.MonkeyPatch, kind: str, values: Any
) -> None:
    """As for a column of more than 2 GiB, with a border that the test's memory can cross."""
    text = values is TEXT
    narrow, wide = (pa.string(), pa.large_string()) if text else (pa.binary(), pa.large_binary())

    def tokens_of(border: int) -> Any:
        monkeypatch.setattr("fortress._columns._MOST_BY_32_BITS", border)
        tokens = email.encrypt_column(COLUMNS[kind](values))
        arrow = pa.array(tokens) if isinstance(tokens, pd.Series) else tokens
        decrypt = email.decrypt_column_text if text else email.decrypt_column
        assert list(decrypt(arrow).to_pylist()) == list(values)
        return arrow

    size = sum(len(token) for token in tokens_of(2**31 - 1).to_pylist() if token is not None)
    assert tokens_of(size).type == narrow
    assert tokens_of(size - 1).type == wide


def test_memory_that_is_lent(email: fortress.Keyring) -> None:
    """The result lies in PyArrow's memory; what fails leaves nothing of a plaintext there."""
    lent: list[bytearray] = []

    def lend(size: int) -> bytearray:
        lent.append(bytearray(b"\xff" * size))
        return lent[-1]

    values = pa.array([b"first", None, b"", b"other"])
    before = pa.total_allocated_bytes()
    tokens = email.encrypt_column(values)
    assert pa.total_allocated_bytes() > before
    assert tokens.null_count == 1
    tokens.validate(full=True)
    assert email._decrypt_arrow(tokens, None, None, None, False, (lend, 100))[:4] == (False, False, 4, 1)
    assert lent[0] == b"firstother"
    offsets = np.frombuffer(lent[2], dtype=np.int32)
    assert offsets.tolist() == [0, 5, 5, 5, 10]
    wide = email._decrypt_arrow(tokens, None, None, None, False, (lend, 9))
    assert wide[1] is True
    assert np.frombuffer(wide[4][1], dtype=np.int64).tolist() == [0, 5, 5, 5, 10]
    # The first row decrypts, and the last one does not.
    lent.clear()
    first, last = tokens[0].as_py(), tokens[3].as_py()
    damaged = pa.array([first, last[:-1] + bytes([last[-1] ^ 1])])
    with pytest.raises(fortress.ColumnError):
        email._decrypt_arrow(damaged, None, None, None, False, (lend, 0))
    assert [bytes(memory) for memory in lent] == [bytes(10), bytes(24)]
    for wrong, kind in [
        (lambda size: bytearray(size + 1), fortress.ArgumentError),
        (lambda size: bytearray(), fortress.ArgumentError),
        (bytes, TypeError),
        (lambda size: None, TypeError),
        (lambda size: 1 // 0, ZeroDivisionError),
    ]:
        with pytest.raises(kind):
            email._encrypt_arrow(values, None, None, False, (wrong, 0))  # type: ignore[arg-type]


@pytest.mark.parametrize("make", [pd.Series, pd.Index])
@pytest.mark.parametrize("storage", ["pyarrow", "python"])
@pytest.mark.parametrize("missing", [pd.NA, np.nan], ids=["NA", "nan"])
def test_text_of_pandas_stays_what_it_is(
    email: fortress.Keyring, make: Any, storage: Any, missing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether its strings lie in Arrow or not; where they do, they are read there."""
    dtype = pd.StringDtype(storage, na_value=missing)
    column = make(TEXT, dtype=dtype, name="email")
    if storage == "pyarrow":
        for name in ("_encrypt_values", "_decrypt_values"):
            monkeypatch.delattr(f"fortress._fortress.Keyring.{name}", raising=True)
    tokens = email.encrypt_column(column, contexts=CONTEXTS)
    text = email.decrypt_column_text(tokens, contexts=CONTEXTS)
    for made in (tokens, text):
        assert (type(made), made.dtype, made.name) == (type(column), dtype, "email")
        assert made[1] is missing
    assert text.equals(column)
    data = email.decrypt_column(tokens, contexts=CONTEXTS)
    assert (type(data), data.dtype, data.name) == (type(column), object, "email")
    assert data.tolist() == BYTES
    nothing = make([None, None], dtype=dtype)
    assert email.decrypt_column(email.encrypt_column(nothing)).dtype == dtype
    if make is pd.Series:
        part = column[3:7]
        assert email.decrypt_column_text(email.encrypt_column(part)).equals(part)


def test_mixed_lists_and_buffers(email: fortress.Keyring) -> None:
    tokens = email.encrypt_column(["text", b"bytes", None, bytearray(b"buffer"), memoryview(b"view")])
    assert [type(token) for token in tokens] == [str, bytes, type(None), bytes, bytes]
    assert email.decrypt_column(tokens) == [b"text", b"bytes", None, b"buffer", b"view"]
    mixed = [fortress.decode_token(tokens[0]), fortress.encode_token(tokens[1])]
    assert email.decrypt_column(mixed) == [b"text", b"bytes"]


def test_empty_columns(email: fortress.Keyring) -> None:
    assert email.encrypt_column([]) == []
    assert email.encrypt_column([None, None]) == [None, None]
    assert email.encrypt_column(pa.array([], pa.string())).to_pylist() == []
    assert email.encrypt_column(pa.nulls(3)).to_pylist() == [None] * 3
    assert email.encrypt_column(pa.nulls(3, pa.string())).to_pylist() == [None] * 3
    assert email.encrypt_column(pl.Series("a", [None, None])).to_list() == [None, None]
    assert len(email.encrypt_column(pd.Series([], dtype=object))) == 0


def test_all_rows_that_failed_are_named(email: fortress.Keyring) -> None:
    count = 10_000
    rows = {"row": [str(row) for row in range(count)]}
    tokens = email.encrypt_column([f"value {row}" for row in range(count)], contexts=rows)
    broken = {3: tokens[4], 5_000: "not a token", 9_999: tokens[9_999][:48]}
    for row, token in broken.items():
        tokens[row] = token
    tokens[7] = None
    for column in (tokens, pa.array(tokens), pl.Series(tokens)):
        with pytest.raises(fortress.ColumnError) as refusal:
            email.decrypt_column(column, contexts=rows)
        assert refusal.value.rows == [3, 5_000, 9_999]
        codes = [failure.code for failure in refusal.value.failures]
        assert codes == ["authentication_failed", "invalid_text", "truncated"]
        assert refusal.value.code == "authentication_failed"
        assert str(refusal.value).startswith("3 rows of the column failed, the first at 3: the token is not authentic")
    with pytest.raises(fortress.ColumnError) as too_large:
        email.encrypt_column([b"", bytes(16_384), None, bytes(16_383)])
    assert (too_large.value.rows, too_large.value.code) == ([1], "value_too_large")
    with pytest.raises(fortress.ColumnError) as not_text:
        email.decrypt_column_text(email.encrypt_column([b"a", None, b"\xff"]))
    assert (not_text.value.rows, not_text.value.code) == ([2], "invalid_utf8")
    with pytest.raises(fortress.ColumnError) as surrogates:
        email.encrypt_column(["a", "\ud800", "b", "\udfff"])
    assert surrogates.value.rows == [1, 3]
    with pytest.raises(fortress.ColumnError) as contexts:
        email.encrypt_column(["a", "b"], contexts={"row": ["1", "x" * 20_000]})
    assert (contexts.value.rows, contexts.value.code) == ([1], "invalid_context")


def test_more_than_one_group(email: fortress.Keyring) -> None:
    values = [b""] * ((1 << 20) + 5)
    tokens = email.encrypt_column(values)
    assert len(set(tokens)) == len(values)
    assert email.decrypt_column(tokens) == values


def test_values_are_bound_to_their_rows(email: fortress.Keyring) -> None:
    tokens = email.encrypt_column(["a", "b"], contexts={"row": ["1", "2"]})
    assert email.decrypt_column_text(list(reversed(tokens)), contexts=[{"row": "2"}, {"row": "1"}]) == ["b", "a"]
    with pytest.raises(fortress.ColumnError) as refusal:
        email.decrypt_column(list(reversed(tokens)), contexts={"row": ["1", "2"]})
    assert refusal.value.rows == [0, 1]


def test_columns_that_cannot_be_used(email: fortress.Keyring) -> None:
    refusals = [
        ("not one str", lambda: email.encrypt_column("value")),
        ("not one dict", lambda: email.encrypt_column({"a": "b"})),
        ("one dimension, this array has 2", lambda: email.encrypt_column(np.array([["a"]]))),
        ("3 items for 2 rows", lambda: email.encrypt_column(["a", "b"], contexts=[{}, {}, {}])),
        ("1 items for 2 rows", lambda: email.encrypt_column(["a", "b"], contexts={"row": ["1"]})),
        ("one text where a column of them belongs", lambda: email.encrypt_column(["a"], contexts={"row": "1"})),
        ("cast it to strings", lambda: email.encrypt_column(pa.array([1, 2]))),
    ]
    for message, attempt in refusals:
        with pytest.raises(fortress.ArgumentError, match=message):
            attempt()
    for message, attempt in (
        (
            "a value of a column must be str, bytes or None: row 1 is int; convert",
            lambda: email.encrypt_column(["a", 42]),
        ),
        ("row 0 is int, row 3 is float; convert", lambda: email.encrypt_column([1, None, "a", 2.5])),
        ("row 4 is int, and 995 more rows; convert", lambda: email.encrypt_column(np.arange(1_000))),
        ("a token of a column must be str, bytes or None: row 0 is dict;", lambda: email.decrypt_column([{}])),
        (r'contexts\["row"\]\[0\] must be str, got int', lambda: email.encrypt_column(["a"], contexts={"row": [1]})),
        (r'contexts\[0\]\["row"\] must be str, got int', lambda: email.encrypt_column(["a"], contexts=[{"row": 1}])),
    ):
        with pytest.raises(TypeError, match=message):
            attempt()


def test_numpy_text_and_masks(email: fortress.Keyring) -> None:
    masked = np.ma.MaskedArray(["a", "b", "c"], mask=[False, True, False])
    tokens = email.encrypt_column(masked)
    assert tokens[1] is None
    assert plain(email.decrypt_column_text(tokens)) == ["a", None, "c"]
    texts = np.array(["a", "long enough not to be kept in place", ""], dtype=np.dtypes.StringDType())
    assert plain(email.decrypt_column_text(email.encrypt_column(texts))) == texts.tolist()
    backwards = np.array(["a", "b", "c"], dtype=object)[::-1]
    assert plain(email.decrypt_column_text(email.encrypt_column(backwards))) == ["c", "b", "a"]


def test_a_list_may_change_while_it_is_encrypted(email: fortress.Keyring) -> None:
    """What is encrypted is what it held when the call began."""
    values = [b"x" * 64] * 50_000
    stop = threading.Event()

    def meddle() -> None:
        while not stop.is_set():
            values[:] = [b"y"] * 50_000
            values[:] = [b"x" * 64] * 50_000

    thread = threading.Thread(target=meddle)
    thread.start()
    try:
        for _ in range(5):
            read = set(email.decrypt_column(email.encrypt_column(values)))
            assert read <= {b"x" * 64, b"y"}
    finally:
        stop.set()
        thread.join()


def test_a_keyring_may_be_closed_meanwhile(email: fortress.Keyring) -> None:
    """Another thread closes it: the call ends with all rows or with an exception."""
    tokens = email.encrypt_column([b"value"] * 100_000)
    closing = threading.Thread(target=email.close)
    closing.start()
    with contextlib.suppress(fortress.StateError):
        assert email.decrypt_column(tokens) == [b"value"] * 100_000
    closing.join()
    with pytest.raises(fortress.StateError, match="this keyring is closed"):
        email.encrypt_column([b"value"])


def test_references_are_given_back(email: fortress.Keyring) -> None:
    """No call keeps what it was given, whether it succeeds or fails, nor what it made."""
    value, text, own = bytes(100), "x" * 100, {"row": "1" * 100}
    column = [value, text, None] * 1_000
    bad = [b"\x02" + bytes(90), "?", value]

    def work() -> None:
        email.decrypt_column(email.encrypt_column(column, contexts=[own] * 3_000), contexts=[own] * 3_000)
        email.encrypt_column_hoisted(column)
        for attempt in (
            lambda: email.decrypt_column(bad),
            lambda: email.encrypt_column([value, 42]),
            lambda: email.encrypt_column(column, contexts=[own]),
        ):
            with pytest.raises((fortress.FortressError, TypeError)):
                attempt()

    work()
    gc.collect()
    before = [sys.getrefcount(thing) for thing in (value, text, own, None)]
    blocks = sys.getallocatedblocks()
    for _ in range(10):
        work()
    gc.collect()
    after = [sys.getrefcount(thing) for thing in (value, text, own, None)]
    assert all(abs(count - first) < 50 for count, first in zip(after, before))
    assert sys.getallocatedblocks() - blocks < 2_000


def test_nothing_leaks(email: fortress.Keyring) -> None:
    """Arrow structures are released, and lists hold each token once."""
    array = pa.array(["x" * 100] * 1_000)
    before = pa.total_allocated_bytes()
    for _ in range(20):
        made = email.encrypt_column(array)
        email.decrypt_column(made)
        _, column = email._encrypt_arrow(array, None, None, False, None)
        column.__arrow_c_array__()  # nobody takes it
    del made, column
    assert pa.total_allocated_bytes() <= before + 1_000_000
    tokens, control = email.encrypt_column([b"a"]), [bytes(64)]
    assert sys.getrefcount(tokens[0]) == sys.getrefcount(control[0])
