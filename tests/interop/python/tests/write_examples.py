"""Writes ``docs/spec/examples.md`` from the shared vectors: ``python tests/write_examples.py``.

The bytes come from ``tests/vectors``, which the SDK's core wrote; the steps between come from the reader.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import annotate
import vectors

from fortress_reader import Keyring, Passphrase, State, Version, decode_text, decrypt, open_envelope
from fortress_reader.context import canonical
from fortress_reader.envelopes import Envelope
from fortress_reader.groups import Group
from fortress_reader.payload import SALT_LENGTH, MessageKeys, expand
from fortress_reader.recipients import unwrap
from fortress_reader.tokens import LABEL_LENGTH, Label

PAGE = Path(__file__).parents[4] / "docs" / "spec" / "examples.md"

CONTEXT = "bytes count, not characters"
TOKEN = "AES-256-GCM, short"
ROW = "hoisted"
ENVELOPE = "AES-256-GCM, 1 bytes"


def page() -> str:
    """The whole page."""
    sections = [context(), sealed_keyring(), keys(), token(), row(), envelope()]
    return INTRODUCTION + "".join("\n" + "\n".join(section) + "\n" for section in sections)


INTRODUCTION = """\
# Worked examples

Bytes to check a reader against, one step after the other. They come from the vectors in `tests/vectors/`, which hold
many more, most of them to be refused. The tests read this page and follow every step with the independent reader.

