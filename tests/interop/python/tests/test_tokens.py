"""T: field tokens."""

import pytest
import writer

from fortress_reader import Code, FortressError, Keyring, decode_text, decrypt, encode_text

RING = writer.keyring()
CONTEXT = {"row": "42"}

suites = pytest.mark.parametrize("suite", [2, 29, 33, 36])


def refusal(token: bytes, ring: Keyring = RING, context: dict[str, str] = CONTEXT) -> Code:
    with pytest.raises(FortressError) as refused:
        decrypt(ring, token, context)
    return refused.value.code


@suites
@pytest.mark.parametrize("length", [0, 1, 100, 16_383, 16_384, 40_000])
def test_round_trip(suite: int, length: int) -> None:
    value = bytes(i % 251 for i in range(length))
    token = writer.token(RING, value, CONTEXT, suite=suite)
    assert decrypt(RING, token, CONTEXT) == value
    if length < 16_384:
        assert len(token) == length + 79


def test_old_versions_decrypt() -> None:
    token = writer.token(RING, b"value", CONTEXT, key_id=writer.OLD)
    assert decrypt(RING, token, CONTEXT) == b"value"


@suites
def test_every_bit(suite: int) -> None:
    token = writer.token(RING, b"value", CONTEXT, suite=suite)
    codes = [refusal(changed) for changed in writer.flips(token)]
    # The version byte; the suite, of which one bit changed is never another suite; the key id; the message.
    assert codes[0] is Code.UNKNOWN_VERSION
    assert refusal(b"\x02" + token[1:]) is refusal(b"\x03" + token[1:]) is Code.WRONG_GROUP
    assert {*codes[1:3]} <= {Code.UNKNOWN_SUITE, Code.PRIVATE_SUITE}
    assert {*codes[3:7]} == {Code.UNKNOWN_KEY}
    assert {*codes[7:]} == {Code.AUTHENTICATION_FAILED}


def test_every_length() -> None:
    token = writer.token(RING, b"value", CONTEXT)
    for length in range(len(token)):
        expected = Code.TRUNCATED if length < 79 else Code.AUTHENTICATION_FAILED
        assert refusal(token[:length]) is expected
    assert refusal(token + b"x") is Code.AUTHENTICATION_FAILED


def test_wrong_scope_context_purpose_and_suite() -> None:
    token = writer.token(RING.scope("acme", "users"), b"value", CONTEXT)
    assert decrypt(RING.scope("acme", "users"), token, CONTEXT) == b"value"
    for ring in (RING, RING.scope("acme"), RING.scope("users"), RING.scope("acme", "users", "email")):
        assert refusal(token, ring) is Code.AUTHENTICATION_FAILED
    for context in ({}, {"row": "43"}, {"Row": "42"}, {"row": "42", "column": ""}):
        assert refusal(token, RING.scope("acme", "users"), context) is Code.AUTHENTICATION_FAILED
    assert refusal(writer.token(RING, b"value", CONTEXT, purpose="wrap")) is Code.AUTHENTICATION_FAILED
    token = writer.token(RING, b"value", CONTEXT)
    assert refusal(token[:1] + (29).to_bytes(2, "big") + token[3:]) is Code.AUTHENTICATION_FAILED


@pytest.mark.parametrize(
    ("suite", "code"),
    [
        (0, Code.UNKNOWN_SUITE),
        (1, Code.UNKNOWN_SUITE),
        (30, Code.UNKNOWN_SUITE),
        (32_767, Code.UNKNOWN_SUITE),
        (32_768, Code.PRIVATE_SUITE),
        (65_535, Code.PRIVATE_SUITE),
    ],
)
def test_unknown_suites_are_named(suite: int, code: Code) -> None:
    token = writer.token(RING, b"value")
    with pytest.raises(FortressError, match=str(suite)) as refused:
        decrypt(RING, token[:1] + suite.to_bytes(2, "big") + token[3:])
    assert refused.value.code is code


def test_keys() -> None:
    token = writer.token(RING, b"value", CONTEXT)
    assert refusal(token[:3] + b"none" + token[7:]) is Code.UNKNOWN_KEY
    assert refusal(token[:3] + writer.GONE + token[7:]) is Code.KEY_DESTROYED


def test_value_limit() -> None:
    largest = bytes(16 * 1024 * 1024)
    assert decrypt(RING, writer.token(RING, largest)) == largest
    assert refusal(writer.token(RING, largest + b"x")) is Code.VALUE_TOO_LARGE


def test_text() -> None:
    for length in range(6):
        token = bytes(range(250, 250 + length))
        text = encode_text(token)
        assert "=" not in text
        assert decode_text(text) == token
    assert encode_text(b"\xfb\xff") == "-_8"


@pytest.mark.parametrize(
    "text",
    ["AQ==", "AQ=", "A", "AAAAA", "AQ\n", " AQ", "A Q", "+/8", "AR", "AAB", "AQé", "\uff21\uff31", "AQ\0", "AQ\u0660"],
)
def test_text_refused(text: str) -> None:
    with pytest.raises(FortressError) as refused:
        decode_text(text)
    assert refused.value.code is Code.INVALID_TEXT
