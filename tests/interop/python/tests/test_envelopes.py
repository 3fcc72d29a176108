"""E and R: envelopes and their recipients."""

import random
from typing import Any

import faults
import pytest
import writer

from fortress_reader import Code, FortressError, Identity, Keyring, Passphrase, State, Version, open_envelope
from fortress_reader.recipients import Argon2Limits

RING = writer.keyring()
OTHER = Keyring((Version(b"none", 0, State.PRIMARY, bytes(32)),))
SECRET = Passphrase("correct horse")
CONTEXT = {"file": "report"}


def envelope(*recipients: list[Any], plaintext: bytes = b"payload", suite: int = 2, **entries: Any) -> bytes:
    head = writer.header(list(recipients) or [writer.keyring_recipient(RING)], suite=suite, **entries)
    return writer.envelope(head, plaintext, CONTEXT, suite=suite)


def with_header(head: Any) -> bytes:
    """An envelope whose MAC is good over a header that no writer writes."""
    return writer.envelope(head, b"payload", CONTEXT)


def refusal(data: bytes, *identities: Identity, context: dict[str, str] = CONTEXT, content: str | None = None) -> Code:
    with pytest.raises(FortressError) as refused:
        open_envelope(data, identities or [RING], context, content).decrypt(data)
    return refused.value.code


