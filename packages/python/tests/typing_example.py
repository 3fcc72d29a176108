"""Not run: what a type checker must make of the API, in the strictest settings."""

import asyncio
import io
from datetime import timedelta
from typing import Optional

import fortress


def values(keyring: fortress.Keyring) -> None:
    text: str = keyring.encrypt("ada", context={"row": "42"})
    data: bytes = keyring.encrypt(bytearray(b"ada"))
    value: bytes = keyring.decrypt(text)
    again: str = keyring.decrypt_text(data)
    fresh: str = keyring.reencrypt(text)
    row: dict[str, str] = keyring.decrypt_row_text(keyring.encrypt_row({"name": again, "photo": value}))
    hoisted: fortress.HoistedRow = keyring.encrypt_row_hoisted(row)
    version: fortress.KeyVersion = keyring.versions[0]
    column: fortress.HoistedColumn = keyring.encrypt_column_hoisted([text, None])
    hoisted = keyring.reencrypt_row(hoisted)
    hoisted = keyring.reencrypt_row(hoisted.fields, header=hoisted.header)
    fields: dict[str, str] = keyring.reencrypt_row(row)
    column = keyring.reencrypt_column(column)
    column = keyring.reencrypt_column(column.tokens, header=column.header)
    print(keyring.decrypt_row(fields), keyring.reencrypt_column([text]))
    print(fresh, hoisted.header, column.header, version.created.year)


def files(keyring: fortress.Keyring, passphrase: fortress.Passphrase) -> None:
    with fortress.open("report.ftrs", "wb", keyring=keyring, recipients=[passphrase], suite="AES-256-GCM") as writer:
        binary: io.BufferedWriter = writer
        binary.write(b"")
    with fortress.open("report.ftrs", passphrase="correct horse battery staple") as reader:
        size: Optional[int] = reader.size
        start: bytes = reader.read(10)
        print(size, start)
    with fortress.open("notes.ftrs", "rt", keyring=keyring) as notes:
        line: str = notes.readline()
        print(line)
    fortress.encrypt_file("a", b"b", keyring=keyring, progress=lambda done, total: print(done, total))


class Vault(fortress.ExternalKey):
    @property
    def reference(self) -> str:
        return "vault:key"

    def wrap(self, file_key: bytes, associated: bytes) -> bytes:
        return file_key + associated

    def unwrap(self, wrapped: bytes, associated: bytes) -> bytes:
        return wrapped[: -len(associated)]


def people(keyring: fortress.Keyring) -> None:
    with fortress.Identity.generate() as ada, fortress.ShareSet.generate(2, 3, holders=[ada.public]) as shares:
        recipients: list[fortress.Recipient] = [ada, ada.public, shares, Vault(), keyring]
        sealed: bytes = keyring.seal(recipients=recipients)
        brought = fortress.Shares(shares.expose_shares())
        openers: list[fortress.Opener] = [ada, brought, Vault(), keyring]
        held: list[str] = ada.held_shares(sealed)
        sealed = fortress.Keyring.rewrap(sealed, identities=openers, recipients=[ada.public], keep="others")
        fortress.rewrap_file("report.ftrs", identities=[ada], keep=[0, 2])
        print(held, fortress.Keyring.open(sealed, identities=openers), ada.expose_secret())


def elsewhere(keyring: fortress.Keyring) -> None:
    with fortress.hsm.open("vault:transit/kek", timeout=1.5, tries=2) as key:
        with key.data_keys(max_age=timedelta(hours=1), max_uses=1_000) as keys:
            fortress.encrypt_file("a", "b", recipients=[keys])
        recipients: list[fortress.Recipient] = [key, key.data_keys(max_age=60), fortress.hsm.DataKeys(key)]
        openers: list[fortress.Opener] = [key, keys]
        print(keyring.seal(recipients=recipients), openers, keys.reference)


def grants(keyring: fortress.Keyring, ada: fortress.Identity) -> None:
    with fortress.SigningKey.generate("hybrid") as grace:
        sealed: bytes = keyring.scope("acme").grant(
            signed_by=grace,
            actions="encrypt",
            valid_until=timedelta(days=1),
            recipients=[ada, keyring.scope_identity()],
        )
        trusted: list[str] = [grace.verifying_key]
    terms: fortress.GrantTerms = fortress.Grant.read(sealed, identities=[ada])
    with fortress.Grant.open(sealed, trusted=trusted, identities=[ada], at=terms.valid_from) as grant:
        narrowed: fortress.Keyring = grant.scope("acme", "users", at=terms.valid_until)
        fortress.encrypt_bytes(b"", recipients=[grant, grant.scope_identity()])
        print(narrowed, grant.keyring().path, terms.granter_name)


async def tasks(keyring: fortress.Keyring) -> None:
    async with fortress.aio.open("report.ftrs", keyring=keyring) as file:
        async for piece in file:
            print(len(piece))
    await fortress.aio.encrypt_file("a", "b", keyring=keyring)


def trouble(error: fortress.ColumnError) -> None:
    rows: list[int] = error.rows
    print(rows, error.code, error.failures[0].message)


if __name__ == "__main__":
    asyncio.run(tasks(fortress.Keyring.generate(profile="archive")))
