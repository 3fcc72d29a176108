"""What the parties in Python share: a plan comes in, answers go out, and a failure is the answer of its item alone."""

import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Party:
    """A party. Its methods are `write_file`, `read_file` and so on, by verb and kind of item."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.folder = Path(plan["folder"])
        self.plain = Path(plan["plain"])
        self.passphrase: str = plan["passphrase"]
        self.costs: dict[str, int] = plan["argon2"]
        self.scope: list[str] = plan["scope"]
        self.context: dict[str, str] = plan["context"]
        self.external: dict[str, str] = plan["external"]
        self.hardware: str = plan["hardware"]

    def value(self, length: int) -> bytes:
        return (self.plain / str(length)).read_bytes()


def carry_out(make: Callable[[dict[str, Any]], Party]) -> None:
    plan = json.load(sys.stdin)
    party = make(plan)
    answers = {}
    for item in plan["items"]:
        # Whatever goes wrong, the other items go on.
        try:
            answers[item["name"]] = getattr(party, f"{plan['verb']}_{item['kind']}")(item)
        except Exception as error:
            answers[item["name"]] = {"error": f"{type(error).__name__}: {error}"}
    json.dump(answers, sys.stdout)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def terms(
    granter: str, id: str, path: list[str], actions: str, times: list[int], texts: list[str], value: bytes
) -> dict[str, object]:
    """What two parties must say alike of a grant; the times are from and until, the texts purpose and both names. The
    value is what it decrypts, or what the keyring decrypts that it encrypted."""
    said = {"granter": granter, "id": id, "path": path, "actions": actions, "times": times, "texts": texts}
    return {**said, "value": sha256(value)}


def description(profile: str, path: list[str], primary: str, versions: list[list[object]]) -> dict[str, object]:
    """What two parties must say alike of a keyring; a version is id, seconds of its creation, and state."""
    return {"profile": profile, "path": path, "primary": primary, "versions": versions}