@pytest.mark.parametrize("suite", [2, 29, 33, 36])
@pytest.mark.parametrize("length", [0, 7, 16_384, 50_000])
def test_three_readings(suite: int, length: int) -> None:
    plaintext = bytes(i % 251 for i in range(length))
    data = envelope(plaintext=plaintext, suite=suite, metadata={"name": "report.pdf"})
    opened = open_envelope(data, [RING], CONTEXT)
    assert opened.header.metadata == {"name": "report.pdf"}
    assert opened.decrypt(data) == plaintext

    stream = opened.stream()
    pieces = [stream.update(data[at : at + 999]) for at in range(opened.message_offset, len(data), 999)]
    assert b"".join(pieces) + stream.finish() == plaintext

    # The header alone opens it; the rest is fetched by range.
    opened = open_envelope(data[: opened.message_offset], [RING], CONTEXT)
    reader = opened.random_access(len(data), lambda start, end: data[start:end])
    assert reader.plaintext_length == length
    assert reader.range(length // 3, length // 2) == plaintext[length // 3 : length // 2]


def test_any_one_recipient_opens_it() -> None:
    data = envelope(
        [7, b"of a later version"],
        writer.keyring_recipient(OTHER, key_id=b"none"),
        writer.passphrase_recipient("another"),
        writer.keyring_recipient(RING.scope("a")),
        writer.keyring_recipient(RING, key_id=writer.OLD, suite=29),
        writer.passphrase_recipient("correct horse"),
    )
    for identity in (RING, OTHER, RING.scope("a"), SECRET, Passphrase("another")):
        assert open_envelope(data, [identity], CONTEXT).decrypt(data) == b"payload"
    assert refusal(data, Passphrase("a third")) is Code.WRONG_PASSPHRASE
    assert refusal(data, RING.scope("b")) is Code.AUTHENTICATION_FAILED
    assert refusal(data, Keyring((Version(b"nope", 0, State.PRIMARY, bytes(32)),))) is Code.WRONG_RECIPIENT


def test_rewrapped() -> None:
    """E-6: another header, the same message."""
    before, after = envelope(), envelope(writer.passphrase_recipient("correct horse"), metadata={"a": "b"})
    cut = open_envelope(before, [RING], CONTEXT).message_offset
    rewrapped = after[: open_envelope(after, [SECRET], CONTEXT).message_offset] + before[cut:]
    assert open_envelope(rewrapped, [SECRET], CONTEXT).decrypt(rewrapped) == b"payload"
    assert refusal(rewrapped, RING) is Code.WRONG_RECIPIENT


def test_passphrases_are_normalized() -> None:
    data = envelope(writer.passphrase_recipient("caf\u00e9"))
    assert open_envelope(data, [Passphrase("cafe\u0301")], CONTEXT).decrypt(data) == b"payload"
    assert refusal(data, Passphrase("cafe")) is Code.WRONG_PASSPHRASE
    with pytest.raises(FortressError) as refused:
        Passphrase("")
    assert refused.value.code is Code.EMPTY_PASSPHRASE


def test_no_recipient_of_the_readers_kind() -> None:
    assert refusal(envelope(), SECRET) is Code.WRONG_RECIPIENT
    assert refusal(envelope(writer.passphrase_recipient("correct horse")), RING) is Code.WRONG_RECIPIENT
    with pytest.raises(FortressError, match=r"not known here: \[7, 9\]"):
        open_envelope(envelope([9, b""], [7, b"x"]), [RING])


def test_destroyed_key() -> None:
    kind, body = writer.keyring_recipient(RING)
    gone = [kind, body[:3] + writer.GONE + body[7:]]
    assert refusal(envelope(gone)) is Code.KEY_DESTROYED
    data = envelope(gone, writer.keyring_recipient(RING))
    assert open_envelope(data, [RING], CONTEXT).decrypt(data) == b"payload"


def test_what_is_reported_when_nothing_opens_it() -> None:
    """L-5."""
    kind, body = writer.keyring_recipient(RING)
    gone, foreign = [kind, body[:3] + writer.GONE + body[7:]], writer.keyring_recipient(RING.scope("a"))
    unknown_suite = [kind, body[:1] + (1).to_bytes(2, "big") + body[3:]]
    another = writer.passphrase_recipient("another")
    for recipients, code in (
        ([another, gone, foreign], Code.AUTHENTICATION_FAILED),
        ([another, gone, unknown_suite], Code.UNKNOWN_SUITE),
        ([another, gone], Code.KEY_DESTROYED),
        ([another, [9, b""]], Code.WRONG_PASSPHRASE),
        ([[9, b""]], Code.WRONG_RECIPIENT),
    ):
        assert refusal(envelope(*recipients), SECRET, RING) is code
        assert refusal(envelope(*recipients), RING, SECRET) is code


def test_a_file_key_that_is_not_the_headers() -> None:
    """R-1: it unwraps, the MAC fails, and the next recipient is not tried."""
    data = envelope(writer.keyring_recipient(RING, file_key=bytes(32)), writer.keyring_recipient(RING))
    assert refusal(data) is Code.AUTHENTICATION_FAILED


def test_every_bit() -> None:
    data = envelope(metadata={"a": "b"})
    for i, changed in enumerate(writer.flips(data)):
        code = refusal(changed)
        if i < 4:
            assert code is Code.NOT_FORTRESS
        elif i == 4:
            assert code is Code.UNKNOWN_VERSION
        elif i >= 9 + int.from_bytes(data[5:9], "big"):
            assert code is Code.AUTHENTICATION_FAILED


def test_every_length() -> None:
    data = envelope()
    offset = open_envelope(data, [RING], CONTEXT).message_offset
    for length in range(len(data)):
        expected = Code.TRUNCATED if length < offset + 72 else Code.AUTHENTICATION_FAILED
        assert refusal(data[:length]) is expected
    assert refusal(data + b"x") is Code.AUTHENTICATION_FAILED


def test_context_and_content() -> None:
    assert refusal(envelope(), context={}) is Code.AUTHENTICATION_FAILED
    assert refusal(envelope(), content="keyring") is Code.WRONG_CONTENT
    for content in ("keyring", "", "something else"):
        assert refusal(envelope(content=content)) is Code.WRONG_CONTENT


def test_start() -> None:
    assert refusal(b"") is Code.TRUNCATED
    assert refusal(b"FTR") is Code.TRUNCATED
    assert refusal(b"FTX") is Code.NOT_FORTRESS
    assert refusal(b"age-encryption.org/v1") is Code.NOT_FORTRESS
    assert refusal(b"FTRS\x02") is Code.UNKNOWN_VERSION
    assert refusal(b"FTRS\x01" + (1024 * 1024 + 1).to_bytes(4, "big")) is Code.HEADER_TOO_LARGE
    assert refusal(b"FTRS\x01" + (1024 * 1024).to_bytes(4, "big")) is Code.TRUNCATED


@pytest.mark.parametrize(("suite", "code"), [(3, Code.UNKNOWN_SUITE), (40_000, Code.PRIVATE_SUITE)])
def test_unknown_suites(suite: int, code: Code) -> None:
    assert refusal(with_header({1: suite, 2: [writer.keyring_recipient(RING)]})) is code


def test_number_of_recipients() -> None:
    mine = writer.keyring_recipient(RING)
    assert refusal(with_header({1: 2, 2: []})) is Code.NON_CANONICAL
    assert refusal(envelope(*[[99, b""]] * 1_024, mine)) is Code.TOO_MANY_RECIPIENTS
    passphrases = [writer.passphrase_recipient("correct horse")] * 9
    assert refusal(envelope(mine, *passphrases)) is Code.TOO_MANY_RECIPIENTS
    for recipients in ([[99, b""]] * 1_023, passphrases[:8]):
        data = envelope(*recipients, mine)
        assert open_envelope(data, [RING], CONTEXT).decrypt(data) == b"payload"


HEADERS = faults.headers(writer.keyring_recipient(RING))


@pytest.mark.parametrize("head", HEADERS.values(), ids=HEADERS)
def test_headers_refused(head: Any) -> None:
    assert refusal(with_header(head)) is Code.NON_CANONICAL


@pytest.mark.parametrize(
    ("parameters", "allowed"),
    [
        ((0, 8, 1), False),
        ((1, 8, 0), False),
        ((1, 7, 1), False),
        ((1, 15, 2), False),
        ((1, 262_145, 1), False),
        ((5, 262_144, 1), False),
        ((131_073, 8, 1), False),
        ((1, 8 * 17, 17), False),
        ((2**32 - 1, 2**32 - 1, 2**32 - 1), False),
        ((4, 262_144, 1), True),
        ((1, 8 * 16, 16), True),
    ],
)
def test_argon2_limits(parameters: tuple[int, int, int], allowed: bool) -> None:
    if allowed:
        Argon2Limits().check(*parameters)
    else:
        hostile = writer.passphrase_recipient("correct horse", parameters=parameters)
        assert refusal(envelope(hostile), SECRET) is Code.ARGON2_LIMITS


def test_default_argon2_parameters() -> None:
    """The second recommended parameters of RFC 9106, within the limits by far."""
    Argon2Limits().check(3, 65_536, 4)


def test_argon2_is_rfc_9106s() -> None:
    """Version 0x13: the tag that RFC 9106's reference implementation prints for these inputs."""
    key = Passphrase("password").input_key(b"somesalt", 2, 65_536, 1)
    assert key.hex() == "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7"


def test_arbitrary_bytes() -> None:
    """No input makes the reader fail otherwise than by a code."""
    source = random.Random(3)
    good = envelope(writer.passphrase_recipient("correct horse"), writer.keyring_recipient(RING), metadata={"a": "b"})
    end = 9 + int.from_bytes(good[5:9], "big")
    for _ in range(3_000):
        data = bytearray(good)
        for _ in range(source.randrange(1, 4)):
            data[source.randrange(9, end)] = source.randrange(256)
        if bytes(data) != good:
            with pytest.raises(FortressError):
                open_envelope(bytes(data[: source.choice([len(data), source.randrange(len(data))])]), [RING], CONTEXT)
