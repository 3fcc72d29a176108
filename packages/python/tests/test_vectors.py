"""The shared vectors: what every language reads, and what every language refuses with the same code."""

from __future__ import annotations

import dataclasses
import io
from datetime import datetime, timezone
from typing import Any, Callable

import pytest
import vectors
from conftest import pattern
from fortress_reader import cbor
from fortress_reader.keys import Keyring as ReaderKeyring
from fortress_reader.keys import State, Version
from writer import envelope, header, keyring_payload, passphrase_recipient

import fortress

#: The last second that a datetime can be in; vectors ask for later ones.
LAST = 253_402_300_799
_OPENED: dict[str, fortress.Keyring] = {}


def keyring_of(case: dict[str, Any]) -> fortress.Keyring:
    name = case["keyring"]
    if name not in _OPENED:
        sealed = vectors.case("keyrings", name)
        _OPENED[name] = fortress.Keyring.open(bytes.fromhex(sealed["sealed"]), passphrase=sealed["passphrase"])
    return _OPENED[name].scope(*case["scope"]) if case["scope"] else _OPENED[name]


def check(case: dict[str, Any], expected: object, reading: Callable[[], object]) -> None:
    if case["result"] == "valid":
        assert reading() == expected
        return
    with pytest.raises(fortress.FortressError) as refusal:
        reading()
    assert refusal.value.code == case["code"]


@vectors.parametrize("contexts")
def test_contexts(case: dict[str, Any], keyring: fortress.Keyring) -> None:
    context = case["context"]
    check(case, b"value", lambda: keyring.decrypt(keyring.encrypt(b"value", context), dict(reversed(context.items()))))


@vectors.parametrize("scopes")
def test_scopes(case: dict[str, Any]) -> None:
    ring = ReaderKeyring((Version(b"root", 0, State.PRIMARY, bytes.fromhex(case["secret"])),))
    sealed = envelope(header([passphrase_recipient("x")], content="keyring"), cbor.encode(keyring_payload(ring)))
    root = fortress.Keyring.open(sealed, passphrase="x")

    def secret() -> str:
        return root.scope(*case["path"]).expose_secret(b"root".hex()).hex()

    check(case, case.get("scope_secret"), secret)


@vectors.parametrize("tokens")
@pytest.mark.parametrize("form", ["text", "bytes"])
def test_tokens(case: dict[str, Any], form: str) -> None:
    def value() -> str:
        token = case["token"] if form == "text" else fortress.decode_token(case["token"])
        assert fortress.encode_token(fortress.decode_token(case["token"])) == case["token"]
        return keyring_of(case).decrypt(token, case["context"]).hex()

    check(case, case.get("value"), value)


@vectors.parametrize("groups")
def test_groups(case: dict[str, Any]) -> None:
    def value() -> str:
        [value] = keyring_of(case).decrypt_column(
            [case["member"]], context=case["context"], contexts=[case["member_context"]], header=case.get("header")
        )
        return value.hex()

    check(case, case.get("value"), value)


@vectors.parametrize("rows")
def test_rows(case: dict[str, Any]) -> None:
    def values() -> dict[str, str]:
        row = keyring_of(case).decrypt_row(case["fields"], case["context"], header=case.get("header"))
        return {name: value.hex() for name, value in row.items()}

    check(case, case.get("values"), values)


@vectors.parametrize("keyrings")
def test_keyrings(case: dict[str, Any]) -> None:
    def described() -> dict[str, Any]:
        keyring = fortress.Keyring.open(bytes.fromhex(case["sealed"]), passphrase=case["passphrase"])
        versions = [
            {"id": version.id, "created": int(version.created.timestamp()), "state": version.state}
            for version in keyring.versions
        ]
        return {
            "profile": keyring.profile,
            "path": list(keyring.path),
            "primary": keyring.primary,
            "versions": versions,
        }

    check(case, {field: case.get(field) for field in ("profile", "path", "primary", "versions")}, described)


def read_whole(data: bytes, **options: Any) -> bytes:
    return fortress.decrypt_bytes(data, **options)


def read_file(data: bytes, **options: Any) -> bytes:
    with fortress.open(io.BytesIO(data), **options) as file:
        assert file.size is not None
        return file.read()


def read_ranges(data: bytes, **options: Any) -> bytes:
    with fortress.open(io.BytesIO(data), **options) as file:
        pieces = []
        for start in reversed(range(0, file.size or 0, 7_000)):
            file.seek(start)
            pieces.append(file.read(7_000))
        return b"".join(reversed(pieces))


def read_pipe(data: bytes, **options: Any) -> bytes:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    with fortress.open(Pipe(data), **options) as file:
        return file.read()


def read_pieces(data: bytes, **options: Any) -> bytes:
    return b"".join(fortress.decrypt_stream((data[at : at + 1_000] for at in range(0, len(data), 1_000)), **options))


@vectors.parametrize("envelopes")
@pytest.mark.parametrize("reading", [read_whole, read_file, read_ranges, read_pipe, read_pieces])
def test_envelopes(case: dict[str, Any], reading: Callable[..., bytes]) -> None:
    data = bytes.fromhex(case["envelope"])

    def plaintext() -> bytes:
        passphrase = case.get("passphrase")
        identity: dict[str, Any] = {"keyring": keyring_of(case)} if passphrase is None else {"passphrase": passphrase}
        return reading(data, context=case["context"], **identity)

    check(case, pattern(case["plaintext_length"]) if case["result"] == "valid" else None, plaintext)
    if case["result"] == "valid":
        inspection = fortress.inspect(data)
        assert inspection.metadata == case["metadata"]
        assert inspection.plaintext_length == case["plaintext_length"]
        assert sum(field.length for field in inspection.fields) == len(data)


