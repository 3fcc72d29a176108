"""What the tests share."""

from __future__ import annotations

import pytest

import fortress

PASSPHRASE = "correct horse battery staple"


@pytest.fixture
def keyring() -> fortress.Keyring:
    return fortress.Keyring.generate()


@pytest.fixture
def cheap() -> fortress.Passphrase:
    """A passphrase that costs as little as is written."""
    return fortress.Passphrase(PASSPHRASE, passes=1, memory_kib=8192, lanes=1)


def pattern(length: int) -> bytes:
    """The plaintext of that length in the shared vectors."""
    return (bytes(range(251)) * (length // 251 + 1))[:length]
