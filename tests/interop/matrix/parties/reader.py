"""The independent reader, and the small writer of its tests."""

import json
import sys
from functools import cached_property
from pathlib import Path
from typing import Any

from party import Party, carry_out, description, sha256

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / "python" / folder) for folder in ("", "tests")]

import fortress_reader as independent  # noqa: E402
import writer  # noqa: E402
from fortress_reader import cbor  # noqa: E402

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

    def opener(self, item: dict[str, Any]) -> independent.Identity:
        match item.get("by"):
            case "passphrase":
                return self.secret
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
        if item["by"] == "passphrase":
            recipient = writer.passphrase_recipient(self.secret.text)
        else:
            recipient = writer.keyring_recipient(self.narrowed)
        number = NUMBERS[item["suite"]]
        head = writer.header([recipient], suite=number)
        envelope = writer.envelope(head, self.value(item["length"]), self.context, suite=number)
        (self.folder / item["name"]).write_bytes(envelope)

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
