"""The `fortress` command, whose program is the one argument."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from party import Party, carry_out, description, sha256, terms


class Command(Party):
    def __init__(self, plan: dict[str, Any]) -> None:
        super().__init__(plan)
        self.bound = [word for key, value in self.context.items() for word in ("--context", f"{key}={value}")]
        self.path = "/".join(segment.replace("%", "%25").replace("/", "%2F") for segment in self.scope)
        costs = self.costs
        self.cheap = ["--argon2", f"t={costs['passes']},m={costs['memory_kib']},p={costs['lanes']}"]

    def run(self, *words: str, given: bytes = b"") -> bytes:
        secret = {"FORTRESS_PASSPHRASE": self.passphrase, "FORTRESS_NEW_PASSPHRASE": self.passphrase}
        command = [sys.argv[1], *words]
        finished = subprocess.run(
            command, cwd=self.folder, env={**os.environ, **secret}, input=given, capture_output=True, check=False
        )
        if finished.returncode != 0:
            raise RuntimeError(f"exit code {finished.returncode}: {finished.stderr.decode()}")
        return finished.stdout

    @contextmanager
    def opener(self, item: dict[str, Any]) -> Iterator[list[str]]:
        keyring = ["-k", "keyring", "--scope", self.path]
        openers = {
            "scoped": ["-k", "scoped"],
            "granted": ["-k", "granted", "--unlock", "keyring"],
            "passphrase": [],
            "identity": ["--identity", "identity"],
            "hardware": ["--key", self.hardware],
        }
        if item.get("by") == "shares":
            texts = json.loads((self.folder / "shares").read_text())[1:]
            with tempfile.TemporaryDirectory() as folder:
                yield [word for share in self.files(Path(folder), texts) for word in ("--share", share)]
            return
        yield openers.get(item.get("by", ""), keyring)

    def files(self, folder: Path, texts: list[str]) -> list[str]:
        """A file for each text."""
        for place, text in enumerate(texts):
            (folder / str(place)).write_text(text)
        return [str(folder / str(place)) for place in range(len(texts))]

    def only_text(self, path: Path) -> str:
        """The text that a file of the command's holds, after a line that says what it is."""
        [text] = [line for line in path.read_text().splitlines() if not line.startswith("#")]
        return text

    def write_keyring(self, item: dict[str, Any]) -> object:
        self.run("keyring", "new", "-o", "keyring", "--profile", "balanced", *self.cheap)
        first = self.described("keyring")["primary"]
        self.run("keyring", "rotate", "keyring")
        self.run("keyring", "rotate", "keyring")
        self.run("keyring", "destroy-version", "keyring", str(first), "--yes")
        return self.described("keyring")

    def write_scoped(self, item: dict[str, Any]) -> object:
        self.run("keyring", "scope", "keyring", self.path, "-o", "scoped", *self.cheap)
        return self.described("scoped")

    def write_granted(self, item: dict[str, Any]) -> object:
        self.run("keyring", "scope", "keyring", self.path, "-o", "granted", "--for", "keyring")
        return self.described("granted", "--unlock", "keyring")

    def read_keyring(self, item: dict[str, Any]) -> object:
        return self.described("keyring")

    def read_scoped(self, item: dict[str, Any]) -> object:
        return self.described("scoped")

    def read_granted(self, item: dict[str, Any]) -> object:
        return self.described("granted", "--unlock", "keyring")

    def described(self, *words: str) -> dict[str, object]:
        shown = json.loads(self.run("keyring", "show", "--json", *words))
        versions: list[list[object]] = [
            [each["id"], seconds(each["created"]), each["state"]] for each in shown["versions"]
        ]
        return description(shown["profile"], shown["scope"], shown["primary"], versions)

    def write_file(self, item: dict[str, Any]) -> None:
        source = str(self.plain / str(item["length"]))
        to = self.recipients(item["by"])
        self.run("encrypt", *to, "--suite", item["suite"], *self.bound, source, "-o", item["name"])
        if item["by"] == "shares":
            made = self.folder / "shares-made"
            (self.folder / "shares").write_text(json.dumps([self.only_text(share) for share in made.iterdir()]))

    def recipients(self, by: str) -> list[str]:
        match by:
            case "passphrase":
                return ["-p"]
            case "identity":
                return ["--to", self.public("identity")]
            case "scope":
                return ["--to", self.run("identity", "scope", "keyring", self.path).decode().strip()]
            case "shares":
                return ["--shares", "2/3", "--shares-dir", "shares-made"]
            case "hardware":
                return ["--recipient", self.hardware]
        return ["-k", "keyring", "--scope", self.path]

    def public(self, file: str) -> str:
        """What others may know of a secret."""
        return self.run("identity", "show", file).decode().strip()

    def read_file(self, item: dict[str, Any]) -> str:
        with self.opener(item) as opener:
            return sha256(self.run("decrypt", *opener, *self.bound, item["name"], "-o", "-"))

    def read_parts(self, item: dict[str, Any]) -> list[str]:
        with self.opener(item) as opener:
            part = ["decrypt", *opener, *self.bound, item["file"], "--range"]
            return [sha256(self.run(*part, f"{start}-{end}")) for start, end in item["ranges"]]

    def write_token(self, item: dict[str, Any]) -> None:
        suite = ["--suite", item["suite"]] if item["suite"] else []
        value = self.value(item["length"])
        with self.opener(item) as opener:
            token = self.run("token", "encrypt", "--raw", *opener, *suite, *self.bound, given=value)
        (self.folder / item["name"]).write_text(json.dumps(token.decode()))

    def read_token(self, item: dict[str, Any]) -> str:
        with self.opener(item) as opener:
            return sha256(self.decrypted(item["name"], opener))

    def decrypted(self, token: str, opener: list[str]) -> bytes:
        text = json.loads((self.folder / token).read_text())
        return self.run("token", "decrypt", "--raw", *opener, *self.bound, given=text.encode())

    def write_identity(self, item: dict[str, Any]) -> str:
        return self.kept(item["name"])

    def write_signing(self, item: dict[str, Any]) -> str:
        return self.kept(item["name"], "--signing", item["algorithm"])

    def kept(self, name: str, *words: str) -> str:
        """A new secret, its text alone in a file as all parties have it."""
        self.run("identity", "new", "-o", name, *words)
        file = self.folder / name
        file.write_text(self.only_text(file))
        return self.public(name)

    def read_identity(self, item: dict[str, Any]) -> str:
        return self.public(item["name"])

    read_signing = read_identity

    def write_grant(self, item: dict[str, Any]) -> dict[str, object]:
        scope = ["-k", "keyring", "--scope", self.path, "--actions", item["actions"], "--until", "1d"]
        texts = ["--purpose", "f\u00fcr Anfragen", "--granter-name", "Grace"]
        signed = ["--sign", f"signing-{item['algorithm']}", "--to", self.public("identity")]
        self.run("grant", "new", *scope, *texts, *signed, "-o", item["name"])
        return self.read_grant(item)

    def read_grant(self, item: dict[str, Any]) -> dict[str, object]:
        by = ["--identity", "identity", "--trust", self.public(f"signing-{item['algorithm']}")]
        said = json.loads(self.run("grant", "show", "--json", item["name"], *by))
        assert (said["trusted"], said["validity"]) == (True, "valid")
        if item["actions"] == "encrypt":
            source = str(self.plain / str(item["length"]))
            envelope = self.run("encrypt", "-k", item["name"], *by, source, "-o", "-")
            value = self.run("decrypt", "-k", "keyring", "--scope", self.path, given=envelope)
        else:
            value = self.decrypted(f"token-{item['length']}", ["-k", item["name"], *by])
        times = [seconds(said["from"]), seconds(said["until"])]
        texts = [said["purpose"], said["granter_name"], said["recipient_name"]]
        return terms(said["verifying_key"], said["id"], said["scope"], said["actions"], times, texts, value)


def seconds(written: str) -> int:
    return int(datetime.fromisoformat(written.replace("Z", "+00:00")).timestamp())


if __name__ == "__main__":
    carry_out(Command)
