"""Follows the page ``docs/spec/examples.md`` with the reader, from the bytes that it shows to each step it claims."""

import hmac
import json
import re
from dataclasses import dataclass
from typing import Any

import annotate
import pytest
import write_examples

from fortress_reader import (
    Keyring,
    Passphrase,
    State,
    canonical,
    cbor,
    decode_text,
    decrypt,
    decrypt_row,
    open_envelope,
    open_keyring,
    parse_keyring,
)
from fortress_reader.envelopes import Envelope, Opened
from fortress_reader.payload import MessageKeys, expand
from fortress_reader.recipients import unwrap
from fortress_reader.suites import suite_of


@dataclass(frozen=True)
class Example:
    """A section of the page: what goes in, blocks of bytes by their name, and the steps between."""

    inputs: dict[str, Any]
    blocks: dict[str, bytes]
    steps: dict[str, bytes]


def examples() -> dict[str, Example]:
    page = write_examples.PAGE.read_text(encoding="utf-8")
    sections = re.split(r"^## (.+)$", page, flags=re.MULTILINE)[1:]
    return {title: example(body) for title, body in zip(sections[::2], sections[1::2], strict=True)}


def example(body: str) -> Example:
    fenced = re.findall(r"^```(\w+) ?([^\n]*)\n(.*?)^```$", body, flags=re.MULTILINE | re.DOTALL)
    [inputs] = [json.loads(block) for language, _, block in fenced if language == "json"]
    named = [(name, block) for language, name, block in fenced if language == "text"]
    steps = [re.split(r"  +", line) for name, block in named if name == "steps" for line in block.splitlines()]
    return Example(
        inputs,
        {name: annotate.parse(block) for name, block in named if name != "steps"},
        {line[0]: bytes.fromhex("".join(line[1:])) for line in steps},
    )


PAGE = examples()


@pytest.fixture(scope="module")
def ring() -> Keyring:
    """The keyring that the page shows in the clear, and that the examples after it use."""
    return parse_keyring(PAGE["A sealed keyring"].blocks["keyring"])


def test_the_page_is_the_one_that_the_vectors_give() -> None:
    assert write_examples.PAGE.read_text(encoding="utf-8") == write_examples.page(), "run tests/write_examples.py"


def test_every_example_is_followed() -> None:
    followed = {"A context", "A sealed keyring", "Keys at a scope", "A field token", "A row", "An envelope"}
    assert set(PAGE) == followed


def test_context() -> None:
    shown = PAGE["A context"]
    assert shown.blocks["canonical"] == canonical(shown.inputs["context"])


def test_sealed_keyring(ring: Keyring) -> None:
    shown = PAGE["A sealed keyring"]
    sealed, passphrase = shown.blocks["sealed"], Passphrase(shown.inputs["passphrase"])
    assert open_keyring(sealed, [passphrase]) == ring
    follow_file_key(shown, sealed, passphrase)
    [recipient] = Envelope.parse(sealed).header.recipients
    assert shown.steps["Argon2id"] == passphrase.input_key(recipient.body[:16], 1, 8_192, 1)
    opened = open_envelope(sealed, [passphrase], content="keyring")
    assert opened.message_context.hex() == "0002a0"


def test_keys(ring: Keyring) -> None:
    shown = PAGE["Keys at a scope"]
    [secret] = [version.secret for version in ring.versions if version.state is State.PRIMARY]
    assert secret is not None
    for segment in shown.inputs["scope"]:
        secret = expand(secret, b"fortress-sdk/scope@v1\0" + segment.encode(), 32)
        assert shown.steps[f"at {segment}"] == secret
    for purpose in ("field", "wrap"):
        assert shown.steps[f"{purpose} key"] == expand(secret, b"fortress-sdk/key@v1\0" + purpose.encode(), 32)


def test_token(ring: Keyring) -> None:
    shown = PAGE["A field token"]
    token = shown.blocks["token"]
    assert decode_text(shown.inputs["token"]) == token
    assert decrypt(ring.scope(*shown.inputs["scope"]), token, shown.inputs["context"]) == shown.steps["value"]
    assert shown.steps["value"] == b"ada@example.org"
    assert shown.steps["message context"] == token[:7] + canonical(shown.inputs["context"])
    follow_message(shown, PAGE["Keys at a scope"].steps["field key"], token[7:])


def test_row(ring: Keyring) -> None:
    shown = PAGE["A row"]
    header, fields = shown.blocks["header"], shown.inputs["fields"]
    assert decode_text(shown.inputs["header"]) == header
    for name, text in fields.items():
        assert decode_text(text) == shown.blocks[f"member {name}"]
        assert shown.steps[f"context of {name}"] == canonical({"field": name})
    tokens = {name: shown.blocks[f"member {name}"] for name in fields}
    values = decrypt_row(ring.scope(*shown.inputs["scope"]), tokens, shown.inputs["context"], header)
    assert values == {name: shown.steps[f"value of {name}"] for name in fields}
    assert shown.steps["message context"] == header[:7] + canonical(shown.inputs["context"])
    follow_message(shown, shown.steps["field key"], header[7:])


def test_envelope(ring: Keyring) -> None:
    shown = PAGE["An envelope"]
    data, scoped = shown.blocks["envelope"], ring.scope(*shown.inputs["scope"])
    opened = open_envelope(data, [scoped], shown.inputs["context"])
    assert opened.header.metadata == shown.inputs["metadata"]
    assert opened.decrypt(data) == shown.steps["plaintext"]
    assert opened.message_context == shown.steps["message context"] == b"\0\2" + canonical(shown.inputs["context"])
    follow_file_key(shown, data, scoped)
    follow_message(shown, shown.steps["payload key"], data[opened.message_offset :])
    [recipient] = opened.header.recipients
    assert shown.steps["wrap key"] == scoped.purpose_key(recipient.body[3:7], "wrap")


def test_what_the_page_calls_a_number_is_in_the_bytes() -> None:
    """The annotations are written from the bytes; this reads them back for the one block that has every kind."""
    sealed = PAGE["A sealed keyring"].blocks["sealed"]
    rendered = annotate.render(annotate.envelope(sealed))
    assert annotate.parse(rendered) == sealed
    head = cbor.decode(sealed[9 : 9 + int.from_bytes(sealed[5:9], "big")])
    assert isinstance(head, dict)
    assert head[4] == "keyring"


def follow_file_key(shown: Example, data: bytes, identity: Keyring | Passphrase) -> None:
    """E-3, E-4."""
    envelope = Envelope.parse(data)
    assert shown.steps["file key"] == unwrap(envelope.header.recipients, [identity])
    for name, use in (("MAC key", b"header"), ("payload key", b"payload")):
        assert shown.steps[name] == expand(shown.steps["file key"], b"fortress-sdk/envelope@v1\0" + use, 32)
    assert hmac.digest(shown.steps["MAC key"], envelope.authenticated, "sha512")[:32] == envelope.mac
    opened = open_envelope(data, [identity], shown.inputs.get("context", {}), envelope.header.content)
    assert isinstance(opened, Opened)
    assert opened.payload_key == shown.steps["payload key"]


def follow_message(shown: Example, input_key: bytes, message: bytes) -> None:
    """N-8."""
    keys = MessageKeys.committed(suite_of(2), input_key, message, shown.steps["message context"])
    assert (shown.steps["key"], shown.steps["base nonce"]) == (keys.key, keys.base_nonce)
