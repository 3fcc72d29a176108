"""The shared vectors of ``tests/vectors``, one file a family; its README says what the fields mean.

The folder ``python`` in it holds more of the same, written by ``write_vectors.py`` beside this file.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from fortress_reader import Keyring, Passphrase, open_keyring

FOLDER = Path(__file__).parents[3] / "vectors"


FROM_PYTHON = FOLDER / "python"


@cache
def cases(family: str, folder: Path = FOLDER) -> list[dict[str, Any]]:
    return list(json.loads((folder / f"{family}.json").read_text(encoding="utf-8"))["cases"])


def parametrize(family: str) -> pytest.MarkDecorator:
    """A test for each case of the family, whoever wrote it."""
    files = [folder for folder in (FOLDER, FROM_PYTHON) if (folder / f"{family}.json").exists()]
    written = [
        pytest.param(case, id=f"{case['name']} ({folder.name})") for folder in files for case in cases(family, folder)
    ]
    return pytest.mark.parametrize("case", written)


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
