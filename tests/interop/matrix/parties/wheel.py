"""The Python wheel."""

import json
from functools import cached_property
from typing import Any

import fortress
from party import Party, carry_out, description, sha256


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

    def opener(self, item: dict[str, Any]) -> dict[str, Any]:
        if item.get("by") == "passphrase":
            return {"passphrase": self.secret}
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
        to = {"passphrase": self.secret} if item["by"] == "passphrase" else {"keyring": self.narrowed}
        source, destination = self.plain / str(item["length"]), self.folder / item["name"]
        fortress.encrypt_file(source, destination, suite=item["suite"], context=self.context, **to)

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

    def row(self, item: dict[str, Any]) -> dict[str, bytes]:
        return {name: self.value(length) for name, length in item["fields"].items()}

    def store(self, item: dict[str, Any], what: object) -> None:
        (self.folder / item["name"]).write_text(json.dumps(what))

    def stored(self, item: dict[str, Any]) -> Any:
        return json.loads((self.folder / item["name"]).read_text())


def described(keyring: fortress.Keyring) -> object:
    versions: list[list[object]] = [[v.id, int(v.created.timestamp()), v.state] for v in keyring.versions]
    return description(keyring.profile, list(keyring.path), keyring.primary, versions)


def texts(tokens: dict[str, bytes]) -> dict[str, str]:
    return {name: fortress.encode_token(token) for name, token in tokens.items()}


def rows(column: list[Any]) -> list[dict[str, str]]:
    return [{"row": str(number)} for number in range(len(column))]


if __name__ == "__main__":
    carry_out(Wheel)
