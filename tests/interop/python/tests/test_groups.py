"""G: grouped tokens, rows and columns."""

from collections.abc import Callable
from functools import partial

import pytest
import writer

from fortress_reader import Code, FortressError, Group, decrypt, decrypt_member, decrypt_row

RING = writer.keyring()
CONTEXT = {"row": "42"}
MEMBER = {"field": "email"}


def refusal(action: Callable[[], object]) -> Code:
    with pytest.raises(FortressError) as refused:
        action()
    return refused.value.code


@pytest.mark.parametrize("suite", [2, 29, 33, 36])
@pytest.mark.parametrize("index", [0, 1, 255, 256, 2**20 - 1])
@pytest.mark.parametrize("length", [0, 5, 16_383])
def test_round_trip(suite: int, index: int, length: int) -> None:
    group = writer.GroupWriter(RING, CONTEXT, suite=suite)
    whole, hoisted = group.whole(index, bytes(length), MEMBER), group.hoisted(index, bytes(length), MEMBER)
    assert len(group.header) == 63
    assert (len(whole), len(hoisted)) == (length + 83, length + 21)
    assert decrypt_member(RING, whole, CONTEXT, MEMBER) == bytes(length)
    assert Group(RING, group.header, CONTEXT).decrypt(hoisted, MEMBER) == bytes(length)


def test_every_bit() -> None:
    group = writer.GroupWriter(RING, CONTEXT)
    codes = [
        refusal(partial(decrypt_member, RING, c, CONTEXT, MEMBER)) for c in writer.flips(group.whole(7, b"v", MEMBER))
    ]
    # Bit 0 of the version turns a whole member into a hoisted one without its header.
    assert codes[0] is Code.WRONG_GROUP
    assert {*codes[1:3]} <= {Code.UNKNOWN_SUITE, Code.PRIVATE_SUITE}
    assert {*codes[3:7]} == {Code.UNKNOWN_KEY}
    # The index: its upper bits leave the limit of G-5, the lower ones the nonce.
    assert codes[63] is Code.AUTHENTICATION_FAILED or codes[63] is Code.LIMIT_EXCEEDED
    assert {*codes[7:63], *codes[65:]} == {Code.AUTHENTICATION_FAILED}


def test_every_length() -> None:
    group = writer.GroupWriter(RING, CONTEXT)
    whole, hoisted = group.whole(7, b"value", MEMBER), group.hoisted(7, b"value", MEMBER)
    opened = Group(RING, group.header, CONTEXT)
    for length in range(len(whole)):
        expected = Code.TRUNCATED if length < 83 else Code.AUTHENTICATION_FAILED
        assert refusal(partial(decrypt_member, RING, whole[:length], CONTEXT, MEMBER)) is expected
    for length in range(len(hoisted)):
        expected = Code.TRUNCATED if length < 21 else Code.AUTHENTICATION_FAILED
        assert refusal(partial(opened.decrypt, hoisted[:length], MEMBER)) is expected
    for length in range(63):
        assert refusal(partial(Group, RING, group.header[:length], CONTEXT)) is Code.TRUNCATED
    assert refusal(lambda: Group(RING, group.header + b"x", CONTEXT)) is Code.WRONG_GROUP
    assert refusal(lambda: decrypt_member(RING, whole + b"x", CONTEXT, MEMBER)) is Code.AUTHENTICATION_FAILED


def test_contexts_scopes_and_members_are_apart() -> None:
    group = writer.GroupWriter(RING, CONTEXT)
    whole = group.whole(0, b"value", MEMBER)
    failures: list[Callable[[], object]] = [
        lambda: decrypt_member(RING, whole, {}, MEMBER),
        lambda: decrypt_member(RING, whole, CONTEXT, {}),
        lambda: decrypt_member(RING, whole, MEMBER, CONTEXT),
        lambda: decrypt_member(RING.scope("a"), whole, CONTEXT, MEMBER),
        # Another index over the same ciphertext, another group's header before it, a field token's message as a header.
        lambda: decrypt_member(RING, group.header + (1).to_bytes(4, "big") + whole[67:], CONTEXT, MEMBER),
        lambda: decrypt_member(RING, writer.GroupWriter(RING).header + whole[63:], {}, MEMBER),
        lambda: Group(RING, b"\x02" + writer.token(RING, b"value", CONTEXT)[1:63], CONTEXT),
    ]
    for failure in failures:
        assert refusal(failure) is Code.AUTHENTICATION_FAILED


