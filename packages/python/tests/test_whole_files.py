"""Whole files in one call: encrypted, decrypted, rewrapped."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from conftest import CONTEXT, LENGTHS, PASSPHRASE, leftovers, pattern

import fortress


@pytest.mark.parametrize("length", LENGTHS)
def test_encrypt_and_decrypt_a_file(tmp_path: Path, keyring: fortress.Keyring, length: int) -> None:
    source, middle, back = tmp_path / "a", tmp_path / "b", tmp_path / "c"
    source.write_bytes(pattern(length))
    steps: list[tuple[int, int | None]] = []
    fortress.encrypt_file(source, middle, keyring=keyring, progress=lambda *step: steps.append(step))
    assert not steps or steps[-1] == (length, length)
    steps.clear()
    fortress.decrypt_file(middle, back, keyring=keyring, progress=lambda *step: steps.append(step))
    assert steps[-1] == (middle.stat().st_size,) * 2
    assert back.read_bytes() == pattern(length)
    fortress.encrypt_file(source, source, keyring=keyring)
    fortress.decrypt_file(source, source, keyring=keyring)
    assert source.read_bytes() == pattern(length)
    stored = io.BytesIO()
    fortress.encrypt_file(io.BytesIO(pattern(length)), stored, keyring=keyring)
    stored.seek(0)
    plain = io.BytesIO()
    fortress.decrypt_file(stored, plain, keyring=keyring)
    assert plain.getvalue() == pattern(length)


def test_progress_can_end_it(tmp_path: Path, keyring: fortress.Keyring) -> None:
    source = tmp_path / "a"
    source.write_bytes(bytes(3_000_000))

    def stop(done: int, total: int | None) -> None:
        raise StopIteration

    with pytest.raises(StopIteration):
        fortress.encrypt_file(source, tmp_path / "b", keyring=keyring, progress=stop)
    fortress.encrypt_file(source, tmp_path / "b", keyring=keyring)
    with pytest.raises(StopIteration):
        fortress.decrypt_file(tmp_path / "b", tmp_path / "c", keyring=keyring, progress=stop)
    assert sorted(os.listdir(tmp_path)) == ["a", "b"]


def test_a_changed_file_does_not_appear(encrypted: Path, keyring: fortress.Keyring) -> None:
    data = bytearray(encrypted.read_bytes())
    data[-1] ^= 1
    encrypted.write_bytes(data)
    plain = encrypted.with_name("plain")
    plain.write_bytes(b"as it was")
    with pytest.raises(fortress.AuthenticationError):
        fortress.decrypt_file(encrypted, plain, keyring=keyring, context=CONTEXT)
    assert plain.read_bytes() == b"as it was"
    assert not leftovers(encrypted.parent)


def test_rewrap(encrypted: Path, keyring: fortress.Keyring, cheap: fortress.Passphrase) -> None:
    other = fortress.Keyring.generate()
    data = encrypted.read_bytes()
    shared = fortress.rewrap(data, keyring=keyring, recipients=[other, cheap])
    assert shared.endswith(data[-100_000:])
    for identity in ({"keyring": other}, {"passphrase": PASSPHRASE}):
        assert fortress.decrypt_bytes(shared, context=CONTEXT, **identity) == pattern(100_000)  # type: ignore[arg-type]
    fortress.rewrap_file(encrypted, keyring=keyring, recipients=[other])
    with pytest.raises(fortress.WrongRecipientError):
        fortress.open(encrypted, keyring=keyring, context=CONTEXT)
    with fortress.open(encrypted, keyring=other, context=CONTEXT) as file:
        assert file.read() == pattern(100_000)
        assert file.metadata == {"name": "report"}
    elsewhere = encrypted.with_name("elsewhere")
    with pytest.raises(fortress.AuthenticationError):
        fortress.rewrap_file(encrypted, elsewhere, keyring=other, recipients=[keyring], context={"file": "another"})
    fortress.rewrap_file(encrypted, elsewhere, keyring=other, recipients=[keyring], context=CONTEXT)
    assert fortress.inspect_file(elsewhere).key_id == keyring.primary
    assert fortress.inspect_file(encrypted).plaintext_length == 100_000
