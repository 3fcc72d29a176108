"""How often keys in services are asked, by a server that stands in for the Transit engine, and counts."""

from __future__ import annotations

import base64
import copy
import json
import os
import pickle
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import fortress

DATA = b"for the one who holds the key"
KEK = "vault:transit/kek"


class Transit:
    """What was asked of it: ``encrypt`` or ``decrypt``, in order. It is a thread of this process, and can only answer
    while its caller does not hold the interpreter."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.is_out_of_order = False
        self._key = AESGCM(AESGCM.generate_key(256))

    def answer(self, path: str, body: dict[str, str]) -> tuple[int, dict[str, Any]]:
        operation = path.split("/")[3]
        self.asked.append(operation)
        if self.is_out_of_order:
            return 403, {"errors": ["permission denied"]}
        if operation == "encrypt":
            nonce = os.urandom(12)
            sealed = nonce + self._key.encrypt(nonce, base64.b64decode(body["plaintext"]), None)
            return 200, {"data": {"ciphertext": f"vault:v1:{sealed.hex()}"}}
        try:
            sealed = bytes.fromhex(body["ciphertext"].removeprefix("vault:v1:"))
            plaintext = self._key.decrypt(sealed[:12], sealed[12:], None)
        except (InvalidTag, ValueError):
            return 400, {"errors": ["cipher: message authentication failed"]}
        return 200, {"data": {"plaintext": base64.b64encode(plaintext).decode()}}


@pytest.fixture
def transit(monkeypatch: pytest.MonkeyPatch) -> Iterator[Transit]:
    for name in ("BAO_ADDR", "BAO_TOKEN", "VAULT_NAMESPACE", "BAO_NAMESPACE"):
        monkeypatch.delenv(name, raising=False)
    transit = Transit()
    with served(transit) as address:
        monkeypatch.setenv("VAULT_ADDR", address)
        monkeypatch.setenv("VAULT_TOKEN", "token-of-the-tests")
        yield transit


@pytest.fixture
def key(transit: Transit) -> Iterator[fortress.hsm.Key]:
    with fortress.hsm.open(KEK, tries=1) as key:
        yield key


def test_a_key_itself_is_asked_for_each_envelope(key: fortress.hsm.Key, transit: Transit) -> None:
    fortress.encrypt_bytes(DATA, recipients=[key])
    fortress.Keyring.generate().seal(recipients=[key])
    assert transit.asked == ["encrypt", "encrypt"]


def test_data_keys_ask_once(key: fortress.hsm.Key, transit: Transit, tmp_path: Path) -> None:
    keys = key.data_keys(max_age=timedelta(hours=1), max_uses=1_000)
    assert isinstance(keys, fortress.ExternalKey)
    assert keys.reference == f"datakey:{KEK}"
    assert repr(keys) == f"<fortress.hsm.DataKeys datakey:{KEK}>"
    envelopes = [fortress.encrypt_bytes(DATA + bytes([row]), recipients=[keys]) for row in range(20)]
    assert len(set(envelopes)) == 20
    assert fortress.inspect(envelopes[0]).recipients == ({"kind": "external", "reference": keys.reference},)
    path = tmp_path / "file"
    with fortress.open(path, "wb", recipients=[keys]) as writer:
        writer.write(DATA)
    keyring = fortress.Keyring.generate()
    sealed = keyring.seal(recipients=[keys])
    assert transit.asked == ["encrypt"]
    # Who wrote them has the data key.
    assert fortress.decrypt_bytes(envelopes[0], identities=[keys]) == DATA + b"\0"
    assert transit.asked == ["encrypt"]
    # Anyone else who may use the key asks for it once, by the key or by data keys of theirs.
    for reader in (fortress.hsm.open(KEK), fortress.hsm.open(KEK).data_keys()):
        transit.asked.clear()
        for row, envelope in enumerate(envelopes):
            assert fortress.decrypt_bytes(envelope, identities=[reader]) == DATA + bytes([row])
        with fortress.open(path, identities=[reader]) as file:
            assert file.read() == DATA
        assert fortress.Keyring.open(sealed, identities=[reader]).primary == keyring.primary
        assert transit.asked == ["decrypt"]
    # What was written for the key itself opens as well, and costs what it cost.
    envelope = fortress.encrypt_bytes(DATA, recipients=[key])
    transit.asked.clear()
    assert fortress.decrypt_bytes(envelope, identities=[keys]) == DATA
    assert transit.asked == ["decrypt"]


def test_limits(key: fortress.hsm.Key, transit: Transit) -> None:
    few = key.data_keys(max_uses=3)
    for _ in range(7):
        fortress.encrypt_bytes(b"", recipients=[few])
    assert transit.asked == ["encrypt"] * 3
    # Too old as soon as it was used.
    old = key.data_keys(max_age=1e-9)
    for _ in range(3):
        fortress.encrypt_bytes(b"", recipients=[old])
    assert transit.asked == ["encrypt"] * 6
    most = key.data_keys(max_uses=1 << 32, max_age=10)
    fortress.encrypt_bytes(b"", recipients=[most])
    for wrong, code in [
        ({"max_uses": 0}, "out_of_range"),
        ({"max_uses": (1 << 32) + 1}, "out_of_range"),
        ({"max_uses": -1}, "out_of_range"),
        ({"max_uses": 1 << 70}, "out_of_range"),
        ({"max_age": 0}, "invalid_argument"),
        ({"max_age": -1.5}, "invalid_argument"),
        ({"max_age": float("nan")}, "invalid_argument"),
        ({"max_age": float("inf")}, "invalid_argument"),
        ({"max_age": timedelta(0)}, "invalid_argument"),
    ]:
        with pytest.raises(fortress.ArgumentError) as caught:
            key.data_keys(**wrong)  # type: ignore[arg-type]
        assert caught.value.code == code, wrong
    for odd in [{"max_uses": "3"}, {"max_uses": 1.5}, {"max_age": "5"}]:
        with pytest.raises(TypeError):
            key.data_keys(**odd)  # type: ignore[arg-type]


def test_only_what_they_wrapped(key: fortress.hsm.Key, transit: Transit) -> None:
    keys = key.data_keys()
    file_key, associated = os.urandom(32), os.urandom(32)
    wrapped = keys.wrap(file_key, associated)
    assert keys.unwrap(wrapped, associated) == file_key
    assert keys.wrap(file_key, associated) != wrapped
    for at in range(len(wrapped)):
        changed = bytearray(wrapped)
        changed[at] ^= 1
        with pytest.raises(fortress.AuthenticationError):
            keys.unwrap(changed, associated)
    for wrong in [(wrapped, bytes(32)), (wrapped[:-1], associated), (wrapped + b"\0", associated), (b"", associated)]:
        with pytest.raises(fortress.AuthenticationError):
            keys.unwrap(*wrong)
    with pytest.raises(TypeError, match="OpenedKey"):
        fortress.hsm.DataKeys(keys)  # type: ignore[arg-type]
    assert transit.asked[0] == "encrypt"


def test_they_end_with_their_block_and_with_their_key(key: fortress.hsm.Key, transit: Transit) -> None:
    with key.data_keys() as keys:
        envelope = fortress.encrypt_bytes(DATA, recipients=[keys])
        for forbidden in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError, match="cannot be copied or pickled"):
                forbidden(keys)
    again, dropped = key.data_keys(), key.data_keys()
    fortress.encrypt_bytes(DATA, recipients=[again])
    del dropped
    assert repr(keys) == "<fortress.hsm.DataKeys, closed>"
    assert fortress.decrypt_bytes(envelope, identities=[key]) == DATA, "the key itself goes on"
    key.close()
    transit.asked.clear()
    for closed in (keys, again):
        with pytest.raises(fortress.StateError):
            fortress.encrypt_bytes(DATA, recipients=[closed])
        with pytest.raises(fortress.StateError):
            fortress.decrypt_bytes(envelope, identities=[closed])
    with pytest.raises(fortress.StateError):
        key.data_keys()
    assert transit.asked == []
    # What nobody closed lives as long as somebody has it.
    alone = fortress.hsm.open(KEK).data_keys()
    assert fortress.decrypt_bytes(envelope, identities=[alone]) == DATA


def test_a_service_that_refuses(key: fortress.hsm.Key, transit: Transit) -> None:
    keys = key.data_keys()
    transit.is_out_of_order = True
    with pytest.raises(fortress.KeyNotHeldError, match="permission denied") as caught:
        fortress.encrypt_bytes(DATA, recipients=[keys])
    assert caught.value.code == "key_refused"
    transit.is_out_of_order = False
    envelope = fortress.encrypt_bytes(DATA, recipients=[keys])
    # The data key is here, until it is too old.
    transit.is_out_of_order = True
    assert fortress.decrypt_bytes(envelope, identities=[keys]) == DATA
    with pytest.raises(fortress.KeyNotHeldError), fortress.hsm.open(KEK, tries=1) as other:
        fortress.decrypt_bytes(envelope, identities=[other])


def test_threads_share_one(key: fortress.hsm.Key, transit: Transit) -> None:
    keys, made = key.data_keys(), list[bytes]()
    threads = [
        threading.Thread(target=lambda: made.extend(fortress.encrypt_bytes(DATA, recipients=[keys]) for _ in range(10)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 40
    assert transit.asked == ["encrypt"]
    assert all(fortress.decrypt_bytes(envelope, identities=[keys]) == DATA for envelope in made)


@contextmanager
def served(transit: Transit) -> Iterator[str]:
    class Service(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, answer = transit.answer(self.path, body)
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Service) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            serving.join()
