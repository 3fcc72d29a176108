"""Field tokens and rows."""

from __future__ import annotations

import array
import mmap
import os
import sys
from collections import OrderedDict, UserDict

import pytest

import fortress


def test_text_gives_text_and_bytes_give_bytes(keyring: fortress.Keyring) -> None:
    text = keyring.encrypt("ad\u00e1", context={"row": "42"})
    data = keyring.encrypt("ad\u00e1".encode(), context={"row": "42"})
    assert isinstance(text, str)
    assert isinstance(data, bytes)
    for token in (text, data, bytearray(data), memoryview(data), fortress.encode_token(data)):
        assert keyring.decrypt(token, context={"row": "42"}) == "ad\u00e1".encode()
        assert keyring.decrypt_text(token, {"row": "42"}) == "ad\u00e1"
    assert isinstance(keyring.reencrypt(text, {"row": "42"}), str)
    assert isinstance(keyring.reencrypt(data, {"row": "42"}), bytes)


@pytest.mark.parametrize("length", [0, 1, 16_383, 16_384, 16_385, 1 << 20, 16 << 20])
def test_lengths(keyring: fortress.Keyring, length: int) -> None:
    value = os.urandom(length)
    token = keyring.encrypt(value)
    assert len(token) == length + 79 + 16 * (length // 16_384)
    assert keyring.decrypt(token) == value


def test_any_buffer_goes_in(keyring: fortress.Keyring) -> None:
    with mmap.mmap(-1, 64) as mapped:
        mapped[:3] = b"ada"
        for buffer in (bytearray(b"ada"), memoryview(b"_ada_")[1:4], array.array("B", b"ada"), mapped):
            assert keyring.decrypt(keyring.encrypt(buffer))[:3] == b"ada"
    with pytest.raises(BufferError):
        keyring.encrypt(memoryview(b"a_d_a")[::2])


def test_contexts_bind(keyring: fortress.Keyring) -> None:
    token = keyring.encrypt("ada", {"row": "42", "table": "users"})
    for context in (OrderedDict(table="users", row="42"), UserDict(row="42", table="users")):
        assert keyring.decrypt_text(token, context) == "ada"
    for other in (None, {}, {"row": "42"}, {"row": "43", "table": "users"}):
        with pytest.raises(fortress.AuthenticationError) as refusal:
            keyring.decrypt(token, other)
        assert refusal.value.code == "authentication_failed"


def test_what_a_token_refuses(keyring: fortress.Keyring) -> None:
    token = keyring.encrypt("ada")
    other = fortress.Keyring.generate()
    refusals = [
        (fortress.LimitError, "value_too_large", lambda: keyring.encrypt(bytes((16 << 20) + 1))),
        (fortress.FormatError, "invalid_text", lambda: keyring.decrypt(token + "=")),
        (fortress.FormatError, "invalid_text", lambda: keyring.decrypt("\u20ac")),
        (fortress.TruncatedError, "truncated", lambda: keyring.decrypt(token[:40])),
        (fortress.UnknownKeyError, "unknown_key", lambda: other.decrypt(token)),
        (fortress.UnsupportedError, "unknown_version", lambda: keyring.decrypt(b"\x09" + bytes(99))),
        (fortress.FormatError, "invalid_utf8", lambda: keyring.decrypt_text(keyring.encrypt(b"\xff"))),
        (fortress.ArgumentError, "invalid_argument", lambda: keyring.encrypt("\ud800")),
        (fortress.ArgumentError, "invalid_argument", lambda: keyring.encrypt("ada", {"row": "\udfff"})),
        (fortress.ArgumentError, "invalid_context", lambda: keyring.encrypt("ada", {"row": "x" * 20_000})),
    ]
    for kind, code, attempt in refusals:
        with pytest.raises(kind) as refusal:
            attempt()
        assert isinstance(refusal.value, fortress.FortressError)
        assert refusal.value.code == code
        assert "\n" not in str(refusal.value)


def test_wrong_types_are_named_and_values_are_not(keyring: fortress.Keyring) -> None:
    attempts = [
        ("a value must be str or bytes, got int", lambda: keyring.encrypt(12345678)),  # type: ignore[call-overload]
        ("a token must be str or bytes, got NoneType", lambda: keyring.decrypt(None)),  # type: ignore[arg-type]
        ("context must be a mapping of str to str, got str", lambda: keyring.encrypt("a", "12345678")),
        (r'context\["row"\] must be str, got int', lambda: keyring.encrypt("a", {"row": 12345678})),
        ("keys of context must be str, got int", lambda: keyring.encrypt("a", {12345678: "a"})),
        (r'the field "n" must be str or bytes, got int', lambda: keyring.encrypt_row({"n": 12345678})),
        ("a row must be a mapping", lambda: keyring.encrypt_row(["12345678"])),
    ]
    for message, attempt in attempts:
        with pytest.raises(TypeError, match=message) as refusal:
            attempt()
        assert "12345678" not in str(refusal.value)


def test_rows(keyring: fortress.Keyring) -> None:
    users = keyring.scope("acme", "users")
    row = {"name": "Ada", "email": "ada@example.org", "photo": b"\xff\xd8"}
    tokens = users.encrypt_row(row, {"row": "42"})
    assert list(tokens) == list(row)
    assert isinstance(tokens["name"], str)
    assert isinstance(tokens["photo"], bytes)
    expected = {"name": b"Ada", "email": b"ada@example.org", "photo": b"\xff\xd8"}
    assert users.decrypt_row(tokens, {"row": "42"}) == expected
    hoisted = users.encrypt_row_hoisted(row, {"row": "42"})
    assert users.decrypt_row(hoisted, {"row": "42"}) == expected
    assert users.decrypt_row(hoisted.fields, {"row": "42"}, header=hoisted.header) == expected
    assert len(hoisted.fields["photo"]) == 2 + 21
    text = users.encrypt_row({"name": "Ada"})
    assert users.decrypt_row_text(text) == {"name": "Ada"}
    assert users.encrypt_row({}) == {}
    for attempt, code in (
        (lambda: users.decrypt_row({"email": tokens["name"]}, {"row": "42"}), "authentication_failed"),
        (lambda: users.decrypt_row(hoisted.fields, {"row": "42"}), "wrong_group"),
        (lambda: users.encrypt_row({"a": "b", "notes": "x" * 16_384}), "value_too_large"),
    ):
        with pytest.raises(fortress.FortressError, match=r'field "(email|name|notes)"') as refusal:
            attempt()
        assert refusal.value.code == code


def test_a_tokens_salt_is_its_own(keyring: fortress.Keyring) -> None:
    salts = {keyring.encrypt(b"")[7:31] for _ in range(10_000)}
    assert len(salts) == 10_000
    assert bytes(24) not in salts


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.skipif(sys.platform == "darwin", reason="a forked child may not do much there")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_does_not_repeat_its_parent(keyring: fortress.Keyring) -> None:
    keyring.encrypt(b"")  # there is a block of randomness, begun
    children = []
    for _ in range(3):
        read, write = os.pipe()
        if os.fork() == 0:
            os.write(write, b"".join(keyring.encrypt(b"")[7:31] for _ in range(60)))
            os._exit(0)
        os.close(write)
        children.append(read)
    salts = [keyring.encrypt(b"")[7:31] for _ in range(60)]
    for read in children:
        with os.fdopen(read, "rb") as pipe:
            data = pipe.read()
        salts += [data[at : at + 24] for at in range(0, len(data), 24)]
        os.wait()
    assert len(salts) == len(set(salts)) == 4 * 60


def test_many_tokens_in_one_call(keyring: fortress.Keyring) -> None:
    values = ["a", None, b"\xff" * 20_000, "\u00e9", bytearray(b"b"), ""]
    contexts = [{"row": str(row)} for row in range(len(values))]
    for own in (contexts, {"row": [str(row) for row in range(len(values))]}, None):
        tokens = keyring.encrypt_all(values, contexts=own)
        assert [type(token) for token in tokens] == [str, type(None), bytes, str, bytes, str]
        assert len({*tokens}) == 6
        plain = [None if value is None else value.encode() if isinstance(value, str) else value for value in values]
        assert keyring.decrypt_all(tokens, contexts=own) == plain
        for token, value, context in zip(tokens, plain, contexts):
            if token is not None:
                assert keyring.decrypt(token, context if own else None) == value
    assert keyring.decrypt_all_text(iter(keyring.encrypt_all(iter(["a", None])))) == ["a", None]
    assert keyring.encrypt_all([]) == keyring.decrypt_all([]) == []


def test_all_of_many_that_failed_are_named(keyring: fortress.Keyring) -> None:
    token = keyring.encrypt("a", {"row": "0"})
    member = keyring.encrypt_column(["a"])[0]
    contexts = {"row": [str(row) for row in range(7)]}
    with pytest.raises(fortress.ColumnError) as refusal:
        keyring.decrypt_all([token, None, token, member, "?", b"", b"\x01" * 9], contexts=contexts)
    assert [(failure.row, failure.code) for failure in refusal.value.failures] == [
        (2, "authentication_failed"),
        (3, "wrong_group"),
        (4, "invalid_text"),
        (5, "truncated"),
        (6, "unknown_suite"),
    ]
    with pytest.raises(fortress.ColumnError) as refusal:
        keyring.encrypt_all([None, "a", bytes((16 << 20) + 1), "\u00e9"])
    assert (refusal.value.rows, refusal.value.code) == ([2], "value_too_large")
    with pytest.raises(fortress.ColumnError) as refusal:
        keyring.encrypt_all(["a", "b"], contexts={"row": ["1", "x" * 20_000]})
    assert (refusal.value.rows, refusal.value.code) == ([1], "invalid_context")
    with pytest.raises(fortress.ColumnError) as refusal:
        keyring.decrypt_all_text(keyring.encrypt_all([None, b"a", b"\xff"]))
    assert (refusal.value.rows, refusal.value.code) == ([2], "invalid_utf8")
    for refused in (keyring.encrypt_all, keyring.decrypt_all, keyring.decrypt_all_text):
        with pytest.raises(fortress.ArgumentError, match="not one str"):
            refused("value")
        with pytest.raises(TypeError, match="row 1 is int"):
            refused([None, 5])  # type: ignore[list-item]
        with pytest.raises(fortress.ArgumentError, match="1 items for 2 rows"):
            refused([None, None], contexts=[{}])
