"""Both ways with others: the independent reader, and `cryptography`'s own Cobblestone-256."""

from __future__ import annotations

import io
from typing import Any

import fortress_reader as independent
import pytest
import writer
from conftest import PASSPHRASE, pattern
from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from fortress_reader import cbor
from fortress_reader.context import canonical
from fortress_reader.groups import Group
from fortress_reader.payload import expand

import fortress

LENGTHS = [0, 1, 16_383, 16_384, 16_385, 1 << 20]
SUITES = ["AES-256-GCM", "ChaCha20-Poly1305", "AEGIS-256", "AEGIS-256X2"]
CONTEXT = {"file": "report", "\u00e9": "2"}


@pytest.fixture
def both(cheap: fortress.Passphrase) -> tuple[fortress.Keyring, independent.Keyring]:
    """The same keyring here and there, with a version that is not primary and one that is destroyed."""
    keyring = fortress.Keyring.generate(profile="archive")
    keyring.rotate()
    keyring.destroy_version(keyring.rotate() and keyring.versions[0].id)
    sealed = keyring.seal(passphrase=cheap)
    return keyring, independent.open_keyring(sealed, [independent.Passphrase(PASSPHRASE)])


def test_keyrings(both: tuple[fortress.Keyring, independent.Keyring]) -> None:
    keyring, there = both
    assert [version.id.hex() for version in there.versions] == [version.id for version in keyring.versions]
    narrowed = keyring.scope("acme", "\u00e9")
    other = fortress.Keyring.generate()
    again = fortress.Keyring.open(narrowed.seal(keyring=other), keyring=other)
    assert again.path == ("acme", "\u00e9")
    assert again.expose_secret(again.primary) == there.scope("acme", "\u00e9").versions[-1].secret
    payload = cbor.encode(writer.keyring_payload(there))
    sealed = writer.envelope(writer.header([writer.passphrase_recipient("x")], content="keyring"), payload)
    assert fortress.Keyring.open(sealed, passphrase="x").versions == keyring.versions


@pytest.mark.parametrize("length", [0, 15, 16_384, 100_000])
def test_tokens(both: tuple[fortress.Keyring, independent.Keyring], length: int) -> None:
    keyring, there = both
    value = pattern(length)
    token = keyring.scope("a").encrypt(value, CONTEXT)
    assert independent.decrypt(there.scope("a"), token, CONTEXT) == value
    assert keyring.scope("a").decrypt(writer.token(there.scope("a"), value, CONTEXT), CONTEXT) == value
    # After byte 7 it is a Cobblestone-256 message, and theirs is ours.
    key, context = there.purpose_key(bytes.fromhex(keyring.primary), "field"), canonical(CONTEXT)
    ours = keyring.encrypt(value, CONTEXT)
    decryptor = Cobblestone256Decryptor(key, ours[:7] + context)
    assert decryptor.update(ours[7:]) + decryptor.finalize() == value
    head = b"\x01\x00\x02" + bytes.fromhex(keyring.primary)
    encryptor = Cobblestone256Encryptor(key, head + context)
    theirs = head + encryptor.update(value) + encryptor.finalize()
    assert keyring.decrypt(theirs, CONTEXT) == value


def test_rows_and_columns(both: tuple[fortress.Keyring, independent.Keyring]) -> None:
    keyring, there = both
    row = {"name": b"Ada", "email": b"ada@example.org"}
    assert independent.decrypt_row(there, keyring.encrypt_row(row, CONTEXT), CONTEXT, None) == row
    hoisted = keyring.encrypt_row_hoisted(row, CONTEXT)
    header = fortress.decode_token(hoisted.header)
    assert independent.decrypt_row(there, hoisted.fields, CONTEXT, header) == row
    values = [pattern(length) for length in range(50)]
    contexts = [{"row": str(number)} for number in range(50)]
    tokens = keyring.encrypt_column(values, context=CONTEXT, contexts=contexts)
    read = [independent.decrypt_member(there, token, CONTEXT, context) for token, context in zip(tokens, contexts)]
    assert read == values
    column = keyring.encrypt_column_hoisted(values, context=CONTEXT, contexts=contexts)
    header = fortress.decode_token(column.header)
    there_too = Group(there, header, CONTEXT)
    assert [there_too.decrypt(token, own) for token, own in zip(column.tokens, contexts)] == values
    group = writer.GroupWriter(there, CONTEXT)
    members = [group.whole(n, value, context) for n, (value, context) in enumerate(zip(values, contexts))]
    assert keyring.decrypt_column(members, context=CONTEXT, contexts=contexts) == values
    fields = {name: group.hoisted(60 + n, value, {"field": name}) for n, (name, value) in enumerate(row.items())}
    assert keyring.decrypt_row(fields, CONTEXT, header=group.header) == row


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("suite", SUITES)
def test_envelopes(both: tuple[fortress.Keyring, independent.Keyring], suite: Any, length: int) -> None:
    if suite.startswith("AEGIS") and length > 20_000:
        pytest.skip("the reader's AEGIS is written to be read, and takes a minute for this")
    keyring, there = both
    data, stored = pattern(length), io.BytesIO()
    with fortress.open(stored, "wb", keyring=keyring, suite=suite, context=CONTEXT, metadata={"a": "b"}) as file:
        file.write(data)
    opened = independent.open_envelope(stored.getvalue(), [there], CONTEXT)
    assert opened.header.metadata == {"a": "b"}
    assert opened.decrypt(stored.getvalue()) == data
    number = opened.header.suite_number
    recipients = [writer.keyring_recipient(there), writer.passphrase_recipient("x")]
    theirs = writer.envelope(writer.header(recipients, suite=number), data, CONTEXT, suite=number)
    assert fortress.decrypt_bytes(theirs, keyring=keyring, context=CONTEXT) == data
    with fortress.open(io.BytesIO(theirs), passphrase="x", context=CONTEXT) as reader:
        assert reader.read() == data


@pytest.mark.parametrize("length", [*LENGTHS, 100 << 20])
def test_cobblestone(both: tuple[fortress.Keyring, independent.Keyring], length: int) -> None:
    keyring, there = both
    data = pattern(length)
    ours = fortress.encrypt_bytes(data, keyring=keyring, suite="AES-256-GCM", context=CONTEXT)
    opened = independent.open_envelope(ours, [there], CONTEXT)
    decryptor = Cobblestone256Decryptor(opened.payload_key, opened.message_context)
    assert decryptor.update(ours[opened.message_offset :]) + decryptor.finalize() == data
    start = writer.envelope(writer.header([writer.keyring_recipient(there)]), b"", CONTEXT)[: -(56 + 16)]
    payload_key = expand(writer.FILE_KEY, b"fortress-sdk/envelope@v1\0payload", 32)
    encryptor = Cobblestone256Encryptor(payload_key, b"\x00\x02" + canonical(CONTEXT))
    theirs = start + encryptor.update(data) + encryptor.finalize()
    assert fortress.decrypt_bytes(theirs, keyring=keyring, context=CONTEXT) == data
