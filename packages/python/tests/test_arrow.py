"""Arrow arrays: read where they lie, by several threads, whatever a producer hands over."""

from __future__ import annotations

import ctypes
from typing import Any, Callable

import numpy as np
import pyarrow as pa
import pytest

import fortress

#: More than a few blocks of rows, the last of them not full.
COUNT = 5_003
VALUES = [None if row % 7 == 3 else str(row).encode() * (row % 11) for row in range(COUNT)]


@pytest.fixture
def email(keyring: fortress.Keyring) -> fortress.Keyring:
    return keyring.scope("acme", "users", "email")


def pieces(array: pa.Array) -> pa.ChunkedArray:
    """Chunks that end in the midst of blocks and of bytes of validity, some of them empty."""
    ends = [0, 0, 1, 1_021, 1_024, 1_027, 1_027, 3_333, len(array)]
    return pa.chunked_array([array[start:end] for start, end in zip(ends, ends[1:])], array.type)


@pytest.mark.parametrize("divided", [lambda array: array, pieces], ids=["whole", "in pieces"])
@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.binary_view()], ids=str)
@pytest.mark.parametrize("values", [VALUES, [value or b"" for value in VALUES]], ids=["nulls", "no nulls"])
def test_many_blocks(
    email: fortress.Keyring, values: Any, kind: Any, divided: Callable[[pa.Array], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    column = divided(pa.array([b"before", *values], kind)[1:])
    for border in (2**31 - 1, 0):
        monkeypatch.setattr("fortress._columns._MOST_BY_32_BITS", border)
        rows = [str(row) for row in range(COUNT)]
        for given in ({}, {"contexts": {"row": rows}}):
            tokens = email.encrypt_column(column, **given)
            tokens.validate(full=True)
            assert tokens.null_count == values.count(None)
            read = email.decrypt_column(tokens, **given)
            read.validate(full=True)
            assert read.to_pylist() == values
            assert email.decrypt_column(tokens.to_pylist(), **given) == values
    hoisted = email.encrypt_column_hoisted(column)
    assert email.decrypt_column(hoisted).to_pylist() == values
    text = email.encrypt_column(column.cast(pa.string()) if kind != pa.binary_view() else column.cast(pa.string_view()))
    assert email.decrypt_column_text(text).to_pylist() == [
        None if value is None else value.decode() for value in values
    ]


def test_arrays_in_memory_of_our_own(email: fortress.Keyring) -> None:
    """As Polars gets them."""
    for values in (VALUES, [value or b"" for value in VALUES]):
        array = pieces(pa.array(values, pa.binary()))
        tokens = pa.array(email._encrypt_arrow(array, None, None, False, None)[1])
        tokens.validate(full=True)
        assert tokens.type == pa.large_binary()
        read = pa.array(email._decrypt_arrow(tokens, None, None, None, False, None))
        read.validate(full=True)
        assert read.to_pylist() == values


def test_values_of_one_length(email: fortress.Keyring) -> None:
    values = [None if row % 5 == 0 else bytes([row % 256]) * 16 for row in range(COUNT)]
    tokens = email.encrypt_column(pa.array([bytes(16), *values], pa.binary(16))[1:])
    assert email.decrypt_column(tokens).to_pylist() == values


def test_rows_that_failed_are_counted_from_the_first(email: fortress.Keyring) -> None:
    """Whichever thread met them, in whichever array they were."""
    tokens = email.encrypt_column(VALUES)
    wrong = {5: b"", 1_024: b"\x01", 1_026: tokens[2], 3_332: b"\x02" * 70, 5_002: b"\x09"}
    for row, token in wrong.items():
        tokens[row] = token[:-1] + bytes([token[-1] ^ 1]) if row == 1_026 else token
    with pytest.raises(fortress.ColumnError) as refusal:
        email.decrypt_column(pieces(pa.array(tokens)))
    assert refusal.value.rows == list(wrong)
    assert [failure.code for failure in refusal.value.failures] == [
        "truncated",
        "wrong_group",
        "authentication_failed",
        "truncated",
        "unknown_version",
    ]
    long = [bytes(16_384) if row in (3, 2_000, 4_999) else value for row, value in enumerate(VALUES)]
    with pytest.raises(fortress.ColumnError) as too_large:
        email.encrypt_column(pieces(pa.array(long)))
    assert (too_large.value.rows, too_large.value.code) == ([3, 2_000, 4_999], "value_too_large")


@pytest.mark.parametrize("row", [0, 1_500, COUNT - 1])
@pytest.mark.parametrize("width", [np.int32, np.int64])
def test_offsets_that_run_backwards(email: fortress.Keyring, row: int, width: Any) -> None:
    kind = pa.binary() if width is np.int32 else pa.large_binary()
    for wrong in (-1, -(2**31)):
        offsets = np.arange(COUNT + 1, dtype=width) * 8
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(bytes(8 * COUNT))]
        array = pa.Array.from_buffers(kind, COUNT, buffers)
        # Now, for PyArrow looks at the last one.
        offsets[row + 1] = offsets[row] - 1 if wrong == -1 else wrong
        for attempt in (email.encrypt_column, email.decrypt_column, email.encrypt_column_hoisted):
            with pytest.raises(fortress.ArgumentError, match="offsets that do not ascend"):
                attempt(array)


Change = Callable[[Any, Any], None]

CHANGES: dict[str, Change] = {
    "a longer value": lambda offsets, validity: offsets.__setitem__(2_001, offsets[2_001] + 1),
    "a shorter value": lambda offsets, validity: offsets.__setitem__(slice(2_001, None), offsets[2_001:] - 1),
    "all a row later": lambda offsets, validity: offsets.__setitem__(slice(1, None), offsets[:-1]),
    "no last value": lambda offsets, validity: offsets.__setitem__(-1, offsets[-2]),
    "more nulls": lambda offsets, validity: validity.__setitem__(250, 0),
    "no nulls": lambda offsets, validity: validity.fill(255),
}


@pytest.mark.parametrize("change", list(CHANGES.values()), ids=list(CHANGES))
def test_what_changes_while_it_is_read_is_refused(email: fortress.Keyring, change: Change) -> None:
    """After lengths are added up, before values are read: nothing is written beyond its place, and nothing is left."""
    tokens = pa.array(email.encrypt_column([b"secret 8"] * COUNT))
    _, source, data = tokens.buffers()
    offsets, validity = np.frombuffer(source, np.int32).copy(), np.full((COUNT + 7) // 8, 255, np.uint8)
    validity[3] = 0
    buffers = [pa.py_buffer(validity), pa.py_buffer(offsets), data]
    array = pa.Array.from_buffers(pa.binary(), COUNT, buffers, null_count=8)
    lent: list[bytearray] = []

    def lend(length: int) -> bytearray:
        if not lent:
            change(offsets, validity)
        lent.append(bytearray(b"\xff" * length))
        return lent[-1]

    with pytest.raises((fortress.ArgumentError, fortress.ColumnError)):
        email._decrypt_arrow(array, None, None, None, False, (lend, 2**31 - 1))
    assert len(lent) == 3
    assert not any(any(memory) for memory in lent)


class CArray(ctypes.Structure):
    """`ArrowArray` of the C data interface."""

    _fields_ = [
        *[(name, ctypes.c_int64) for name in ("length", "null_count", "offset", "n_buffers", "n_children")],
        ("buffers", ctypes.POINTER(ctypes.c_void_p)),
        *[(name, ctypes.c_void_p) for name in ("children", "dictionary", "release", "private_data")],
    ]


class Exported:
    """An array whose structure is changed before anybody reads it."""

    def __init__(self, array: pa.Array, **changes: Any) -> None:
        self.schema, self.array = (ctypes.c_byte * 72)(), CArray()
        array._export_to_c(ctypes.addressof(self.array), ctypes.addressof(self.schema))
        for name, value in changes.items():
            if name[6:].isdigit():
                self.array.buffers[int(name[6:])] = value
            else:
                setattr(self.array, name, value)

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        new = ctypes.pythonapi.PyCapsule_New
        new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
        return (
            new(ctypes.addressof(self.schema), b"arrow_schema", None),
            new(ctypes.addressof(self.array), b"arrow_array", None),
        )


MALFORMED: list[tuple[str, dict[str, Any]]] = [
    ("a negative length", {"length": -1}),
    ("a negative length", {"offset": -1}),
    ("more rows than there can be", {"length": 2**63 - 1, "offset": 2**63 - 1}),
    ("more rows than there can be", {"length": 2**63 - 1}),
    ("too few buffers", {"n_buffers": 2}),
    ("too few buffers", {"n_buffers": -1}),
    ("too few buffers", {"buffers": None}),
    ("a missing buffer", {"buffer1": None}),
    ("offsets that do not ascend", {"buffer2": None}),
]


@pytest.mark.parametrize(("message", "changes"), MALFORMED)
def test_malformed_structures(email: fortress.Keyring, message: str, changes: dict[str, Any]) -> None:
    before = pa.total_allocated_bytes()
    for _ in range(3):
        array = Exported(pa.array([b"value"] * 10), **changes)
        with pytest.raises(fortress.ArgumentError, match=message):
            email._encrypt_arrow(array, None, None, False, None)
        assert array.array.release is None
    assert pa.total_allocated_bytes() <= before


def test_a_structure_as_it_should_be(email: fortress.Keyring) -> None:
    tokens = email._encrypt_arrow(Exported(pa.array([b"value", None])), None, None, False, None)[1]
    assert email.decrypt_column(pa.array(tokens)).to_pylist() == [b"value", None]
    assert len(email._encrypt_arrow(Exported(pa.array([b"value"]), length=0), None, None, False, None)[1]) == 0
