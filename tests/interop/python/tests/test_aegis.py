"""The AEGIS of this reader against the vectors of the draft, which `tests/vectors/aegis` holds as they were published."""

import json
from typing import Any

import pytest
import vectors

from fortress_reader import aegis

DEGREES = {"aegis-256": 1, "aegis-256x2": 2}


def published(name: str) -> list[dict[str, Any]]:
    return list(json.loads((vectors.FOLDER / "aegis" / f"{name}.json").read_text()))


def with_tags() -> list[Any]:
    return [
        pytest.param(degree, case, id=f"{name} {case['name']}")
        for name, degree in DEGREES.items()
        for case in published(name)
        if "tag128" in case
    ]


def test_every_published_case_is_read() -> None:
    assert len(with_tags()) == 9 + 2


def test_aes_round() -> None:
    """The draft's vector of `AESRound`."""
    result = aegis.aes_round(0x000102030405060708090A0B0C0D0E0F, 0x101112131415161718191A1B1C1D1E1F)
    assert result == 0x7A7B4E5638782546A8C0477A3B813F43


def test_initial_state() -> None:
    [case] = [case for case in published("aegis-256x2") if "V[0,0]" in case]
    state = aegis.State(2, bytes(range(32)), bytes(range(16, 48)))
    assert state.blocks == [[int(case[f"V[{row},{i}]"], 16) for row in range(6)] for i in range(2)]


@pytest.mark.parametrize(("degree", "case"), with_tags())
def test_draft_vectors(degree: int, case: dict[str, Any]) -> None:
    key, nonce, associated_data = (bytes.fromhex(case[name]) for name in ("key", "nonce", "ad"))
    sealed = bytes.fromhex(case["ct"] + case["tag128"])
    if "error" in case:
        with pytest.raises(aegis.AegisTagMismatch):
            aegis.decrypt(degree, key, nonce, sealed, associated_data)
    else:
        assert aegis.decrypt(degree, key, nonce, sealed, associated_data) == bytes.fromhex(case["msg"])
