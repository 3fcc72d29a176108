"""The AEGIS of this reader against the vectors of the draft."""

import json
from pathlib import Path
from typing import Any

import pytest

from fortress_reader import aegis

DRAFT = json.loads((Path(__file__).parent / "data" / "aegis_draft.json").read_text())


def test_aes_round() -> None:
    vector = DRAFT["aesround"]
    result = aegis.aes_round(int(vector["in"], 16), int(vector["rk"], 16))
    assert result == int(vector["out"], 16)


def test_initial_state() -> None:
    state = aegis.State(2, bytes(range(32)), bytes(range(16, 48)))
    assert state.blocks == [[int(block, 16) for block in blocks] for blocks in DRAFT["initial_state_256x2"]]


@pytest.mark.parametrize("case", DRAFT["cases"], ids=lambda case: f"{case['algorithm']} {case['name']}")
def test_draft_vectors(case: dict[str, Any]) -> None:
    key, nonce, associated_data = (bytes.fromhex(case[name]) for name in ("key", "nonce", "ad"))
    sealed = bytes.fromhex(case["ct"] + case["tag"])
    if case["msg"] is None:
        with pytest.raises(aegis.AegisTagMismatch):
            aegis.decrypt(case["degree"], key, nonce, sealed, associated_data)
    else:
        assert aegis.decrypt(case["degree"], key, nonce, sealed, associated_data) == bytes.fromhex(case["msg"])
