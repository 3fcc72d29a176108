"""S: sealed keyrings."""

from dataclasses import replace
from typing import Any

import pytest
import writer

from fortress_reader import Code, FortressError, Keyring, Passphrase, cbor, open_keyring

RING = writer.keyring()
SECRET = Passphrase("correct horse")


def sealed(payload: Any, **entries: Any) -> bytes:
    encoded = payload if isinstance(payload, bytes) else cbor.encode(payload)
    head = writer.header([writer.passphrase_recipient("correct horse")], **{"content": "keyring", **entries})
    return writer.envelope(head, encoded)


def refusal(data: bytes) -> Code:
    with pytest.raises(FortressError) as refused:
        open_keyring(data, [SECRET])
    return refused.value.code


@pytest.mark.parametrize("ring", [RING, RING.scope("acme"), RING.scope("acme", "ü"), replace(RING, profile="archive")])
def test_round_trip(ring: Keyring) -> None:
    assert open_keyring(sealed(writer.keyring_payload(ring)), [SECRET]) == ring


def test_a_narrowed_keyring_works_below_its_scope() -> None:
    narrowed = open_keyring(sealed(writer.keyring_payload(RING.scope("acme"))), [SECRET])
    assert narrowed.scope("users") == RING.scope("acme", "users")


def test_sealed_to_a_keyring() -> None:
    head = writer.header([writer.keyring_recipient(RING)], content="keyring")
    data = writer.envelope(head, cbor.encode(writer.keyring_payload(RING.scope("acme"))))
    assert open_keyring(data, [RING]) == RING.scope("acme")


def test_data_is_not_a_keyring() -> None:
    head = writer.header([writer.passphrase_recipient("correct horse")])
    data = writer.envelope(head, cbor.encode(writer.keyring_payload(RING)))
    assert refusal(data) is Code.WRONG_CONTENT


def changed(**changes: Any) -> dict[Any, Any]:
    names = {"profile": 1, "path": 2, "versions": 3}
    return {**writer.keyring_payload(RING), **{names[name]: value for name, value in changes.items()}}


GONE, OLD, NEW = writer.keyring_payload(RING)[3]


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"", id="empty"),
        pytest.param(cbor.encode(writer.keyring_payload(RING)) + b"\0", id="a byte after the map"),
        pytest.param({1: "balanced", 2: []}, id="no versions key"),
        pytest.param({**writer.keyring_payload(RING), 4: 0}, id="another key"),
        pytest.param(changed(profile="fast"), id="unknown profile"),
        pytest.param(changed(profile=1), id="profile as a number"),
        pytest.param(changed(profile=["balanced"]), id="profile as an array"),
        pytest.param(changed(path="a"), id="path as text"),
        pytest.param(changed(path=[1]), id="segment as a number"),
        pytest.param(changed(path=[""]), id="empty segment"),
        pytest.param(changed(path=["a" * 256]), id="long segment"),
        pytest.param(changed(path=["a"] * 17), id="17 segments"),
        pytest.param(changed(versions=[]), id="no versions"),
        pytest.param(changed(versions=[NEW, *([OLD] * 4_096)]), id="4,097 versions"),
        pytest.param(changed(versions=[OLD, GONE]), id="no primary"),
        pytest.param(changed(versions=[[*OLD[:2], 1, *OLD[3:]], NEW]), id="two primaries"),
        pytest.param(changed(versions=[OLD, NEW, OLD]), id="repeated id"),
        pytest.param(changed(versions=[[GONE[0], 0, 3, bytes(32)], NEW]), id="secret in a destroyed version"),
        pytest.param(changed(versions=[[*OLD[:3], None], NEW]), id="no secret in a version"),
        pytest.param(changed(versions=[[*OLD[:3], bytes(31)], NEW]), id="secret of 31 bytes"),
        pytest.param(changed(versions=[[b"abc", *OLD[1:]], NEW]), id="id of 3 bytes"),
        pytest.param(changed(versions=[[*OLD[:2], 0, OLD[3]], NEW]), id="state 0"),
        pytest.param(changed(versions=[[*OLD[:2], 4, OLD[3]], NEW]), id="state 4"),
        pytest.param(changed(versions=[[OLD[0], "now", *OLD[2:]], NEW]), id="time as text"),
        pytest.param(changed(versions=[[OLD[0], 2**53, *OLD[2:]], NEW]), id="time of 54 bits"),
        pytest.param(changed(versions=[OLD[:3], NEW]), id="version of three"),
        pytest.param(changed(versions=[[*OLD, 0], NEW]), id="version of five"),
        pytest.param(changed(versions={1: NEW}), id="versions a map"),
    ],
)
def test_payloads_refused(payload: Any) -> None:
    assert refusal(sealed(payload)) is Code.NON_CANONICAL


def test_largest_payload() -> None:
    assert refusal(sealed(bytes(1024 * 1024 + 1))) is Code.NON_CANONICAL
