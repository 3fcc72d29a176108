"""The `fortress` command, whose program is the one argument."""

import json
import os
import subprocess
import sys
from datetime import datetime
from typing import Any

from party import Party, carry_out, description, sha256


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

    def opener(self, item: dict[str, Any]) -> list[str]:
        keyring = ["-k", "keyring", "--scope", self.path]
        openers = {"scoped": ["-k", "scoped"], "granted": ["-k", "granted", "--unlock", "keyring"], "passphrase": []}
        return openers.get(item.get("by", ""), keyring)

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
            [each["id"], int(datetime.fromisoformat(each["created"].replace("Z", "+00:00")).timestamp()), each["state"]]
            for each in shown["versions"]
        ]
        return description(shown["profile"], shown["scope"], shown["primary"], versions)

    def write_file(self, item: dict[str, Any]) -> None:
        to = ["-p"] if item["by"] == "passphrase" else ["-k", "keyring", "--scope", self.path]
        source = str(self.plain / str(item["length"]))
        self.run("encrypt", *to, "--suite", item["suite"], *self.bound, source, "-o", item["name"])

    def read_file(self, item: dict[str, Any]) -> str:
        return sha256(self.run("decrypt", *self.opener(item), *self.bound, item["name"], "-o", "-"))

    def read_parts(self, item: dict[str, Any]) -> list[str]:
        part = ["decrypt", *self.opener(item), *self.bound, item["file"], "--range"]
        return [sha256(self.run(*part, f"{start}-{end}")) for start, end in item["ranges"]]

    def write_token(self, item: dict[str, Any]) -> None:
        suite = ["--suite", item["suite"]] if item["suite"] else []
        value = self.value(item["length"])
        token = self.run("token", "encrypt", "--raw", *self.opener(item), *suite, *self.bound, given=value)
        (self.folder / item["name"]).write_text(json.dumps(token.decode()))

    def read_token(self, item: dict[str, Any]) -> str:
        token = json.loads((self.folder / item["name"]).read_text())
        return sha256(self.run("token", "decrypt", "--raw", *self.opener(item), *self.bound, given=token.encode()))


if __name__ == "__main__":
    carry_out(Command)
