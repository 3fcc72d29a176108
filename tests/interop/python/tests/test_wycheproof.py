"""Wycheproof's chunked-encryption vectors, in every reading that their notes describe."""

import hashlib
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fortress_reader.errors import Code, FortressError
from fortress_reader.payload import (
    CHUNK,
    PREFIX_LENGTH,
    SALT_LENGTH,
    SEALED_CHUNK,
    Decryptor,
    MessageKeys,
    RandomAccess,
    open_message,
)
from fortress_reader.suites import AES_256_GCM, Suite, aes_gcm

FOLDER = Path(__file__).parents[3] / "vectors" / "wycheproof"

# The registry's number 1. Not a suite of ours (N-6); it shows that the construction depends on nothing of suite 2.
AES_128_GCM = Suite(1, "AEAD_AES_128_GCM", 16, 12, aes_gcm)


@dataclass(frozen=True)
class Case:
    suite: Suite
    number: int
    key: bytes
    context: bytes
    message: bytes
    valid: bool
    flags: frozenset[str]
    plaintext_length: int | None
    plaintext_hash: str | None
    aead_key: bytes | None
    base_nonce: bytes | None

    def is_plaintext(self, plaintext: bytes) -> bool:
        return len(plaintext) == self.plaintext_length and hashlib.sha512(plaintext).hexdigest() == self.plaintext_hash

    @property
    def valid_prefix(self) -> int:
        """How many bytes a stream may release at most."""
        return self.plaintext_length or 0


def cases() -> Iterator[Any]:
    for suite, file in (
        (AES_256_GCM, "c2sp_chunked_encryption_aes_256_gcm_test.json"),
        (AES_128_GCM, "c2sp_chunked_encryption_aes_128_gcm_test.json"),
    ):
        published = json.loads((FOLDER / file).read_text())
        tests = [test for group in published["testGroups"] for test in group["tests"]]
        assert len(tests) == published["numberOfTests"] == 35
        for test in tests:
            yield pytest.param(
                Case(
                    suite,
                    test["tcId"],
                    bytes.fromhex(test["key"]),
                    bytes.fromhex(test["ctx"]),
                    zlib.decompress(bytes.fromhex(test["ct"])),
                    test["result"] == "valid",
                    frozenset(test["flags"]),
                    test.get("msgLength"),
                    test.get("msgSha512"),
                    bytes.fromhex(test["aeadKey"]) if "aeadKey" in test else None,
                    bytes.fromhex(test["baseNonce"]) if "baseNonce" in test else None,
                ),
                id=f"{suite.name}-{test['tcId']}",
            )


every_case = pytest.mark.parametrize("case", list(cases()))


def refuses(case: Case) -> Any:
    """A key of a wrong size is the caller's mistake; all else is the data's."""
    return pytest.raises(ValueError if "InvalidKeySize" in case.flags else FortressError)


@every_case
def test_whole(case: Case) -> None:
    if case.valid:
        assert case.is_plaintext(open_message(case.suite, case.key, case.message, case.context))
    else:
        with refuses(case):
            open_message(case.suite, case.key, case.message, case.context)


@every_case
@pytest.mark.parametrize("step", [777, SEALED_CHUNK, 100_000])
def test_streaming(case: Case, step: int) -> None:
    decryptor = Decryptor(case.suite, case.key, case.context)
    released = bytearray()

    def read_all() -> None:
        for start in range(0, len(case.message), step):
            released.extend(decryptor.update(case.message[start : start + step]))
        released.extend(decryptor.finish())

    if case.valid:
        read_all()
        assert case.is_plaintext(bytes(released))
        return
    with refuses(case):
        read_all()
    assert len(released) <= case.valid_prefix
    # A step that completes at most one chunk loses none of the good ones to the failure of a later one.
    if step < SEALED_CHUNK and "PartialPlaintext" in case.flags:
        assert case.is_plaintext(bytes(released))
    if "InvalidKeySize" not in case.flags:
        for again in (lambda: decryptor.update(b"more"), decryptor.finish):
            with pytest.raises(FortressError) as failure:
                again()
            assert failure.value.code is Code.STREAM_FAILED


@every_case
def test_final_chunk(case: Case) -> None:
    """The length authenticates for valid vectors, may with `ValidFinalChunk`, and must not otherwise."""
    if case.valid:
        assert random_access(case).plaintext_length == case.plaintext_length
    elif "ValidFinalChunk" not in case.flags:
        with refuses(case):
            random_access(case)
    else:
        random_access(case)


@every_case
def test_random_access(case: Case) -> None:
    if not case.valid:
        with refuses(case):
            reader = random_access(case)
            reader.range(0, reader.plaintext_length)
        return
    reader = random_access(case)
    plaintext = reader.range(0, reader.plaintext_length)
    assert case.is_plaintext(plaintext)
    length = len(plaintext)
    for start in {0, 1, CHUNK - 1, CHUNK, length - 1, length}:
        for end in {start, start + 1, start + CHUNK + 1, length}:
            if 0 <= start <= end <= length:
                assert reader.range(start, end) == plaintext[start:end]


@every_case
def test_derived_keys_and_raw_mode(case: Case) -> None:
    if "HeaderFailure" in case.flags:
        assert case.aead_key is None
        return
    keys = MessageKeys.derive(case.suite, case.key, case.message[:SALT_LENGTH], case.context)
    assert (keys.key, keys.base_nonce) == (case.aead_key, case.base_nonce)
    chunks = case.message[PREFIX_LENGTH:]
    sealed = [chunks[start : start + SEALED_CHUNK] for start in range(0, len(chunks), SEALED_CHUNK)]
    if case.valid:
        assert case.is_plaintext(b"".join(keys.open(i, chunk) for i, chunk in enumerate(sealed)))
    elif sealed and len(sealed[-1]) < SEALED_CHUNK and "ValidFinalChunk" not in case.flags:
        with pytest.raises(FortressError):
            keys.open(len(sealed) - 1, sealed[-1])


def random_access(case: Case) -> RandomAccess:
    message = case.message
    return RandomAccess(case.suite, case.key, case.context, len(message), lambda start, end: message[start:end])
