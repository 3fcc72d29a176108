"""Writes ``tests/vectors/python``: ``python tests/write_vectors.py``.

Cases of the shared format from a second writer, which knows the specification and not the SDK: what it writes the core
must read, and what it forges the core must refuse with the same code. The keyrings that they name are those of
``tests/vectors/keyrings.json``, opened by the reader.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import faults
import vectors
import writer

from fortress_reader import Keyring, State, Version, cbor, encode_text

Case = dict[str, Any]

SUITES = {2: "AES-256-GCM", 29: "ChaCha20-Poly1305", 33: "AEGIS-256", 36: "AEGIS-256X2"}
SCOPE = ["python", "é"]
CONTEXT = {"row": "42", "\U00010000": "a key of four bytes", "": "no key", "é": "e\u0301"}
PASSPHRASE = "correct horse battery staple"
STATES = {State.PRIMARY: "primary", State.DECRYPT_ONLY: "decrypt-only", State.DESTROYED: "destroyed"}


def families() -> dict[str, str]:
    """The files, by their names."""
    written: dict[str, tuple[str, Callable[[], Iterator[Case]]]] = {
        "keyrings": ("Sealed keyrings (S-1 to S-3), opened by passphrase.", keyrings),
        "tokens": ("Single field tokens (T-1 to T-5).", tokens),
        "groups": ("Members of groups (G-1 to G-5).", groups),
        "rows": ("Rows (G-6).", rows),
        "envelopes": ("Envelopes (E-1 to E-6, R-1 to R-4).", envelopes),
    }
    return {f"{family}.json": as_file(about, list(cases())) for family, (about, cases) in written.items()}


def as_file(about: str, cases: list[Case]) -> str:
    names = [case["name"] for case in cases]
    assert len(set(names)) == len(names)
    return json.dumps({"about": f"{about} Written by the independent implementation.", "cases": cases}, indent=1) + "\n"


def valid(name: str, **fields: Any) -> Case:
    return {"name": name, **fields, "result": "valid"}


def invalid(name: str, code: str, **fields: Any) -> Case:
    return {"name": name, **fields, "result": "invalid", "code": code}


def keyrings() -> Iterator[Case]:
    main = vectors.keyring("main")

    def opened(name: str, ring: Keyring, **options: Any) -> Case:
        described = {
            "profile": ring.profile,
            "path": list(ring.path),
            "primary": writer.primary(ring).hex(),
            "versions": [{"id": v.id.hex(), "created": v.created, "state": STATES[v.state]} for v in ring.versions],
        }
        return valid(name, passphrase=PASSPHRASE, sealed=seal(writer.keyring_payload(ring), **options), **described)

    def refused(name: str, code: str, payload: Any, **options: Any) -> Case:
        return invalid(name, code, passphrase=PASSPHRASE, sealed=seal(payload, **options))

    for suite, title in SUITES.items():
        yield opened(f"{title}", main, suite=suite)
    for profile in ("lightning", "balanced", "fortress", "archive"):
        yield opened(f"profile {profile}", replace(main, profile=profile))
    yield opened("narrowed", main.scope(*SCOPE))
    yield opened("narrowed by 16 segments of 255 bytes", main.scope(*(chr(97 + i) * 255 for i in range(16))))
    yield opened("times from 0 to the last", aged(main, [0, 2**32, 253_402_300_799]))
    yield opened("the primary version in front", replace(main, versions=main.versions[::-1]))
    yield opened("with a keyring recipient in front", main, others=[writer.keyring_recipient(main)])
    yield opened("with metadata", main, metadata={"label": "Ada"})
    payload = writer.keyring_payload(main)
    yield refused("data", "wrong_content", payload, content=None)
    yield refused("an empty content", "wrong_content", payload, content="")
    yield refused("another content", "wrong_content", payload, content="keyrings")
    for name, fault in faults.payloads(main).items():
        yield refused(f"payload: {name}", "non_canonical", fault)


def seal(payload: Any, *, suite: int = 2, others: list[Any] | None = None, **entries: Any) -> str:
    encoded = payload if isinstance(payload, bytes) else cbor.encode(payload)
    if entries.get("content", "keyring") is None:
        del entries["content"]
    else:
        entries = {"content": "keyring", **entries}
    head = writer.header([*(others or []), writer.passphrase_recipient(PASSPHRASE)], suite=suite, **entries)
    return writer.envelope(head, encoded, suite=suite).hex()


def aged(ring: Keyring, times: list[int]) -> Keyring:
    aged_versions = (replace(version, created=time) for version, time in zip(ring.versions, times, strict=True))
    return replace(ring, versions=tuple(aged_versions))


def tokens() -> Iterator[Case]:
    ring = vectors.keyring("main").scope(*SCOPE)
    place: dict[str, Any] = {"keyring": "main", "scope": SCOPE, "context": CONTEXT}

    def read(name: str, value: bytes, **options: Any) -> Case:
        token = writer.token(ring, value, CONTEXT, **options)
        return valid(name, **place, token=encode_text(token), value=value.hex())

    for suite, title in SUITES.items():
        # Long ones take room in the repository: each of the two borders by two suites.
        for length in (0, 1, 31, 32, 33, 100, 16_384 if suite in (2, 36) else 16_383):
            yield read(f"{title}, {length} bytes", vectors.pattern(length), suite=suite)
        yield read(f"{title}, by an older version", b"older", suite=suite, key_id=older(ring))
    entries = {f"{i:03}": "" for i in range(256)}
    token = writer.token(ring, b"value", entries)
    yield valid(
        "256 entries of context", **{**place, "context": entries}, token=encode_text(token), value=b"value".hex()
    )
    for suite, title in SUITES.items():
        token = writer.token(ring, b"value", CONTEXT, suite=suite)
        damaged = {
            "under the wrap key": writer.token(ring, b"value", CONTEXT, suite=suite, purpose="wrap"),
            "under the index key": writer.token(ring, b"value", CONTEXT, suite=suite, purpose="index"),
            "in the context of the suite alone": token[:7]
            + writer.message(suite, field_key(ring), token[:3], b"value"),
            "a group's header and a tag": writer.GroupWriter(ring, CONTEXT, suite=suite)
            .whole(0, b"")
            .replace(b"\2", b"\1", 1),
        }
        for name, forged in damaged.items():
            yield invalid(f"{title}: {name}", "authentication_failed", **place, token=encode_text(forged))


def field_key(ring: Keyring) -> bytes:
    return ring.purpose_key(writer.primary(ring), "field")


def older(ring: Keyring) -> bytes:
    return version(ring, State.DECRYPT_ONLY).id


def version(ring: Keyring, state: State) -> Version:
    return next(version for version in ring.versions if version.state is state)


def groups() -> Iterator[Case]:
    ring = vectors.keyring("main").scope(*SCOPE)
    member_context = {"field": "é"}
    place: dict[str, Any] = {
        "keyring": "main",
        "scope": SCOPE,
        "context": CONTEXT,
        "member_context": member_context,
    }

    def whole(group: writer.GroupWriter, index: int, value: bytes) -> dict[str, str]:
        return {"member": encode_text(group.whole(index, value, member_context))}

    def hoisted(group: writer.GroupWriter, index: int, value: bytes) -> dict[str, str]:
        return {"header": encode_text(group.header), "member": encode_text(group.hoisted(index, value, member_context))}

    for suite, title in SUITES.items():
        group = writer.GroupWriter(ring, CONTEXT, suite=suite)
        for form in (whole, hoisted):
            for index, length in ((0, 0), (255, 31), (256, 32), (65_536, 33), (2**20 - 1, 100)):
                name = f"{title}, {form.__name__}, member {index} of {length} bytes"
                value = vectors.pattern(length)
                yield valid(name, **place, **form(group, index, value), value=value.hex())
            for index in (2**20, 2**24, 2**32 - 1):
                name = f"{title}, {form.__name__}, member {index}"
                yield invalid(name, "limit_exceeded", **place, **form(group, index, b"value"))
    group = writer.GroupWriter(ring, CONTEXT)
    longest = vectors.pattern(16_383)
    yield valid("the longest value, whole", **place, **whole(group, 0, longest), value=longest.hex())
    yield valid("the longest value, hoisted", **place, **hoisted(group, 0, longest), value=longest.hex())
    yield invalid("a value too long, hoisted", "value_too_large", **place, **hoisted(group, 0, bytes(16_384)))
    good = hoisted(group, 0, b"value")
    token = writer.token(ring, b"value", CONTEXT)
    for name, code, changed in (
        ("a whole member as header", "wrong_group", {"header": encode_text(group.whole(0, b"value", member_context))}),
        ("the start of a token as header", "wrong_group", {"header": encode_text(token[:63])}),
        ("itself as header", "wrong_group", {"header": good["member"]}),
        ("a token's start as a group's header", "authentication_failed", {"header": encode_text(b"\2" + token[1:63])}),
        ("no header's bytes", "truncated", {"header": ""}),
        ("a token as member", "wrong_group", {"member": encode_text(token)}),
        ("of version 4", "unknown_version", {"member": encode_text(b"\4" + group.member(0, b"value", member_context))}),
        ("cut to 20 bytes", "truncated", {"member": encode_text(group.hoisted(0, b"", member_context)[:20])}),
        ("cut to its kind", "truncated", {"member": encode_text(b"\3")}),
        ("contexts exchanged", "authentication_failed", {"context": member_context, "member_context": CONTEXT}),
    ):
        yield invalid(f"hoisted: {name}", code, **{**place, **good, **changed})


def rows() -> Iterator[Case]:
    ring = vectors.keyring("main").scope(*SCOPE)
    place: dict[str, Any] = {"keyring": "main", "scope": SCOPE, "context": CONTEXT}
    values = {"name": b"Ada", "é": b"", "": b"a field without a name", "\U00010000": bytes(100)}
    group = writer.GroupWriter(ring, CONTEXT)
    in_whole = {name: group.whole(i, value, {"field": name}) for i, (name, value) in enumerate(values.items())}
    in_hoisted = {name: group.hoisted(i, value, {"field": name}) for i, (name, value) in enumerate(values.items())}
    header = {"header": encode_text(group.header)}
    later = writer.GroupWriter(ring, CONTEXT, suite=36).whole(0, b"changed", {"field": "name"})

    def fields(tokens: dict[str, bytes], **changes: bytes) -> dict[str, Any]:
        return {"fields": {name: encode_text(token) for name, token in {**tokens, **changes}.items()}}

    def plain(**changes: bytes) -> dict[str, Any]:
        return {"values": {name: value.hex() for name, value in {**values, **changes}.items()}}

    yield valid("whole", **place, **fields(in_whole), **plain())
    yield valid("hoisted", **place, **header, **fields(in_hoisted), **plain())
    yield valid("whole, one field changed", **place, **fields(in_whole, name=later), **plain(name=b"changed"))
    yield valid(
        "hoisted, one field changed", **place, **header, **fields(in_hoisted, name=later), **plain(name=b"changed")
    )
    single = writer.token(ring, b"Ada", CONTEXT)
    named = writer.token(ring, b"Ada", {**CONTEXT, "field": "name"})
    for name, code, changed in (
        ("hoisted without a header", "wrong_group", fields(in_hoisted)),
        ("one hoisted without a header", "wrong_group", fields(in_whole, name=in_hoisted["name"])),
        ("whole, a single token", "wrong_group", fields(in_whole, name=single)),
        ("hoisted, a single token", "wrong_group", {**header, **fields(in_hoisted, name=named)}),
        ("whole, renamed", "authentication_failed", fields({"Name": in_whole["name"]})),
        ("hoisted, renamed", "authentication_failed", {**header, **fields({"Name": in_hoisted["name"]})}),
        ("hoisted, normalised", "authentication_failed", {**header, **fields({"e\u0301": in_hoisted["é"]})}),
        (
            "hoisted, another index",
            "authentication_failed",
            {**header, **fields(in_hoisted, name=reindexed(in_hoisted["name"]))},
        ),
    ):
        yield invalid(name, code, **place, **changed)


def reindexed(hoisted: bytes) -> bytes:
    return hoisted[:1] + (1_000).to_bytes(4, "big") + hoisted[5:]


def envelopes() -> Iterator[Case]:
    ring = vectors.keyring("main").scope(*SCOPE)
    by_keyring: dict[str, Any] = {"keyring": "main", "scope": SCOPE, "context": CONTEXT}
    by_passphrase: dict[str, Any] = {"passphrase": PASSPHRASE, "context": CONTEXT}
    mine, known = writer.keyring_recipient(ring), writer.passphrase_recipient(PASSPHRASE)

    def read(name: str, place: dict[str, Any], *recipients: list[Any], length: int = 100, **options: Any) -> Case:
        data = envelope(list(recipients), vectors.pattern(length), **options)
        metadata = options.get("metadata", {})
        return valid(name, **place, metadata=metadata, envelope=data.hex(), plaintext_length=length)

    def refused(name: str, code: str, place: dict[str, Any], data: bytes) -> Case:
        return invalid(name, code, **place, metadata={}, envelope=data.hex())

    for suite, title in SUITES.items():
        for length in (0, 100, 16_384):
            yield read(f"{title}, {length} bytes", by_keyring, mine, length=length, suite=suite)
        wrapped = writer.keyring_recipient(ring, suite=suite)
        yield read(f"wrapped with {title}", by_keyring, wrapped)
        by_older = writer.keyring_recipient(ring, suite=suite, key_id=older(ring))
        yield read(f"wrapped with {title} by an older version", by_keyring, by_older)
    yield read(
        "metadata of any text", by_keyring, mine, metadata={"": "", "é": "\U00010000", "aa": "\0", "z": "x" * 300}
    )
    yield from several(ring, by_keyring, by_passphrase, read, refused)
    for name, fault in faults.headers(mine).items():
        yield refused(f"header: {name}", "non_canonical", by_keyring, forged(fault))
    for name, code, entries in (
        ("no recipient", "non_canonical", {2: []}),
        ("1,025 recipients", "too_many_recipients", {2: [*[[99, b""]] * 1_024, mine]}),
        ("9 passphrases, opened by keyring", "too_many_recipients", {2: [mine, *[known] * 9]}),
        ("suite 0", "unknown_suite", {1: 0}),
        ("suite 32", "unknown_suite", {1: 32}),
        ("suite 32767", "unknown_suite", {1: 32_767}),
        ("suite 32768", "private_suite", {1: 32_768}),
        ("suite 65535", "private_suite", {1: 65_535}),
        ("content empty", "wrong_content", {4: ""}),
        ("content keyring", "wrong_content", {4: "keyring"}),
        ("content unknown", "wrong_content", {4: "keyrinh"}),
    ):
        yield refused(f"header: {name}", code, by_keyring, forged({1: 2, 2: [mine], **entries}))


def several(
    ring: Keyring,
    by_keyring: dict[str, Any],
    by_passphrase: dict[str, Any],
    read: Callable[..., Case],
    refused: Callable[..., Case],
) -> Iterator[Case]:
    """R-1 to R-4, L-5: what opens an envelope of several recipients, and what is said when none does."""
    mine, known = writer.keyring_recipient(ring), writer.passphrase_recipient(PASSPHRASE)
    stranger, another = writer.keyring_recipient(ring.scope("a")), writer.passphrase_recipient("another")
    other_suite = [1, mine[1][:1] + (5).to_bytes(2, "big") + mine[1][3:]]
    gone = [1, mine[1][:3] + version(vectors.keyring("main"), State.DESTROYED).id + mine[1][7:]]
    foreign = [1, mine[1][:3] + b"none" + mine[1][7:]]
    elsewhere = writer.keyring_recipient(ring, file_key=bytes(32))
    greedy = writer.passphrase_recipient(PASSPHRASE, parameters=(1, 2**26, 1))
    unknown = [2**64 - 1, b""]

    yield read("behind others of its kind", by_keyring, unknown, foreign, gone, stranger, another, mine)
    yield read("in front of others of its kind", by_keyring, mine, stranger, gone, foreign, another, unknown)
    yield read("the last of 8 passphrases", by_passphrase, mine, *[another] * 7, known)
    yield read("the last of 1,024 recipients", by_keyring, *[[99, b""]] * 1_023, mine)
    yield read("a keyring beside a passphrase that costs too much", by_keyring, greedy, mine)
    for name, code, place, recipients in (
        ("another file key in front", "authentication_failed", by_keyring, [elsewhere, mine]),
        ("another scope's, and a destroyed key's", "authentication_failed", by_keyring, [gone, stranger, foreign]),
        ("a suite unknown, and a destroyed key's", "unknown_suite", by_keyring, [gone, other_suite]),
        ("a destroyed key's, and a stranger's", "key_destroyed", by_keyring, [foreign, gone, unknown]),
        ("strangers' only", "wrong_recipient", by_keyring, [foreign, another, unknown]),
        ("other passphrases only", "wrong_passphrase", by_passphrase, [another, mine, another]),
        ("no passphrase", "wrong_recipient", by_passphrase, [mine, unknown]),
        ("a passphrase beside one that costs too much", "argon2_limits", by_passphrase, [known, greedy]),
    ):
        yield refused(name, code, place, envelope(recipients, b"payload"))


def envelope(recipients: list[Any], plaintext: bytes, *, suite: int = 2, **entries: Any) -> bytes:
    return writer.envelope(writer.header(recipients, suite=suite, **entries), plaintext, CONTEXT, suite=suite)


def forged(head: Any) -> bytes:
    """An envelope whose MAC is good over a header that no writer writes."""
    return writer.envelope(head, b"payload", CONTEXT)


if __name__ == "__main__":
    vectors.FROM_PYTHON.mkdir(exist_ok=True)
    for file, content in families().items():
        (vectors.FROM_PYTHON / file).write_text(content, encoding="utf-8")
