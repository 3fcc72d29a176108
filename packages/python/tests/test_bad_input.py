"""What goes wrong in daily use: an exception of its own and one line for each, and the user's data as it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import pytest
from conftest import PASSPHRASE, pattern

import fortress

LENGTH = 3_000_000
BEFORE = b"what was there before"


@pytest.fixture
def folder(tmp_path: Path, keyring: fortress.Keyring, cheap: fortress.Passphrase) -> Path:
    """A file, its envelope, a cut one, a place that is taken, and a folder."""
    (tmp_path / "plain").write_bytes(pattern(LENGTH))
    fortress.encrypt_file(tmp_path / "plain", tmp_path / "envelope", recipients=[keyring, cheap])
    envelope = (tmp_path / "envelope").read_bytes()
    (tmp_path / "cut").write_bytes(envelope[:2_000_000])
    (tmp_path / "cut at a chunk").write_bytes(envelope[: len(envelope) - (LENGTH % 16_384) - 16])
    (tmp_path / "cut in its header").write_bytes(envelope[:100])
    (tmp_path / "taken").write_bytes(BEFORE)
    (tmp_path / "folder").mkdir()
    return tmp_path


Attempt = Callable[[Path, fortress.Keyring], object]

CASES: list[tuple[str, type[BaseException], str | None, str, Attempt]] = [
    (
        "not a Fortress file",
        fortress.NotFortressError,
        "not_fortress",
        "not a Fortress envelope",
        lambda at, keyring: fortress.decrypt_file(at / "plain", at / "taken", keyring=keyring),
    ),
    (
        "a cut file",
        fortress.FortressError,
        None,
        "not authentic|cut off",
        lambda at, keyring: fortress.decrypt_file(at / "cut", at / "taken", keyring=keyring),
    ),
    (
        "a file that was cut between chunks",
        fortress.TruncatedError,
        "truncated",
        "its end is missing",
        lambda at, keyring: fortress.decrypt_file(at / "cut at a chunk", at / "taken", keyring=keyring),
    ),
    (
        "a file that was cut in its header",
        fortress.TruncatedError,
        "truncated",
        "cut off",
        lambda at, keyring: fortress.decrypt_file(at / "cut in its header", at / "taken", keyring=keyring),
    ),
    (
        "the wrong keyring",
        fortress.WrongRecipientError,
        "wrong_recipient",
        "opens this envelope",
        lambda at, _: fortress.decrypt_file(at / "envelope", at / "taken", keyring=fortress.Keyring.generate()),
    ),
    (
        "the wrong passphrase",
        fortress.WrongPassphraseError,
        "wrong_passphrase",
        "passphrase",
        lambda at, _: fortress.decrypt_file(at / "envelope", at / "taken", passphrase=PASSPHRASE + "r"),
    ),
    (
        "a source that is not there",
        FileNotFoundError,
        None,
        "No such file",
        lambda at, keyring: fortress.encrypt_file(at / "nothing", at / "taken", keyring=keyring),
    ),
    (
        "a folder as source",
        IsADirectoryError,
        None,
        "directory",
        lambda at, keyring: fortress.encrypt_file(at / "folder", at / "taken", keyring=keyring),
    ),
    (
        "a folder as destination",
        IsADirectoryError,
        None,
        "directory",
        lambda at, keyring: fortress.encrypt_file(at / "plain", at / "folder", keyring=keyring),
    ),
    (
        "a folder as destination of a decryption",
        IsADirectoryError,
        None,
        "directory",
        lambda at, keyring: fortress.decrypt_file(at / "envelope", at / "folder", keyring=keyring),
    ),
    (
        "str where bytes belong, whole",
        TypeError,
        None,
        "data must be bytes, got str; encode it first",
        lambda at, keyring: fortress.encrypt_bytes("text", keyring=keyring),  # type: ignore[arg-type]
    ),
    (
        "str where bytes belong, streamed",
        TypeError,
        None,
        "data must be bytes, got str; encode it first",
        lambda at, keyring: list(fortress.encrypt_stream(["text"], keyring=keyring)),  # type: ignore[list-item]
    ),
    (
        "str written to a file",
        TypeError,
        None,
        "str",
        lambda at, keyring: _write(at / "taken", keyring, "text"),
    ),
    (
        "bytes where a passphrase belongs",
        TypeError,
        None,
        "a passphrase must be str, got bytes",
        lambda at, _: fortress.encrypt_bytes(b"", passphrase=b"secret"),  # type: ignore[arg-type]
    ),
]
if os.path.exists("/dev/full"):
    CASES += [
        (
            "a full disk",
            OSError,
            None,
            "No space left",
            lambda at, keyring: fortress.encrypt_file(at / "plain", "/dev/full", keyring=keyring),
        ),
        (
            "a full disk for a decryption",
            OSError,
            None,
            "No space left",
            lambda at, keyring: fortress.decrypt_file(at / "envelope", "/dev/full", keyring=keyring),
        ),
        (
            "a full disk for a rewrap",
            OSError,
            None,
            "No space left",
            lambda at, keyring: fortress.rewrap_file(
                at / "envelope", "/dev/full", keyring=keyring, recipients=[keyring]
            ),
        ),
        (
            "a full disk under a writer",
            OSError,
            None,
            "No space left",
            lambda at, keyring: _write("/dev/full", keyring, bytes(1_000_000)),
        ),
    ]
if os.path.exists("/proc/self/mem"):
    # Opens, and cannot be read at its start: permissions do not stop the superuser, who may be running this.
    CASES.append(
        (
            "a source that cannot be read",
            OSError,
            None,
            "Input/output error|Invalid argument",
            lambda at, keyring: fortress.encrypt_file("/proc/self/mem", at / "taken", keyring=keyring),
        )
    )


def _write(path: Any, keyring: fortress.Keyring, data: Any) -> None:
    with fortress.open(path, "wb", keyring=keyring) as file:
        file.write(data)


def snapshot(folder: Path) -> dict[str, bytes | None]:
    return {path.name: path.read_bytes() if path.is_file() else None for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("kind", "code", "message", "attempt"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_each_is_told(
    folder: Path,
    keyring: fortress.Keyring,
    kind: type[BaseException],
    code: str | None,
    message: str,
    attempt: Attempt,
) -> None:
    before = snapshot(folder)
    with pytest.raises(kind, match=message) as refusal:
        attempt(folder, keyring)
    assert "\n" not in str(refusal.value)
    if code is not None:
        assert getattr(refusal.value, "code", None) == code
    assert snapshot(folder) == before


@pytest.mark.parametrize("number", [-1, 1 << 40, 1 << 70])
def test_numbers_out_of_range(keyring: fortress.Keyring, number: int) -> None:
    for name in ("passes", "memory_kib", "lanes"):
        with pytest.raises(fortress.ArgumentError, match=f"{name} must be from 1 to 4294967295") as refusal:
            fortress.Passphrase(PASSPHRASE, **{name: number})
        assert refusal.value.code == "out_of_range"
    with pytest.raises(fortress.ArgumentError, match="a share set needs 2 to 255 shares"):
        fortress.ShareSet.generate(2, number)
    with fortress.Encryptor(keyring=keyring) as encryptor:
        if number == 1 << 40:
            assert encryptor.update_len(number) > number
        else:
            with pytest.raises(fortress.ArgumentError, match="length must be from 0 to"):
                encryptor.update_len(number)
    with pytest.raises(TypeError, match="integer"):
        fortress.Passphrase(PASSPHRASE, passes="3")  # type: ignore[arg-type]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may read and write all")
def test_permissions(folder: Path, keyring: fortress.Keyring) -> None:
    (folder / "plain").chmod(0)
    with pytest.raises(PermissionError):
        fortress.encrypt_file(folder / "plain", folder / "taken", keyring=keyring)
    (folder / "folder").chmod(0o500)
    with pytest.raises(PermissionError):
        fortress.encrypt_file(folder / "envelope", folder / "folder" / "new", keyring=keyring)
    assert (folder / "taken").read_bytes() == BEFORE


#: Calls that take long, started over and over until the interrupt comes.
LONG = {
    "encrypt_file": "fortress.encrypt_file('source', 'out', keyring=keyring)",
    "decrypt_file": "fortress.decrypt_file('envelope', 'out', keyring=keyring)",
    "a writer": "write()",
    "a column": "keyring.encrypt_column(values)",
    "a column to decrypt": "keyring.decrypt_column(tokens)",
    "asyncio": "asyncio.run(fortress.aio.encrypt_file('source', 'out', keyring=keyring))",
}


@pytest.mark.skipif(os.name != "posix", reason="signals are sent")
@pytest.mark.parametrize("call", LONG.values(), ids=LONG)
def test_an_interrupt_leaves_nothing_behind(tmp_path: Path, call: str) -> None:
    """A real Ctrl-C in the middle of a long call: KeyboardInterrupt, and no partial output."""
    script = f"""
import asyncio, os, fortress
keyring = fortress.Keyring.generate()
open("source", "wb").write(bytes(30_000_000))
fortress.encrypt_file("source", "envelope", keyring=keyring)
values = [b"value"] * 200_000
tokens = keyring.encrypt_column(values)
def write():
    with fortress.open("out", "wb", keyring=keyring) as file:
        for _ in range(300):
            file.write(bytes(100_000))
print("ready", flush=True)
while True:
    {call}
    if os.path.exists("out"):
        os.unlink("out")
"""
    running = subprocess.Popen(
        [sys.executable, "-c", script], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert running.stdout is not None
    running.stdout.readline()
    # Python drops an interrupt that falls into a finalizer, and what asyncio tears down may speak after the traceback.
    for _ in range(12):
        running.send_signal(signal.SIGINT)
        try:
            _, stderr = running.communicate(timeout=5)
            break
        except subprocess.TimeoutExpired:
            continue
    assert running.poll() not in (None, 0)
    assert b"KeyboardInterrupt" in stderr
    # It may have come between a call's end and the removal of what that call wrote: then it is whole.
    assert set(os.listdir(tmp_path)) - {"out"} == {"source", "envelope"}
