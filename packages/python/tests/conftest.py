"""What the tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import fortress

PASSPHRASE = "correct horse battery staple"
CONTEXT = {"file": "report"}
LENGTHS = [0, 1, 16_383, 16_384, 16_385, 1 << 20, 3_000_001]


@pytest.fixture
def keyring() -> fortress.Keyring:
    return fortress.Keyring.generate()


@pytest.fixture
def cheap() -> fortress.Passphrase:
    """A passphrase that costs as little as is written."""
    return fortress.Passphrase(PASSPHRASE, passes=1, memory_kib=8192, lanes=1)


@pytest.fixture
def encrypted(tmp_path: Path, keyring: fortress.Keyring) -> Path:
    """A file of 100,000 bytes."""
    path = tmp_path / "report.ftrs"
    with fortress.open(path, "wb", keyring=keyring, context=CONTEXT, metadata={"name": "report"}) as file:
        file.write(pattern(100_000))
    return path


def pattern(length: int) -> bytes:
    """The plaintext of that length in the shared vectors."""
    return (bytes(range(251)) * (length // 251 + 1))[:length]


def leftovers(folder: Path) -> list[str]:
    """What a writer left behind."""
    return [name for name in os.listdir(folder) if name.startswith(".fortress-")]
