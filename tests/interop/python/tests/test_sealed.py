"""S: sealed keyrings."""

from dataclasses import replace
from typing import Any

import faults
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


PAYLOADS = faults.payloads(RING)


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_payloads_refused(payload: Any) -> None:
    assert refusal(sealed(payload)) is Code.NON_CANONICAL


def test_largest_payload() -> None:
    assert refusal(sealed(bytes(1024 * 1024 + 1))) is Code.NON_CANONICAL
