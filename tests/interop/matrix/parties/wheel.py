"""The Python wheel."""

import json
import os
from datetime import timedelta
from functools import cached_property
from typing import Any

import fortress
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from party import Party, carry_out, description, sha256, terms


class Wheel(Party):
    def __init__(self, plan: dict[str, Any]) -> None:
        super().__init__(plan)
        self.secret = fortress.Passphrase(self.passphrase, **self.costs)
        if plan["verb"] == "write":
            self.keyring = fortress.Keyring.generate(profile="archive")
            self.keyring.rotate()
            self.keyring.rotate()
            self.keyring.destroy_version(self.keyring.versions[0].id)
        else:
            self.keyring = self.open("keyring", passphrase=self.secret)

    def open(self, name: str, **identity: Any) -> fortress.Keyring:
        return fortress.Keyring.open((self.folder / name).read_bytes(), **identity)

    @cached_property
    def narrowed(self) -> fortress.Keyring:
        return self.keyring.scope(*self.scope)

    @cached_property
    def scoped(self) -> fortress.Keyring:
        return self.open("scoped", passphrase=self.secret)

    @cached_property
    def granted(self) -> fortress.Keyring:
        return self.open("granted", keyring=self.keyring)

    @cached_property
    def identity(self) -> fortress.Identity:
        return fortress.Identity.from_secret((self.folder / "identity").read_text())

    def signing(self, algorithm: str) -> fortress.SigningKey:
        return fortress.SigningKey.from_secret((self.folder / f"signing-{algorithm}").read_text())

    def opener(self, item: dict[str, Any]) -> dict[str, Any]:
        match item.get("by"):
            case "passphrase":
                return {"passphrase": self.secret}
            case "identity":
                return {"identities": [self.identity]}
            case "shares":
                return {"identities": [fortress.Shares(json.loads((self.folder / "shares").read_text())[1:])]}
            case "external":
                return {"identities": [Vault(**self.external)]}
            case "hardware":
                return {"identities": [fortress.hsm.open(self.hardware)]}
        return {
            "keyring": {"scoped": lambda: self.scoped, "granted": lambda: self.granted}.get(
                item.get("by"), lambda: self.narrowed
            )()
        }

    def write_keyring(self, item: dict[str, Any]) -> object:
        return self.seal(item, self.keyring, passphrase=self.secret)

    def write_scoped(self, item: dict[str, Any]) -> object:
        return self.seal(item, self.narrowed, passphrase=self.secret)

    def write_granted(self, item: dict[str, Any]) -> object:
        return self.seal(item, self.narrowed, keyring=self.keyring)

    def seal(self, item: dict[str, Any], sealed: fortress.Keyring, **recipient: Any) -> object:
        (self.folder / item["name"]).write_bytes(sealed.seal(**recipient))
        return described(sealed)

    def read_keyring(self, _: dict[str, Any]) -> object:
        return described(self.keyring)

    def read_scoped(self, _: dict[str, Any]) -> object:
        return described(self.scoped)

    def read_granted(self, _: dict[str, Any]) -> object:
        return described(self.granted)

    def write_file(self, item: dict[str, Any]) -> None:
        to = self.recipients(item["by"])
        source, destination = self.plain / str(item["length"]), self.folder / item["name"]
        fortress.encrypt_file(source, destination, suite=item["suite"], context=self.context, **to)

    def recipients(self, by: str) -> dict[str, Any]:
        match by:
            case "passphrase":
                return {"passphrase": self.secret}
            case "identity":
                return {"recipients": [self.identity.public]}
            case "scope":
                return {"recipients": [self.narrowed.scope_identity()]}
            case "shares":
                shares = fortress.ShareSet.generate(2, 3)
                (self.folder / "shares").write_text(json.dumps(shares.expose_shares()))
                return {"recipients": [shares]}
            case "external":
                return {"recipients": [Vault(**self.external)]}
            case "hardware":
                return {"recipients": [fortress.hsm.open(self.hardware)]}
        return {"keyring": self.narrowed}

    def read_file(self, item: dict[str, Any]) -> str:
        with fortress.open(self.folder / item["name"], context=self.context, **self.opener(item)) as file:
            return sha256(file.read())

    def read_parts(self, item: dict[str, Any]) -> list[str]:
        digests = []
        with fortress.open(self.folder / item["file"], context=self.context, keyring=self.narrowed) as file:
            for start, end in item["ranges"]:
                file.seek(start)
                digests.append(sha256(file.read(end - start)))
        return digests

    def write_token(self, item: dict[str, Any]) -> None:
        self.store(item, fortress.encode_token(self.narrowed.encrypt(self.value(item["length"]), self.context)))

    def read_token(self, item: dict[str, Any]) -> str:
        return sha256(self.narrowed.decrypt(self.stored(item), self.context))

    def write_row(self, item: dict[str, Any]) -> None:
        self.store(item, {"fields": texts(self.narrowed.encrypt_row(self.row(item), self.context))})

    def write_hoisted(self, item: dict[str, Any]) -> None:
        row = self.narrowed.encrypt_row_hoisted(self.row(item), self.context)
        self.store(item, {"header": row.header, "fields": texts(row.fields)})

    def read_row(self, item: dict[str, Any]) -> dict[str, str]:
        row = self.stored(item)
        values = self.narrowed.decrypt_row(row["fields"], self.context, header=row.get("header"))
        return {name: sha256(value) for name, value in values.items()}

    read_hoisted = read_row

    def write_column(self, item: dict[str, Any]) -> None:
        values = [None if length is None else self.value(length) for length in item["lengths"]]
        tokens = self.narrowed.encrypt_column(values, context=self.context, contexts=rows(values))
        self.store(item, [None if token is None else fortress.encode_token(token) for token in tokens])

    def read_column(self, item: dict[str, Any]) -> list[str | None]:
        tokens = self.stored(item)
        values = self.narrowed.decrypt_column(tokens, context=self.context, contexts=rows(tokens))
        return [None if value is None else sha256(value) for value in values]

    def write_identity(self, item: dict[str, Any]) -> str:
        (self.folder / item["name"]).write_text(fortress.Identity.generate().expose_secret())
        return self.read_identity(item)

    def read_identity(self, _: dict[str, Any]) -> str:
        return self.identity.public

    def write_signing(self, item: dict[str, Any]) -> str:
        (self.folder / item["name"]).write_text(fortress.SigningKey.generate(item["algorithm"]).expose_secret())
        return self.read_signing(item)

    def read_signing(self, item: dict[str, Any]) -> str:
        return self.signing(item["algorithm"]).verifying_key

    def write_held(self, item: dict[str, Any]) -> list[str]:
        shares = fortress.ShareSet.generate(2, 3, holders=[self.identity.public])
        (self.folder / item["name"]).write_bytes(self.narrowed.seal(recipients=[shares]))
        return shares.expose_shares()[:1]

    def read_held(self, item: dict[str, Any]) -> list[str]:
        return self.identity.held_shares((self.folder / item["name"]).read_bytes())

    def write_grant(self, item: dict[str, Any]) -> dict[str, object]:
        sealed = self.narrowed.grant(
            signed_by=self.signing(item["algorithm"]),
            actions=item["actions"],
            valid_until=timedelta(days=1),
            recipients=[self.identity.public],
            purpose="f\u00fcr Anfragen",
            granter_name="Grace",
        )
        (self.folder / item["name"]).write_bytes(sealed)
        return self.read_grant(item)

    def read_grant(self, item: dict[str, Any]) -> dict[str, object]:
        sealed = (self.folder / item["name"]).read_bytes()
        trusted = [self.signing(item["algorithm"]).verifying_key]
        grant = fortress.Grant.open(sealed, trusted=trusted, identities=[self.identity])
        said = grant.terms
        if item["actions"] == "encrypt":
            envelope = fortress.encrypt_bytes(self.value(item["length"]), recipients=[grant])
            value = fortress.decrypt_bytes(envelope, keyring=self.narrowed)
        else:
            token = json.loads((self.folder / f"token-{item['length']}").read_text())
            value = grant.keyring().decrypt(token, self.context)
        times = [int(moment.timestamp()) for moment in (said.valid_from, said.valid_until)]
        texts = [said.purpose, said.granter_name, said.recipient_name]
        return terms(said.granter, said.id, list(said.path), said.actions, times, texts, value)

    def row(self, item: dict[str, Any]) -> dict[str, bytes]:
        return {name: self.value(length) for name, length in item["fields"].items()}

    def store(self, item: dict[str, Any], what: object) -> None:
        (self.folder / item["name"]).write_text(json.dumps(what))

    def stored(self, item: dict[str, Any]) -> Any:
        return json.loads((self.folder / item["name"]).read_text())


class Vault(fortress.ExternalKey):
    """A key of a program's own."""

    def __init__(self, reference: str, key: str) -> None:
        self._reference, self._aes = reference, AESGCM(bytes.fromhex(key))

    @property
    def reference(self) -> str:
        return self._reference

    def wrap(self, file_key: bytes, associated: bytes) -> bytes:
        nonce = os.urandom(12)
        return nonce + self._aes.encrypt(nonce, file_key, associated)

    def unwrap(self, wrapped: bytes, associated: bytes) -> bytes:
        return self._aes.decrypt(wrapped[:12], wrapped[12:], associated)


def described(keyring: fortress.Keyring) -> object:
    versions: list[list[object]] = [[v.id, int(v.created.timestamp()), v.state] for v in keyring.versions]
    return description(keyring.profile, list(keyring.path), keyring.primary, versions)


def texts(tokens: dict[str, bytes]) -> dict[str, str]:
    return {name: fortress.encode_token(token) for name, token in tokens.items()}


def rows(column: list[Any]) -> list[dict[str, str]]:
    return [{"row": str(number)} for number in range(len(column))]


if __name__ == "__main__":
    carry_out(Wheel)
