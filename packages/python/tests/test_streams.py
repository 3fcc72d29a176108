"""Streams: bytes in, bytes out, wherever they come from."""

from __future__ import annotations

import copy
import pickle
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


def test_streams_end_with_their_block(keyring: fortress.Keyring) -> None:
    envelope = fortress.encrypt_bytes(b"data", keyring=keyring)
    with fortress.Encryptor(keyring=keyring) as encryptor, fortress.Decryptor(keyring=keyring) as decryptor:
        decryptor.update(envelope)
    with fortress.Decryptor(keyring=keyring) as before_its_start:
        pass
    with fortress.Decryptor(keyring=keyring) as in_its_prefix:
        in_its_prefix.update(envelope[:20])
    for stream in (encryptor, decryptor, before_its_start, in_its_prefix):
        for attempt in (
            lambda stream=stream: stream.update(envelope),
            lambda stream=stream: stream.update_into(b"", bytearray(100_000)),
            stream.finish,
        ):
            with pytest.raises(fortress.StateError, match="this stream is closed") as refusal:
                attempt()
            assert refusal.value.code == "closed"
        stream.close()


def test_a_stream_may_be_closed_while_it_opens() -> None:
    class Vault(fortress.ExternalKey):
        reference = "vault:key"

        def wrap(self, file_key: bytes, associated: bytes) -> bytes:
            return file_key

        def unwrap(self, wrapped: bytes, associated: bytes) -> bytes:
            decryptor.close()
            return wrapped

    envelope = fortress.encrypt_bytes(b"data", recipients=[Vault()])
    decryptor = fortress.Decryptor(identities=[Vault()])
    for _ in range(2):
        with pytest.raises(fortress.StateError, match="this stream is closed"):
            decryptor.update(envelope)


def test_streams_are_not_copied_or_pickled(keyring: fortress.Keyring) -> None:
    for stream in (fortress.Encryptor(keyring=keyring), fortress.Decryptor(keyring=keyring)):
        for attempt in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError, match="cryptor holds secrets and cannot be copied or pickled"):
                attempt(stream)
        assert not hasattr(stream, "__dict__")


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