A block of bytes is in hexadecimal, one field a line, its meaning behind it; a line without a meaning goes on with the
field above. Indented lines are items of CBOR, or stand within one.
"""


def context() -> Iterator[str]:
    case = vectors.case("contexts", CONTEXT)
    yield "## A context"
    yield ""
    yield "C-2. The keys `zz` and `é` both have two bytes of UTF-8; they stand behind `z`, and compare by their bytes."
    yield from inputs(context=case["context"])
    yield from block("canonical", annotate.render(annotate.context(bytes.fromhex(case["canonical"]))))


def sealed_keyring() -> Iterator[str]:
    case = vectors.case("keyrings", "main")
    sealed = bytes.fromhex(case["sealed"])
    recipient = Envelope.parse(sealed).header.recipients[0]
    passphrase = Passphrase(case["passphrase"])
    opened = open_envelope(sealed, [passphrase], content="keyring")
    parameters = [int.from_bytes(recipient.body[at : at + 4], "big") for at in (16, 20, 24)]
    yield "## A sealed keyring"
    yield ""
    yield "E-1, R-3, S-1: an envelope that a passphrase opens, with Argon2id at less than its usual cost."
    yield from inputs(passphrase=case["passphrase"])
    yield from block("sealed", annotate.render(annotate.envelope(sealed)))
    yield ""
    yield "The passphrase gives the file key (R-3), and the file key the two others (E-3)."
    passes, memory_kib, lanes = parameters
    yield from steps(
        ("Argon2id", passphrase.input_key(recipient.body[:16], passes, memory_kib, lanes)),
        *file_keys(unwrap([recipient], [passphrase])),
    )
    yield ""
    yield "The message's context is the suite and the empty context (E-5), `0002a0`. Its plaintext is a keyring (S-1):"
    yield from block("keyring", annotate.render(annotate.keyring(opened.decrypt(sealed))))


def keys() -> Iterator[str]:
    ring = vectors.keyring("main")
    path = vectors.case("tokens", TOKEN)["scope"]
    yield "## Keys at a scope"
    yield ""
    yield "K-6, K-7: from the secret of the primary version of that keyring, one segment a step."
    yield from inputs(scope=path)
    secrets = [(f"at {segment}", primary(ring.scope(*path[: i + 1])).secret or b"") for i, segment in enumerate(path)]
    scoped = ring.scope(*path)
    purposes = [(f"{purpose} key", scoped.purpose_key(primary(ring).id, purpose)) for purpose in ("field", "wrap")]
    yield from steps(*secrets, *purposes)


def token() -> Iterator[str]:
    case = vectors.case("tokens", TOKEN)
    ring, data = vectors.at_scope(case), decode_text(case["token"])
    label = Label.parse(data)
    message_context = label.raw + canonical(case["context"])
    yield "## A field token"
    yield ""
    yield "T-1, T-4: under the field key of the example before."
    yield from inputs(scope=case["scope"], context=case["context"], token=case["token"])
    yield from block("token", annotate.render(annotate.token(data)))
    yield ""
    yield "T-2, N-8. The last line is the value, which is `ada@example.org`."
    message_keys = MessageKeys.derive(
        label.suite, ring.purpose_key(label.key_id, "field"), data[LABEL_LENGTH:][:SALT_LENGTH], message_context
    )
    yield from steps(
        ("message context", message_context),
        *derived(message_keys),
        ("value", decrypt(ring, data, case["context"])),
    )


def row() -> Iterator[str]:
    case = vectors.case("rows", ROW)
    ring, header = vectors.at_scope(case), decode_text(case["header"])
    label = Label.parse(header)
    group_context = label.raw + canonical(case["context"])
    group = Group(ring, header, case["context"])
    yield "## A row"
    yield ""
    yield "G-1 to G-6, hoisted: the header once, and a member for each field."
    yield from inputs(scope=case["scope"], context=case["context"], header=case["header"], fields=case["fields"])
    yield from block("header", annotate.render(annotate.token(header)))
    for name, text in case["fields"].items():
        yield from block(f"member {name}", annotate.render(annotate.token(decode_text(text))))
    yield ""
    yield "G-2, G-3. A member's associated data is its context, and its nonce the base nonce XOR its index."
    salt = header[LABEL_LENGTH:][:SALT_LENGTH]
    field_key = ring.purpose_key(label.key_id, "field")
    members = []
    for name, text in case["fields"].items():
        member_context = {"field": name}
        members.append((f"context of {name}", canonical(member_context)))
        members.append((f"value of {name}", group.decrypt(decode_text(text), member_context)))
    yield from steps(
        ("field key", field_key),
        ("message context", group_context),
        *derived(MessageKeys.derive(label.suite, field_key, salt, group_context)),
        *members,
    )


def envelope() -> Iterator[str]:
    case = vectors.case("envelopes", ENVELOPE)
    ring, data = vectors.at_scope(case), bytes.fromhex(case["envelope"])
    recipients = Envelope.parse(data).header.recipients
    opened = open_envelope(data, [ring], case["context"])
    yield "## An envelope"
    yield ""
    yield "E-1, R-2: a keyring opens it at a scope, and one byte is in it."
    yield from inputs(scope=case["scope"], context=case["context"], metadata=case["metadata"])
    yield from block("envelope", annotate.render(annotate.envelope(data)))
    yield ""
    yield "The wrap key at the scope (K-7) gives the file key (R-2)."
    message_keys = MessageKeys.derive(
        opened.suite, opened.payload_key, data[opened.message_offset :][:SALT_LENGTH], opened.message_context
    )
    yield from steps(
        ("wrap key", ring.purpose_key(Label.parse(recipients[0].body).key_id, "wrap")),
        *file_keys(unwrap(recipients, [ring])),
        ("message context", opened.message_context),
        *derived(message_keys),
        ("plaintext", opened.decrypt(data)),
    )


def file_keys(file_key: bytes) -> list[tuple[str, bytes]]:
    """E-3."""
    derivations = ((name, f"fortress-sdk/envelope@v1\0{use}".encode()) for name, use in FILE_KEY_USES)
    return [("file key", file_key), *((name, expand(file_key, info, 32)) for name, info in derivations)]


FILE_KEY_USES = (("MAC key", "header"), ("payload key", "payload"))


def derived(message_keys: MessageKeys) -> list[tuple[str, bytes]]:
    """N-8; the commitment stands in the message."""
    return [("key", message_keys.key), ("base nonce", message_keys.base_nonce)]


def primary(ring: Keyring) -> Version:
    [version] = [version for version in ring.versions if version.state is State.PRIMARY]
    return version


def inputs(**values: Any) -> Iterator[str]:
    yield ""
    yield "```json"
    entries = (f"  {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in values.items())
    yield "{\n" + ",\n".join(entries) + "\n}"
    yield "```"


def block(name: str, rendered: str) -> Iterator[str]:
    yield ""
    yield f"```text {name}"
    yield rendered
    yield "```"


def steps(*named: tuple[str, bytes]) -> Iterator[str]:
    column = max(len(name) for name, _ in named) + 2
    yield ""
    yield "```text steps"
    yield from (f"{name:<{column}}{value.hex()}".rstrip() for name, value in named)
    yield "```"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