@vectors.parametrize("identities")
def test_identities(case: dict[str, Any]) -> None:
    def described() -> tuple[str, str, str]:
        if "secret" not in case:
            fortress.encrypt_bytes(b"", recipients=[case["public"]])
            return case["public"], case["id"], ""
        identity = fortress.Identity.from_secret(case["secret"])
        return identity.public, identity.id, identity.expose_secret()

    check(case, (case.get("public"), case.get("id"), case.get("secret", "")), described)


@vectors.parametrize("shares")
def test_shares(case: dict[str, Any]) -> None:
    def described() -> tuple[str, int, int]:
        shares = fortress.Shares(case["shares"])
        return shares.set_id, shares.threshold, len(shares)

    check(case, (case.get("set"), case.get("threshold"), len(case.get("numbers", ()))), described)


@vectors.parametrize("shared-envelopes")
def test_shared_envelopes(case: dict[str, Any]) -> None:
    def opened() -> bytes:
        identity: fortress.Opener = (
            fortress.Identity.from_secret(case["identity"]) if "identity" in case else fortress.Shares(case["shares"])
        )
        return fortress.decrypt_bytes(bytes.fromhex(case["envelope"]), identities=[identity], context=case["context"])

    check(case, pattern(case.get("plaintext_length", 0)), opened)


@vectors.parametrize("held-shares")
def test_held_shares(case: dict[str, Any]) -> None:
    envelope = bytes.fromhex(case["envelope"])
    check(case, case.get("held"), lambda: fortress.Identity.from_secret(case["identity"]).held_shares(envelope))


@vectors.parametrize("signing-keys")
def test_signing_keys(case: dict[str, Any]) -> None:
    def described() -> tuple[str, str, str]:
        if "signing" not in case:
            # A verifying key is read where it is trusted, before the grant is.
            with pytest.raises(fortress.NotFortressError):
                fortress.Grant.open(b"no grant at all", trusted=[case["verifying"]], passphrase="x")
            return case["verifying"], case.get("id", ""), ""
        key = fortress.SigningKey.from_secret(case["signing"])
        return key.verifying_key, key.id, key.expose_secret()

    check(case, (case.get("verifying"), case.get("id", ""), case.get("signing", "")), described)


@vectors.parametrize("grants")
def test_grants(case: dict[str, Any]) -> None:
    at = datetime.fromtimestamp(min(case["now"], LAST), timezone.utc)

    def terms() -> dict[str, Any]:
        identity = fortress.Identity.from_secret(case["identity"])
        sealed = bytes.fromhex(case["grant"])
        grant = fortress.Grant.open(sealed, trusted=case["trusted"], identities=[identity], at=at)
        if "token" in case:
            assert grant.keyring(at=at).decrypt(case["token"]).hex() == case["value"]
        if "scope_identity" in case:
            assert grant.scope_identity(at=at) == case["scope_identity"]
        said = dataclasses.asdict(grant.terms)
        assert said == dataclasses.asdict(fortress.Grant.read(sealed, identities=[identity]))
        return {
            **{name: said[name] for name in ("actions", "granter_name", "recipient_name", "purpose")},
            "granter": said["granter_id"],
            "path": list(said["path"]),
            "from": int(said["valid_from"].timestamp()),
            "until": int(said["valid_until"].timestamp()),
        }

    check(case, case.get("terms"), terms)


@vectors.parametrize("scope-identities")
def test_scope_identities(case: dict[str, Any]) -> None:
    def written() -> str:
        (recipient,) = fortress.inspect(fortress.encrypt_bytes(b"", recipients=[case["identity"]])).recipients or ()
        if recipient["kind"] != "scope":
            # Someone's, which is a recipient too.
            raise fortress.ArgumentError("not the identity of a scope", "invalid_identity")
        return keyring_of(case).scope_identity() if "keyring" in case else str(case["identity"])

    check(case, case["identity"], written)


@vectors.parametrize("scope-envelopes")
def test_scope_envelopes(case: dict[str, Any]) -> None:
    def opened() -> bytes:
        return fortress.decrypt_bytes(
            bytes.fromhex(case["envelope"]), keyring=keyring_of(case), context=case["context"]
        )

    check(case, pattern(case.get("plaintext_length", 0)), opened)


@vectors.parametrize("external-envelopes")
def test_external_envelopes(case: dict[str, Any]) -> None:
    class Key(fortress.ExternalKey):
        @property
        def reference(self) -> str:
            return str(case["reference"])

        def wrap(self, file_key: bytes, associated: bytes) -> bytes:
            raise NotImplementedError

        def unwrap(self, wrapped: bytes, associated: bytes) -> bytes:
            if (wrapped.hex(), associated.hex()) != (case["wrapped"], case["associated"]):
                raise fortress.AuthenticationError("not what it wrapped", "authentication_failed")
            return bytes.fromhex(case["file_key"])

    def opened() -> bytes:
        return fortress.decrypt_bytes(bytes.fromhex(case["envelope"]), identities=[Key()], context=case["context"])

    check(case, pattern(case.get("plaintext_length", 0)), opened)
