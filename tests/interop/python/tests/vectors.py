"""The shared vectors of ``tests/vectors``, one file a family; its README says what the fields mean."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from fortress_reader import Keyring, Passphrase, open_keyring

FOLDER = Path(__file__).parents[3] / "vectors"


@cache
def cases(family: str) -> list[dict[str, Any]]:
    return list(json.loads((FOLDER / f"{family}.json").read_text(encoding="utf-8"))["cases"])


def parametrize(family: str) -> pytest.MarkDecorator:
    """A test for each case of the family."""
    return pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in cases(family)])


def case(family: str, name: str) -> dict[str, Any]:
    """The one case of that name."""
    [found] = [case for case in cases(family) if case["name"] == name]
    return found


@cache
def keyring(name: str) -> Keyring:
    """A keyring that the other families name, opened by this reader from its sealed form."""
    sealed = case("keyrings", name)
    return open_keyring(bytes.fromhex(sealed["sealed"]), [Passphrase(sealed["passphrase"])])


def at_scope(case: dict[str, Any]) -> Keyring:
    """The case's keyring, at its scope."""
    return keyring(case["keyring"]).scope(*case["scope"])


def pattern(length: int) -> bytes:
    """The plaintext of that length."""
    return bytes(i % 251 for i in range(length))
