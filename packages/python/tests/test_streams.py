"""Streams: bytes in, bytes out, wherever they come from."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from conftest import pattern

import fortress


def test_streams_and_into(keyring: fortress.Keyring) -> None:
    data = pattern(200_000)
    pieces = [data[at : at + 6_007] for at in range(0, len(data), 6_007)]
    envelope = b"".join(fortress.encrypt_stream(pieces, keyring=keyring))
    assert fortress.decrypt_bytes(envelope, keyring=keyring) == data
    whole = fortress.encrypt_bytes(data, keyring=keyring, metadata={"a": "b"})
    assert b"".join(fortress.decrypt_stream([whole], keyring=keyring)) == data
    encryptor, out = fortress.Encryptor(keyring=keyring), bytearray(40_000)
    made = bytearray(encryptor.prefix)
    for piece in pieces:
        assert encryptor.update_len(len(piece)) <= len(out)
        made += out[: encryptor.update_into(piece, out)]
    made += encryptor.finish()
    decryptor, plain = fortress.Decryptor(keyring=keyring), bytearray()
    for at in range(0, len(made), 5_003):
        plain += out[: decryptor.update_into(made[at : at + 5_003], out)]
    plain += decryptor.finish()
    assert plain == data
    for attempt in (lambda: encryptor.update(b""), lambda: decryptor.update(b""), encryptor.finish):
        with pytest.raises(fortress.StateError):
            attempt()
    fresh = fortress.Encryptor(keyring=keyring)
    with pytest.raises(fortress.ArgumentError, match="expected 32800 bytes, got 10"):
        fresh.update_into(bytes(40_000), bytearray(10))
    with pytest.raises(fortress.ArgumentError, match="overlaps"):
        fresh.update_into(out, out)
    with pytest.raises(TypeError, match="can be written"):
        fresh.update_into(b"a", b"bytes")
    failed = fortress.Decryptor(keyring=keyring)
    with pytest.raises(fortress.AuthenticationError):
        failed.update(whole[:1_000] + bytes(20_000))
    with pytest.raises(fortress.StateError):
        failed.update(b"")


def test_two_threads_may_share_a_stream(keyring: fortress.Keyring) -> None:
    """Whoever comes first is first; no chunk is lost, repeated or padded."""
    encryptor, made, lock = fortress.Encryptor(keyring=keyring), [], threading.Lock()
    pieces = [bytes([number]) * 10_007 for number in range(200)]

    def work() -> None:
        while True:
            with lock:
                if not pieces:
                    return
                piece = pieces.pop()
            made.append(len(encryptor.update(piece)))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(made) + len(encryptor.finish()) == 200 * 10_007 + (200 * 10_007 // 16_384 + 1) * 16


@pytest.mark.parametrize("suite", ["AES-256-GCM", "AEGIS-256X2"])
def test_long_updates_go_through_several_threads(keyring: fortress.Keyring, suite: Any) -> None:
    data = pattern(9_000_001)
    encryptor = fortress.Encryptor(keyring=keyring, suite=suite)
    envelope = encryptor.prefix + encryptor.update(data[:5]) + encryptor.update(data[5:]) + encryptor.finish()
    assert fortress.decrypt_bytes(envelope, keyring=keyring) == data
    decryptor = fortress.Decryptor(keyring=keyring)
    assert decryptor.update(envelope) + decryptor.finish() == data
    broken = bytearray(envelope)
    broken[7_000_000] ^= 1
    decryptor = fortress.Decryptor(keyring=keyring)
    with pytest.raises(fortress.AuthenticationError):
        decryptor.update(broken)
    with pytest.raises(fortress.StateError):
        decryptor.update(b"")