def test_kinds_are_not_mixed() -> None:
    group = writer.GroupWriter(RING, CONTEXT)
    opened = Group(RING, group.header, CONTEXT)
    whole, hoisted, single = group.whole(0, b"v"), group.hoisted(0, b"v"), writer.token(RING, b"v", CONTEXT)
    failures: list[Callable[[], object]] = [
        lambda: decrypt(RING, hoisted, CONTEXT),
        lambda: decrypt_member(RING, hoisted, CONTEXT),
        lambda: decrypt_member(RING, single, CONTEXT),
        lambda: Group(RING, single[:63], CONTEXT),
        lambda: Group(RING, hoisted, CONTEXT),
        lambda: Group(RING, b"\x00" + group.header[1:], CONTEXT),
        lambda: decrypt_row(RING, {"name": single}, CONTEXT),
        lambda: decrypt_row(RING, {"name": single}, CONTEXT, group.header),
        lambda: opened.decrypt(whole),
        lambda: opened.decrypt(single),
    ]
    assert {refusal(failure) for failure in failures} == {Code.WRONG_GROUP}
    assert refusal(lambda: opened.decrypt(b"\x04" + hoisted[1:])) is Code.UNKNOWN_VERSION
    assert refusal(lambda: decrypt_member(RING, b"\x04" + whole[1:], CONTEXT)) is Code.UNKNOWN_VERSION


def test_limits() -> None:
    group = writer.GroupWriter(RING)
    opened = Group(RING, group.header)
    for index in (2**20, 2**32 - 1):
        assert refusal(partial(opened.decrypt, group.hoisted(index, b""))) is Code.LIMIT_EXCEEDED
        assert refusal(partial(decrypt_member, RING, group.whole(index, b""))) is Code.LIMIT_EXCEEDED
    assert refusal(lambda: opened.decrypt(group.hoisted(0, bytes(16_384)))) is Code.VALUE_TOO_LARGE


def test_rows_in_both_layouts() -> None:
    row = {"name": b"Ada", "email": b"ada@example.org", "note": b""}
    group = writer.GroupWriter(RING, CONTEXT)
    fields = list(enumerate(row.items()))
    whole = {name: group.whole(i, value, {"field": name}) for i, (name, value) in fields}
    hoisted = {name: group.hoisted(i, value, {"field": name}) for i, (name, value) in fields}
    assert decrypt_row(RING, whole, CONTEXT) == row
    assert decrypt_row(RING, hoisted, CONTEXT, group.header) == row
    assert refusal(lambda: decrypt_row(RING, hoisted, CONTEXT)) is Code.WRONG_GROUP
    swapped = {**whole, "name": whole["email"], "email": whole["name"]}
    assert refusal(lambda: decrypt_row(RING, swapped, CONTEXT)) is Code.AUTHENTICATION_FAILED


def test_a_changed_field_has_a_header_of_its_own() -> None:
    group, later = writer.GroupWriter(RING, CONTEXT), writer.GroupWriter(RING, CONTEXT, suite=29)
    fields = {"name": group.hoisted(0, b"Ada", {"field": "name"}), "email": later.whole(0, b"new", {"field": "email"})}
    assert decrypt_row(RING, fields, CONTEXT, group.header) == {"name": b"Ada", "email": b"new"}


def test_columns() -> None:
    values = [b"a", b"b", b"c"]
    group = writer.GroupWriter(RING, {"column": "email"})
    tokens = [group.whole(i, value, {"row": str(i)}) for i, value in enumerate(values)]
    read = [decrypt_member(RING, token, {"column": "email"}, {"row": str(i)}) for i, token in enumerate(tokens)]
    assert read == values
