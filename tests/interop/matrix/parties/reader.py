"""The independent reader, and the small writer of its tests."""

import json
import os
import sys
import time
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from party import Party, carry_out, description, sha256, terms

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / "python" / folder) for folder in ("", "tests")]

import fortress_reader as independent  # noqa: E402
import sharing_writer  # noqa: E402
import writer  # noqa: E402
from fortress_reader import cbor  # noqa: E402

ACTIONS = {"encrypt": 1, "decrypt": 2, "both": 3}
NUMBERS = {"AES-256-GCM": 2, "ChaCha20-Poly1305": 29, "AEGIS-256": 33, "AEGIS-256X2": 36}


class Reader(Party):
    def __init__(self, plan: dict[str, Any]) -> None:
        super().__init__(plan)
        self.secret = independent.Passphrase(self.passphrase)
        self.keyring = writer.keyring() if plan["verb"] == "write" else self.open("keyring", self.secret)

    def open(self, name: str, identity: independent.Identity) -> independent.Keyring:
        return independent.open_keyring((self.folder / name).read_bytes(), [identity])

    @cached_property
    def narrowed(self) -> independent.Keyring:
        return self.keyring.scope(*self.scope)

    @cached_property
    def scoped(self) -> independent.Keyring:
        return self.open("scoped", self.secret)

    @cached_property
    def granted(self) -> independent.Keyring:
        return self.open("granted", self.keyring)

    @cached_property
    def identity(self) -> independent.SecretIdentity:
        return independent.SecretIdentity.parse((self.folder / "identity").read_text())

    def signing(self, algorithm: str) -> independent.SigningKey:
        return independent.SigningKey.parse((self.folder / f"signing-{algorithm}").read_text())

    def opener(self, item: dict[str, Any]) -> independent.Identity:
        match item.get("by"):
            case "passphrase":
                return self.secret
            case "identity":
                return self.identity
            case "shares":
                texts = json.loads((self.folder / "shares").read_text())[1:]
                return independent.Shares(tuple(independent.Share.parse(text) for text in texts))
            case "external":
                aes = AESGCM(bytes.fromhex(self.external["key"]))
                call = lambda wrapped, associated: aes.decrypt(wrapped[:12], wrapped[12:], associated)  # noqa: E731
                return independent.ExternalKey(self.external["reference"], call)
            case "scoped":
                return self.scoped
            case "granted":
                return self.granted
        return self.narrowed

    def write_keyring(self, item: dict[str, Any]) -> object:
        return self.seal(item, self.keyring, writer.passphrase_recipient(self.secret.text))

    def write_scoped(self, item: dict[str, Any]) -> object:
        return self.seal(item, self.narrowed, writer.passphrase_recipient(self.secret.text))

    def write_granted(self, item: dict[str, Any]) -> object:
        return self.seal(item, self.narrowed, writer.keyring_recipient(self.keyring))

    def seal(self, item: dict[str, Any], keyring: independent.Keyring, recipient: list[Any]) -> object:
        payload = cbor.encode(writer.keyring_payload(keyring))
        sealed = writer.envelope(writer.header([recipient], content="keyring"), payload)
        (self.folder / item["name"]).write_bytes(sealed)
        return described(keyring)

    def read_keyring(self, _: dict[str, Any]) -> object:
        return described(self.keyring)

    def read_scoped(self, _: dict[str, Any]) -> object:
        return described(self.scoped)

    def read_granted(self, _: dict[str, Any]) -> object:
        return described(self.granted)

    def write_file(self, item: dict[str, Any]) -> None:
        number = NUMBERS[item["suite"]]
        head = writer.header([self.recipient(item["by"], number)], suite=number)
        envelope = writer.envelope(head, self.value(item["length"]), self.context, suite=number)
        (self.folder / item["name"]).write_bytes(envelope)

    def recipient(self, by: str, suite: int) -> list[Any]:
        match by:
            case "passphrase":
                return writer.passphrase_recipient(self.secret.text)
            case "identity":
                return sharing_writer.identity_recipient(self.identity.public)
            case "scope":
                return sharing_writer.scope_recipient(sharing_writer.scope_identity(self.narrowed))
            case "external":
                aes, associated = AESGCM(bytes.fromhex(self.external["key"])), sharing_writer.associated(suite)
                wrapped = bytes(12) + aes.encrypt(bytes(12), writer.FILE_KEY, associated)
                return sharing_writer.external_recipient(self.external["reference"], wrapped)
        return writer.keyring_recipient(self.narrowed)

    def read_file(self, item: dict[str, Any]) -> str:
        envelope = (self.folder / item["name"]).read_bytes()
        return sha256(independent.open_envelope(envelope, [self.opener(item)], self.context).decrypt(envelope))

    def read_parts(self, item: dict[str, Any]) -> list[str]:
        envelope = (self.folder / item["file"]).read_bytes()
        opened = independent.open_envelope(envelope, [self.narrowed], self.context)
        access = opened.random_access(len(envelope), lambda start, end: envelope[start:end])
        return [sha256(access.range(start, end)) for start, end in item["ranges"]]

    def write_token(self, item: dict[str, Any]) -> None:
        suite = NUMBERS[item["suite"] or "AES-256-GCM"]
        token = writer.token(self.narrowed, self.value(item["length"]), self.context, suite=suite)
        self.store(item, independent.encode_text(token))

    def read_token(self, item: dict[str, Any]) -> str:
        return sha256(independent.decrypt(self.narrowed, independent.decode_text(self.stored(item)), self.context))

    def write_row(self, item: dict[str, Any]) -> None:
        self.store(item, {"fields": self.members(item, writer.GroupWriter.whole, self.group)})

    def write_hoisted(self, item: dict[str, Any]) -> None:
        fields = self.members(item, writer.GroupWriter.hoisted, self.group)
        self.store(item, {"header": independent.encode_text(self.group.header), "fields": fields})

    @property
    def group(self) -> writer.GroupWriter:
        return writer.GroupWriter(self.narrowed, self.context)

    def members(self, item: dict[str, Any], layout: Any, group: writer.GroupWriter) -> dict[str, str]:
        fields = enumerate(item["fields"].items())
        made = {name: layout(group, n, self.value(length), {"field": name}) for n, (name, length) in fields}
        return {name: independent.encode_text(token) for name, token in made.items()}

    def read_row(self, item: dict[str, Any]) -> dict[str, str]:
        row = self.stored(item)
        fields = {name: independent.decode_text(token) for name, token in row["fields"].items()}
        header = independent.decode_text(row["header"]) if "header" in row else None
        values = independent.decrypt_row(self.narrowed, fields, self.context, header)
        return {name: sha256(value) for name, value in values.items()}

    read_hoisted = read_row

    def write_column(self, item: dict[str, Any]) -> None:
        group, tokens = self.group, []
        for row, length in enumerate(item["lengths"]):
            made = None if length is None else group.whole(row, self.value(length), {"row": str(row)})
            tokens.append(made and independent.encode_text(made))
        self.store(item, tokens)

    def read_column(self, item: dict[str, Any]) -> list[str | None]:
        return [
            token and sha256(self.member(independent.decode_text(token), {"row": str(row)}))
            for row, token in enumerate(self.stored(item))
        ]

    def write_identity(self, item: dict[str, Any]) -> str:
        (self.folder / item["name"]).write_text(independent.SecretIdentity(os.urandom(32)).text)
        return self.read_identity(item)

    def read_identity(self, _: dict[str, Any]) -> str:
        return self.identity.public.text

    def write_signing(self, item: dict[str, Any]) -> str:
        key = independent.SigningKey({"ed25519": 1, "hybrid": 2}[item["algorithm"]], os.urandom(32))
        (self.folder / item["name"]).write_text(key.text)
        return self.read_signing(item)

    def read_signing(self, item: dict[str, Any]) -> str:
        return self.signing(item["algorithm"]).verifying.text

    def read_held(self, item: dict[str, Any]) -> list[str]:
        envelope = independent.Envelope.parse((self.folder / item["name"]).read_bytes())
        return [share.text for share in independent.held_shares(envelope.header.recipients, self.identity)]

    def write_grant(self, item: dict[str, Any]) -> dict[str, object]:
        granter, now = self.signing(item["algorithm"]), int(time.time())
        head = writer.header([sharing_writer.identity_recipient(self.identity.public)], content="grant")
        statement = sharing_writer.statement(granter, self.narrowed, ACTIONS[item["actions"]], (now, now + 86_400), "x")
        (self.folder / item["name"]).write_bytes(sharing_writer.grant(head, granter, statement))
        return self.read_grant(item)

    def read_grant(self, item: dict[str, Any]) -> dict[str, object]:
        sealed, granter = (self.folder / item["name"]).read_bytes(), self.signing(item["algorithm"]).verifying
        grant = independent.open_grant(sealed, [self.identity], [granter], int(time.time()))
        if isinstance(grant.keys, independent.ScopeIdentity):
            # It encrypts what the keyring opens: it is the identity of the keyring's scope.
            assert grant.keys == sharing_writer.scope_identity(self.narrowed)
            value = self.value(item["length"])
        else:
            token = independent.decode_text(json.loads((self.folder / f"token-{item['length']}").read_text()))
            value = independent.decrypt(grant.keyring(), token, self.context)
        names = {number: name for name, number in ACTIONS.items()}
        times, texts = [grant.valid_from, grant.until], [grant.purpose, grant.granter_name, grant.recipient_name]
        said = grant.granter.text, grant.id.hex(), list(grant.path), names[grant.actions]
        return terms(*said, times, texts, value)

    def member(self, token: bytes, context: dict[str, str]) -> bytes:
        return independent.decrypt_member(self.narrowed, token, self.context, context)

    def store(self, item: dict[str, Any], what: object) -> None:
        (self.folder / item["name"]).write_text(json.dumps(what))

    def stored(self, item: dict[str, Any]) -> Any:
        return json.loads((self.folder / item["name"]).read_text())


def described(keyring: independent.Keyring) -> object:
    versions: list[list[object]] = [
        [version.id.hex(), version.created, version.state.name.lower().replace("_", "-")]
        for version in keyring.versions
    ]
    return description(keyring.profile, list(keyring.path), writer.primary(keyring).hex(), versions)


if __name__ == "__main__":
    carry_out(Reader)
