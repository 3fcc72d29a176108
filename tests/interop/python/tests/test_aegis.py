"""The AEGIS of this reader against the vectors of the draft."""

import json
from typing import Any

import pytest
import vectors

from fortress_reader import aegis, aegis_lanes

DEGREES = {"aegis-256": 1, "aegis-256x2": 2}


def cases() -> list[Any]:
    return [
        pytest.param(degree, case, id=f"{name} {case['name']}")
        for name, degree in DEGREES.items()
        for case in json.loads((vectors.FOLDER / "aegis" / f"{name}.json").read_text())["tests"]
    ]


def test_every_published_case_is_read() -> None:
    assert len(cases()) == 9 + 2


def test_aes_round() -> None:
    """The draft's vector of `AESRound`."""
    result = aegis.aes_round(0x000102030405060708090A0B0C0D0E0F, 0x101112131415161718191A1B1C1D1E1F)
    assert result == 0x7A7B4E5638782546A8C0477A3B813F43


def test_initial_state() -> None:
    """The draft's `V[0,0]` and `V[5,1]` of AEGIS-256X2, which the degree in the state separates."""
    state = aegis.State(2, bytes(range(32)), bytes(range(16, 48)))
    assert state.blocks[0][0] == 0xECA2BF4538442E8712D4972595744039
    assert state.blocks[1][5] == 0xBD52A6B9C8F976A26EC1409DF19E8BFE


@pytest.mark.parametrize(("degree", "case"), cases())
def test_draft_vectors(degree: int, case: dict[str, Any]) -> None:
    key, nonce, associated_data = (bytes.fromhex(case[name]) for name in ("key", "nonce", "ad"))
    sealed = bytes.fromhex(case["ct"] + case["tag"])
    if case["valid"]:
        assert aegis.decrypt(degree, key, nonce, sealed, associated_data) == bytes.fromhex(case["msg"])
    else:
        with pytest.raises(aegis.AegisTagMismatch):
            aegis.decrypt(degree, key, nonce, sealed, associated_data)


@pytest.mark.parametrize("degree", [1, 2])
@pytest.mark.parametrize("length", [0, 32, 96])
def test_lanes_are_what_each_chunk_is_alone(degree: int, length: int) -> None:
    """More lanes than go through at once."""
    key, nonces = bytes(range(32)), [bytes([i % 251, i // 251]) * 16 for i in range(600)]
    chunks = [bytes((i * j) % 256 for j in range(length)) for i in range(600)]
    sealed = aegis_lanes.encrypt(degree, key, nonces, b"".join(chunks))
    step = length + aegis.TAG_LENGTH
    for i in (0, 1, 250, 511, 512, 599):
        assert aegis.decrypt(degree, key, nonces[i], sealed[i * step : (i + 1) * step], b"") == chunks[i]
    assert aegis_lanes.decrypt(degree, key, nonces, sealed) == b"".join(chunks)
    for at in (0, len(sealed) // 2, len(sealed) - 1):
        changed = bytearray(sealed)
        changed[at] ^= 1
        with pytest.raises(aegis.AegisTagMismatch):
            aegis_lanes.decrypt(degree, key, nonces, bytes(changed))
