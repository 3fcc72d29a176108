"""K and C: scopes and contexts."""

import pytest
import writer

from fortress_reader import Code, FortressError, canonical
from fortress_reader.payload import expand


def test_expand_is_rfc_5869() -> None:
    """RFC 5869, 2.3, spelled out with HMAC alone, over the two blocks that 96 bytes take."""
    import hmac

    key, info = bytes(range(32)), b"info"
    first = hmac.digest(key, info + b"\x01", "sha512")
    second = hmac.digest(key, first + info + b"\x02", "sha512")
    assert expand(key, info, 96) == (first + second)[:96]


def test_a_path_is_walked_one_segment_a_step() -> None:
    ring = writer.keyring()
    assert ring.scope("acme", "users") == ring.scope("acme").scope("users")
    assert ring.scope() == ring
    narrowed = ring.scope("acme")
    assert narrowed.path == ("acme",)
    assert [v.id for v in narrowed.versions] == [v.id for v in ring.versions]
    assert [v.secret is None for v in narrowed.versions] == [True, False, False]


def test_scopes_purposes_and_versions_are_apart() -> None:
    ring = writer.keyring()
    rings = [
        ring,
        ring.scope("a"),
        ring.scope("b"),
        ring.scope("a", "b"),
        ring.scope("ab"),
        ring.scope("é"),
        ring.scope("e\u0301"),
    ]
    keys = {r.purpose_key(i, p) for r in rings for i in (writer.NEW, writer.OLD) for p in ("field", "wrap", "index")}
    assert len(keys) == len(rings) * 2 * 3


@pytest.mark.parametrize(
    "segments",
    [[""], ["a", ""], ["a" * 256], ["é" * 128], ["a"] * 17, ["\ud800"]],
    ids=["empty", "empty below", "256 bytes", "256 bytes of 128 characters", "17 segments", "lone surrogate"],
)
def test_paths_refused(segments: list[str]) -> None:
    with pytest.raises(FortressError) as refusal:
        writer.keyring().scope(*segments)
    assert refusal.value.code is Code.INVALID_SEGMENT


def test_longest_paths() -> None:
    ring = writer.keyring().scope(*["a" * 255] * 16)
    with pytest.raises(FortressError) as refusal:
        ring.scope("b")
    assert refusal.value.code is Code.INVALID_SEGMENT


def test_key_ids() -> None:
    ring = writer.keyring()
    for key_id, code in ((writer.GONE, Code.KEY_DESTROYED), (b"none", Code.UNKNOWN_KEY)):
        with pytest.raises(FortressError) as refusal:
            ring.purpose_key(key_id, "field")
        assert refusal.value.code is code


def test_secrets_are_not_shown() -> None:
    ring = writer.keyring()
    shown = repr(ring) + str(ring.versions[1])
    assert bytes(range(32)).hex() not in shown
    assert "\\x01" not in shown


def test_canonical_context() -> None:
    assert canonical({}).hex() == "a0"
    assert canonical({"row": "42"}).hex() == "a163726f77623432"
    assert canonical({"b": "1", "aa": "2", "a": "3"}) == canonical({"aa": "2", "a": "3", "b": "1"})
    assert canonical({"b": "1", "aa": "2", "a": "3"}).hex() == "a3616161336162613162616161" + "32"
    # Not normalized: two spellings of one character are two contexts.
    assert canonical({"é": ""}) != canonical({"e\u0301": ""})


def test_context_limits() -> None:
    canonical({str(i): "" for i in range(256)})
    canonical({"a": "x" * (16_384 - 6)})
    for context in ({str(i): "" for i in range(257)}, {"a": "x" * (16_384 - 5)}, {"a": "\udfff"}, {"\ud800": ""}):
        with pytest.raises(FortressError) as refusal:
            canonical(context)
        assert refusal.value.code is Code.INVALID_CONTEXT
