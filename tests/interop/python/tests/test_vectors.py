"""The shared vectors: what the SDK's core wrote, read by this reader, and what both must refuse with the same code."""

from collections.abc import Callable
from typing import Any

import pytest
import vectors

from fortress_reader import (
    Code,
    Envelope,
    ExternalKey,
    FortressError,
    Group,
    Identity,
    Opened,
    Passphrase,
    PublicIdentity,
    ScopeIdentity,
    SecretIdentity,
    Share,
    Shares,
    SigningKey,
    State,
    VerifyingKey,
    canonical,
    decode_text,
    decrypt,
    decrypt_member,
    decrypt_row,
    encode_text,
    held_shares,
    open_envelope,
    open_grant,
    open_keyring,
    payload,
    recipients,
    tokens,
)
from fortress_reader.keys import Keyring, Version
from fortress_reader.suites import Suite

STATES = {State.PRIMARY: "primary", State.DECRYPT_ONLY: "decrypt-only", State.DESTROYED: "destroyed"}


def check(case: dict[str, Any], expected: object, reading: Callable[[], object], *fields: str) -> None:
    """Runs a reading and holds it to the case. A field that this runner does not know is not passed over in silence."""
    assert case.keys() <= {"name", "result", "code", *fields}
    if case["result"] == "valid":
        assert reading() == expected
        return
    assert case["result"] == "invalid"
    with pytest.raises(FortressError) as refusal:
        reading()
    assert refusal.value.code is Code(case["code"])


@pytest.fixture(params=["library", "page"])
def construction(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Payloads of suite 2 by `cryptography`'s Cobblestone-256, then by the construction as N-8 to N-10 write it."""

    def streamed(suite: Suite, input_key: bytes, message: bytes, context: bytes) -> bytes:
        decryptor = payload.Decryptor(suite, input_key, context)
        return decryptor.update(message) + decryptor.finish()

    if request.param == "page":
        for module in (tokens, recipients):
            monkeypatch.setattr(module, "open_message", streamed)


@vectors.parametrize("contexts")
def test_contexts(case: dict[str, Any]) -> None:
    check(case, case.get("canonical"), lambda: canonical(case["context"]).hex(), "context", "canonical")


@vectors.parametrize("scopes")
def test_scopes(case: dict[str, Any]) -> None:
    root = Keyring((Version(b"root", 0, State.PRIMARY, bytes.fromhex(case["secret"])),))

    def secret() -> str:
        return (root.scope(*case["path"]).versions[0].secret or b"").hex()

    check(case, case.get("scope_secret"), secret, "secret", "path", "scope_secret")


@vectors.parametrize("tokens")
@pytest.mark.usefixtures("construction")
def test_tokens(case: dict[str, Any]) -> None:
    def value() -> str:
        token = decode_text(case["token"])
        assert encode_text(token) == case["token"]
        return decrypt(vectors.at_scope(case), token, case["context"]).hex()

    check(case, case.get("value"), value, "keyring", "scope", "context", "token", "value")


@vectors.parametrize("groups")
def test_groups(case: dict[str, Any]) -> None:
    def value() -> str:
        ring, member = vectors.at_scope(case), decode_text(case["member"])
        contexts = case["context"], case["member_context"]
        if "header" not in case:
            return decrypt_member(ring, member, *contexts).hex()
        return Group(ring, decode_text(case["header"]), contexts[0]).decrypt(member, contexts[1]).hex()

    fields = ("keyring", "scope", "context", "header", "member", "member_context", "value")
    check(case, case.get("value"), value, *fields)


@vectors.parametrize("rows")
def test_rows(case: dict[str, Any]) -> None:
    def values() -> dict[str, str]:
        fields = {name: decode_text(text) for name, text in case["fields"].items()}
        header = decode_text(case["header"]) if "header" in case else None
        row = decrypt_row(vectors.at_scope(case), fields, case["context"], header)
        return {name: value.hex() for name, value in row.items()}

    check(case, case.get("values"), values, "keyring", "scope", "context", "header", "fields", "values")


@vectors.parametrize("keyrings")
def test_keyrings(case: dict[str, Any]) -> None:
    def described() -> dict[str, Any]:
        ring = open_keyring(bytes.fromhex(case["sealed"]), [Passphrase(case["passphrase"])])
        versions = [{"id": v.id.hex(), "created": v.created, "state": STATES[v.state]} for v in ring.versions]
        primary = next(v.id.hex() for v in ring.versions if v.state is State.PRIMARY)
        return {"profile": ring.profile, "path": list(ring.path), "primary": primary, "versions": versions}

    fields = ("profile", "path", "primary", "versions")
    check(case, {field: case.get(field) for field in fields}, described, "passphrase", "sealed", *fields)


@vectors.parametrize("identities")
def test_identities(case: dict[str, Any]) -> None:
    def read() -> list[str]:
        read: list[str] = []
        if "secret" in case:
            secret = SecretIdentity.parse(case["secret"])
            read += [secret.text, secret.public.text]
        if "public" in case:
            public = PublicIdentity.parse(case["public"])
            read += [public.text, public.id.hex(), public.key.hex()]
        return read

    expected = [case.get(name) for name in ("secret", "public", "public", "id", "key")]
    check(case, expected, read, "secret", "public", "id", "key")


@vectors.parametrize("scope-identities")
def test_scope_identities(case: dict[str, Any]) -> None:
    def read() -> list[str]:
        identity = ScopeIdentity.parse(case["identity"])
        assert identity.text == case["identity"]
        seed = vectors.at_scope(case).purpose_key(identity.key_id, "identity")
        assert SecretIdentity(seed).public == identity.public
        return [identity.key_id.hex(), identity.public.key.hex()]

    expected = [case.get(name) for name in ("key_id", "key")]
    check(case, expected, read, "identity", "keyring", "scope", "key_id", "key")


@vectors.parametrize("signing-keys")
def test_signing_keys(case: dict[str, Any]) -> None:
    def read() -> list[str]:
        read: list[str] = []
        if "signing" in case:
            signing = SigningKey.parse(case["signing"])
            read += [signing.text, signing.verifying.text]
        if "verifying" in case:
            verifying = VerifyingKey.parse(case["verifying"])
            read += [verifying.text, verifying.id.hex(), verifying.key.hex()]
        return read

    expected = [case.get(name) for name in ("signing", "verifying", "verifying", "id", "key")]
    check(case, expected, read, "signing", "verifying", "id", "key")


@vectors.parametrize("grants")
def test_grants(case: dict[str, Any]) -> None:
    def read() -> tuple[dict[str, Any], str | None, str | None]:
        trusted = [VerifyingKey.parse(text) for text in case["trusted"]]
        grant = open_grant(
            bytes.fromhex(case["grant"]), [SecretIdentity.parse(case["identity"])], trusted, case["now"]
        )
        terms = {
            "granter": grant.granter.id.hex(),
            "actions": {1: "encrypt", 2: "decrypt", 3: "both"}[grant.actions],
            "path": list(grant.path),
            "from": grant.valid_from,
            "until": grant.until,
            "purpose": grant.purpose,
            "granter_name": grant.granter_name,
            "recipient_name": grant.recipient_name,
        }
        if isinstance(grant.keys, ScopeIdentity):
            return terms, None, grant.keys.text
        return terms, decrypt(grant.keyring(), decode_text(case["token"]), {}).hex(), None

    expected = (case.get("terms"), case.get("value"), case.get("scope_identity"))
    fields = ("grant", "identity", "trusted", "now", "terms", "token", "value", "scope_identity")
    check(case, expected, read, *fields)


@pytest.mark.parametrize("reading", ["whole", "streamed", "ranges"])
@vectors.parametrize("scope-envelopes")
def test_scope_envelopes(case: dict[str, Any], reading: str) -> None:
    test_envelopes(case, reading)


@vectors.parametrize("shares")
def test_shares(case: dict[str, Any]) -> None:
    def read() -> tuple[str, int, list[int]]:
        shares = [Share.parse(text) for text in case["shares"]]
        assert [share.text for share in shares] == case["shares"]
        together = Shares(shares)
        return together.set.hex(), together.threshold, [share.number for share in together.shares]

    expected = (case.get("set"), case.get("threshold"), case.get("numbers"))
    check(case, expected, read, "shares", "set", "threshold", "numbers")


@vectors.parametrize("held-shares")
def test_held_shares(case: dict[str, Any]) -> None:
    def read() -> list[str]:
        recipients = Envelope.parse(bytes.fromhex(case["envelope"])).header.recipients
        return [share.text for share in held_shares(recipients, SecretIdentity.parse(case["identity"]))]

    check(case, case.get("held"), read, "envelope", "identity", "held")


@pytest.mark.parametrize("reading", ["whole", "streamed", "ranges"])
@vectors.parametrize("external-envelopes")
def test_external_envelopes(case: dict[str, Any], reading: str) -> None:
    test_envelopes(case, reading)


@pytest.mark.parametrize("reading", ["whole", "streamed", "ranges"])
@vectors.parametrize("shared-envelopes")
def test_shared_envelopes(case: dict[str, Any], reading: str) -> None:
    test_envelopes(case, reading)


@vectors.parametrize("envelopes")
@pytest.mark.usefixtures("construction")
@pytest.mark.parametrize("reading", ["whole", "streamed", "ranges"])
def test_envelopes(case: dict[str, Any], reading: str) -> None:
    data = bytes.fromhex(case["envelope"])

    def plaintext() -> bytes:
        opened = open_envelope(data, [identity(case)], case["context"])
        assert opened.header.metadata == case["metadata"]
        return READINGS[reading](opened, data)

    expected = vectors.pattern(case["plaintext_length"]) if case["result"] == "valid" else None
    fields = (
        "keyring",
        "scope",
        "passphrase",
        "identity",
        "shares",
        "reference",
        "wrapped",
        "associated",
        "file_key",
        "context",
        "metadata",
        "envelope",
        "plaintext_length",
    )
    check(case, expected, plaintext, *fields)


def identity(case: dict[str, Any]) -> Identity:
    if case.get("passphrase") is not None:
        return Passphrase(case["passphrase"])
    if "identity" in case:
        return SecretIdentity.parse(case["identity"])
    if "reference" in case:
        return external_key(case)
    if "shares" in case:
        return Shares(map(Share.parse, case["shares"]))
    return vectors.at_scope(case)


def external_key(case: dict[str, Any]) -> ExternalKey:
    """A key that knows one answer."""

    def unwrap(wrapped: bytes, associated: bytes) -> bytes:
        if [wrapped.hex(), associated.hex()] != [case["wrapped"], case["associated"]]:
            raise FortressError(Code.AUTHENTICATION_FAILED, "not what the key wrapped")
        if len(case["file_key"]) != 64:
            raise FortressError(Code.AUTHENTICATION_FAILED, "not a file key")
        return bytes.fromhex(case["file_key"])

    return ExternalKey(case["reference"], unwrap)


def read_stream(opened: Opened, data: bytes) -> bytes:
    stream = opened.stream()
    pieces = [stream.update(data[at : at + 1_000]) for at in range(opened.message_offset, len(data), 1_000)]
    return b"".join(pieces) + stream.finish()


def read_ranges(opened: Opened, data: bytes) -> bytes:
    reader = opened.random_access(len(data), lambda start, end: data[start:end])
    length = reader.plaintext_length
    return b"".join(reader.range(start, min(start + 7_000, length)) for start in range(0, length, 7_000))


READINGS: dict[str, Callable[[Opened, bytes], bytes]] = {
    "whole": lambda opened, data: opened.decrypt(data),
    "streamed": read_stream,
    "ranges": read_ranges,
}


def test_a_narrowed_keyring_is_the_root_at_that_scope() -> None:
    root, narrowed = vectors.keyring("main"), vectors.keyring("narrowed")
    assert narrowed == root.scope(*narrowed.path)
