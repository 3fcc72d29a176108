"""Grants: who gives which keys to whom, for what and how long, and everything that somebody could want beyond that."""

from __future__ import annotations

import copy
import pickle
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from conftest import pattern
from test_sharing import Vault

import fortress

DAY = timedelta(days=1)
NOW = datetime.now(timezone.utc)
SCOPE = ("acme", "users")


@pytest.fixture(scope="module")
def ada() -> fortress.Identity:
    return fortress.Identity.generate()


@pytest.fixture(scope="module", params=["ed25519", "hybrid"])
def grace(request: pytest.FixtureRequest) -> fortress.SigningKey:
    return fortress.SigningKey.generate(request.param)


@pytest.fixture(scope="module")
def users() -> fortress.Keyring:
    return fortress.Keyring.generate().scope(*SCOPE)


def granted(
    users: fortress.Keyring, ada: fortress.Identity, grace: fortress.SigningKey, actions: Any, **more: Any
) -> fortress.Grant:
    sealed = sealed_for(users, ada, grace, actions, **more)
    return fortress.Grant.open(sealed, trusted=[grace.verifying_key], identities=[ada])


def sealed_for(
    users: fortress.Keyring, ada: fortress.Identity, grace: fortress.SigningKey, actions: Any, **more: Any
) -> bytes:
    given = {"recipients": [ada.public], "valid_until": DAY, **more}
    return users.grant(signed_by=grace, actions=actions, **given)


def test_a_grant_says_what_it_is(users: fortress.Keyring, ada: fortress.Identity, grace: fortress.SigningKey) -> None:
    start, end = datetime(2026, 9, 1, tzinfo=timezone(timedelta(hours=2))), datetime(2099, 1, 1, tzinfo=timezone.utc)
    sealed = users.grant(
        signed_by=grace,
        actions="decrypt",
        recipients=[ada.public],
        valid_from=start,
        valid_until=end,
        purpose="answering tickets",
        granter_name="Grace",
        recipient_name="Ada",
    )
    with fortress.Grant.open(sealed, trusted=[grace.verifying_key], identities=[ada]) as grant:
        terms = grant.terms
        assert repr(grant) == "<fortress.Grant decrypt acme/users until 2099-01-01 00:00:00Z>"
    assert terms == fortress.Grant.read(sealed, identities=[ada])
    assert terms == fortress.GrantTerms(
        id=terms.id,
        granter=grace.verifying_key,
        granter_id=grace.id,
        algorithm=grace.algorithm,  # type: ignore[arg-type]
        granter_name="Grace",
        recipient_name="Ada",
        path=SCOPE,
        actions="decrypt",
        valid_from=start,
        valid_until=end,
        purpose="answering tickets",
    )
    assert (len(terms.id), terms.valid_from.utcoffset()) == (32, timedelta(0))
    # Without a key: that it is a grant, and for whom.
    inspection = fortress.inspect(sealed)
    assert (inspection.content, inspection.recipients) == ("grant", ({"kind": "identity", "id": ada.id},))


def test_what_may_be_done_with_it(users: fortress.Keyring, ada: fortress.Identity, grace: fortress.SigningKey) -> None:
    token, context = users.encrypt("value", {"row": "1"}), {"row": "1"}
    envelope = fortress.encrypt_bytes(pattern(20_000), keyring=users, context=context)

    both = granted(users, ada, grace, "both")
    assert both.keyring().decrypt_text(token, context) == "value"
    assert users.decrypt_text(both.keyring().encrypt("new", context), context) == "new"
    for recipient in (both, both.keyring(), both.scope_identity()):
        sealed = fortress.encrypt_bytes(b"for the scope", recipients=[recipient])
        assert fortress.decrypt_bytes(sealed, keyring=users) == b"for the scope"
        assert fortress.decrypt_bytes(sealed, identities=[both]) == b"for the scope"

    decrypting = granted(users, ada, grace, "decrypt")
    keyring = decrypting.keyring()
    assert keyring.decrypt_text(token, context) == "value"
    assert keyring.decrypt_column_text(users.encrypt_column(["a", None]), contexts=None) == ["a", None]
    assert fortress.decrypt_bytes(envelope, identities=[decrypting], context=context) == pattern(20_000)
    assert fortress.decrypt_bytes(envelope, keyring=keyring, context=context) == pattern(20_000)
    for refused in (
        lambda: keyring.encrypt("value"),
        lambda: keyring.encrypt_row({"a": "b"}),
        lambda: keyring.encrypt_column(["value"]),
        lambda: keyring.reencrypt(token, context),
        lambda: keyring.reencrypt_row(users.encrypt_row({"a": "b"})),
        lambda: keyring.reencrypt_column(users.encrypt_column(["value"])),
        lambda: keyring.seal(recipients=[ada.public]),
        lambda: keyring.scope("email").encrypt("value"),
        lambda: keyring.scope_identity(),
        lambda: decrypting.scope_identity(),
        lambda: keyring.grant(signed_by=grace, actions="decrypt", valid_until=DAY, recipients=[ada.public]),
        lambda: fortress.encrypt_bytes(b"", recipients=[decrypting]),
        lambda: fortress.encrypt_bytes(b"", keyring=keyring),
        lambda: fortress.rewrap(envelope, identities=[decrypting], recipients=[ada.public], keep="all"),
    ):
        with pytest.raises(fortress.OutsideGrantError) as caught:
            refused()
        assert caught.value.code == "action_not_granted"
    with pytest.raises(fortress.ArgumentError, match="of a grant"):
        keyring.expose_secret(keyring.primary)

    encrypting = granted(users, ada, grace, "encrypt")
    for recipient in (encrypting, encrypting.scope_identity()):
        sealed = fortress.encrypt_bytes(b"an answer", recipients=[recipient], context=context)
        assert fortress.decrypt_bytes(sealed, keyring=users, context=context) == b"an answer"
        with pytest.raises(fortress.WrongRecipientError):
            fortress.decrypt_bytes(sealed, identities=[ada], context=context)
        with pytest.raises(fortress.OutsideGrantError, match="the grant allows to encrypt, and not to decrypt"):
            fortress.decrypt_bytes(sealed, identities=[encrypting], context=context)
    for refused in (encrypting.keyring, lambda: encrypting.scope(*SCOPE)):
        with pytest.raises(fortress.OutsideGrantError) as caught:
            refused()
        assert caught.value.code == "action_not_granted"


def test_the_identity_of_a_scope(users: fortress.Keyring, ada: fortress.Identity) -> None:
    text = users.scope_identity()
    assert text.startswith("fortress-scope-1")
    assert len(text) == 1_974
    envelope = fortress.encrypt_bytes(b"an answer", recipients=[text])
    assert fortress.inspect(envelope).recipients == ({"kind": "scope", "key_id": users.primary},)
    assert fortress.decrypt_bytes(envelope, keyring=users) == b"an answer"
    for other in (users.scope("email"), fortress.Keyring.generate(), ada):
        with pytest.raises((fortress.WrongRecipientError, fortress.AuthenticationError)):
            fortress.decrypt_bytes(envelope, identities=[other])
    with pytest.raises(fortress.ArgumentError, match="identity of a scope opens nothing"):
        fortress.decrypt_bytes(envelope, identities=[text])  # type: ignore[list-item]
    with pytest.raises(fortress.ArgumentError) as caught:
        fortress.encrypt_bytes(b"", recipients=[text[:-1] + ("q" if text[-1] != "q" else "p")])
    assert caught.value.code == "invalid_identity"


def test_a_grant_is_for_its_scope_and_below(
    users: fortress.Keyring, ada: fortress.Identity, grace: fortress.SigningKey
) -> None:
    grant = granted(users, ada, grace, "both")
    token = users.scope("email").encrypt("ada@example.org")
    assert grant.scope("acme", "users", "email").decrypt_text(token) == "ada@example.org"
    assert grant.scope(*SCOPE).path == grant.keyring().path == SCOPE
    for outside in [(), ("acme",), ("acme", "orders"), ("users",), ("users", "acme", "email")]:
        with pytest.raises(fortress.OutsideGrantError) as caught:
            grant.scope(*outside)
        assert caught.value.code == "outside_scope"
    with pytest.raises(fortress.FortressError):
        grant.keyring().decrypt(users.encrypt("of the scope itself"), {"row": "another"})
    with pytest.raises(TypeError, match="a scope segment must be str"):
        grant.scope("acme", 7)  # type: ignore[arg-type]


def test_a_grant_begins_and_ends(users: fortress.Keyring, ada: fortress.Identity, grace: fortress.SigningKey) -> None:
    tomorrow = NOW + DAY
    to_come = sealed_for(users, ada, grace, "both", valid_from=tomorrow)
    over = sealed_for(users, ada, grace, "both", valid_from=NOW - 2 * DAY)
    trust: dict[str, Any] = {"trusted": [grace.verifying_key], "identities": [ada]}
    for sealed, code in [(to_come, "grant_not_yet_valid"), (over, "grant_expired")]:
        with pytest.raises(fortress.GrantTimeError) as caught:
            fortress.Grant.open(sealed, **trust)
        assert caught.value.code == code
        assert fortress.Grant.read(sealed, identities=[ada]).path == SCOPE
    # Opened in its time, and used beyond it.
    at = NOW - DAY - timedelta(hours=1)
    grant = fortress.Grant.open(over, at=at, **trust)
    assert grant.keyring(at=at).path == SCOPE
    grant.check(at)
    for use in (
        grant.check,
        grant.keyring,
        grant.scope_identity,
        lambda: grant.scope(*SCOPE),
        lambda: fortress.encrypt_bytes(b"", recipients=[grant]),
        lambda: fortress.decrypt_bytes(fortress.encrypt_bytes(b"", keyring=users), identities=[grant]),
    ):
        with pytest.raises(fortress.GrantTimeError) as caught:
            use()
        assert caught.value.code == "grant_expired"
    # To the second.
    terms = grant.terms
    grant.check(terms.valid_from)
    grant.check(terms.valid_until - timedelta(microseconds=1))
    for outside in (terms.valid_from - timedelta(microseconds=1), terms.valid_until):
        with pytest.raises(fortress.GrantTimeError):
            grant.check(outside)


def test_a_grant_out_of_its_time_hides_no_other_identity(
    users: fortress.Keyring, ada: fortress.Identity, grace: fortress.SigningKey
) -> None:
    file = fortress.encrypt_bytes(b"file", keyring=users, recipients=[ada.public])
    sealed = users.seal(recipients=[ada.public])
    for start, code in [(NOW - 2 * DAY, "grant_expired"), (NOW + DAY, "grant_not_yet_valid")]:
        given = sealed_for(users, ada, grace, "both", valid_from=start)
        late = fortress.Grant.open(given, at=start, trusted=[grace.verifying_key], identities=[ada])
        for identities in ([late, ada], [ada, late]):
            assert fortress.decrypt_bytes(file, identities=identities) == b"file"
            assert fortress.Keyring.open(sealed, identities=identities).path == SCOPE
        assert fortress.decrypt_bytes(file, keyring=users, identities=[late]) == b"file"
        for others in ([], [fortress.Identity.generate()], [fortress.Passphrase("wrong")]):
            with pytest.raises(fortress.GrantTimeError) as caught:
                fortress.decrypt_bytes(file, identities=[*others, late])
            assert caught.value.code == code
        # For fewer than asked nothing is encrypted.
        with pytest.raises(fortress.GrantTimeError):
            fortress.encrypt_bytes(b"", recipients=[late, ada.public])


def test_times_that_cannot_be(users: fortress.Keyring, ada: fortress.Identity, grace: fortress.SigningKey) -> None:
    naive, early = datetime(2099, 1, 1), datetime(1969, 12, 31, tzinfo=timezone.utc)
    for times, code in [
        ({"valid_until": naive}, "invalid_argument"),
        ({"valid_from": naive}, "invalid_argument"),
        ({"valid_until": early}, "invalid_argument"),
        ({"valid_from": early}, "invalid_argument"),
        ({"valid_until": timedelta(0)}, "invalid_grant"),
        ({"valid_until": -DAY}, "invalid_grant"),
        ({"valid_until": timedelta.min}, "invalid_grant"),
        ({"valid_until": timedelta.max}, "invalid_grant"),
        ({"valid_from": NOW, "valid_until": NOW - DAY}, "invalid_grant"),
    ]:
        with pytest.raises(fortress.ArgumentError) as caught:
            sealed_for(users, ada, grace, "both", **times)
        assert caught.value.code == code, times
    last = datetime.max.replace(tzinfo=timezone.utc)
    terms = granted(users, ada, grace, "both", valid_until=last).terms
    assert terms.valid_until == last.replace(microsecond=0)
    for times in ({"valid_until": 1_900_000_000}, {"valid_until": "2099-01-01"}, {"valid_from": 7}):
        with pytest.raises(TypeError, match="must be a datetime"):
            sealed_for(users, ada, grace, "both", **times)
    sealed = sealed_for(users, ada, grace, "both")
    with pytest.raises(fortress.ArgumentError, match="at has no time zone"):
        fortress.Grant.open(sealed, trusted=[grace.verifying_key], identities=[ada], at=naive)


def test_who_is_trusted_is_the_callers_to_say(
    users: fortress.Keyring, ada: fortress.Identity, grace: fortress.SigningKey
) -> None:
    sealed = sealed_for(users, ada, grace, "both")
    stranger = fortress.SigningKey.generate(grace.algorithm)  # type: ignore[arg-type]
    for trusted in ([], [stranger.verifying_key]):
        with pytest.raises(fortress.UntrustedGranterError, match=grace.id) as caught:
            fortress.Grant.open(sealed, trusted=trusted, identities=[ada])
        assert caught.value.code == "untrusted_granter"
    both = [stranger.verifying_key, grace.verifying_key]
    assert fortress.Grant.open(sealed, trusted=both, identities=[ada]).terms.granter == grace.verifying_key
    with pytest.raises(fortress.WrongRecipientError):
        fortress.Grant.open(sealed, trusted=both, identities=[fortress.Identity.generate()])
    with pytest.raises(TypeError, match="brackets"):
        fortress.Grant.open(sealed, trusted=grace.verifying_key, identities=[ada])
    with pytest.raises(TypeError, match="a verifying key that is trusted must be str, got SigningKey"):
        fortress.Grant.open(sealed, trusted=[grace], identities=[ada])  # type: ignore[list-item]
    with pytest.raises(fortress.ArgumentError, match="where a verifying one is expected") as refusal:
        fortress.Grant.open(sealed, trusted=[grace.expose_secret()], identities=[ada])
    assert refusal.value.code == "invalid_signing_key"


def test_a_grant_cannot_be_passed_on_or_changed(
    users: fortress.Keyring, ada: fortress.Identity, grace: fortress.SigningKey
) -> None:
    sealed, eve = sealed_for(users, ada, grace, "both"), fortress.Identity.generate()
    trusted = [grace.verifying_key]
    with pytest.raises(fortress.FormatError) as caught:
        fortress.rewrap(sealed, identities=[ada], recipients=[eve.public])
    assert caught.value.code == "wrong_content"
    with pytest.raises(fortress.FormatError):
        fortress.Grant.open(users.seal(recipients=[ada.public]), trusted=trusted, identities=[ada])
    with pytest.raises(fortress.FormatError):
        fortress.Keyring.open(sealed, identities=[ada])
    for at in range(0, len(sealed), 29):
        changed = bytearray(sealed)
        changed[at] ^= 4
        with pytest.raises(fortress.FortressError):
            fortress.Grant.open(changed, trusted=trusted, identities=[ada])
        with pytest.raises(fortress.FortressError):
            fortress.Grant.open(sealed[:at], trusted=trusted, identities=[ada])


def test_what_cannot_be_is_not_granted(
    users: fortress.Keyring, ada: fortress.Identity, grace: fortress.SigningKey
) -> None:
    for more, code in [
        ({"purpose": "a" * 1_025}, "invalid_grant"),
        ({"granter_name": "\u00e9" * 128}, "invalid_grant"),
        ({"recipient_name": "\u00e9" * 128}, "invalid_grant"),
        ({"purpose": "\ud800"}, "invalid_argument"),
        ({"actions": "all"}, "invalid_argument"),
        ({"recipients": []}, "no_recipient"),
    ]:
        given: dict[str, Any] = {"actions": "both", "valid_until": DAY, "recipients": [ada.public], **more}
        with pytest.raises(fortress.ArgumentError) as caught:
            users.grant(signed_by=grace, **given)
        assert caught.value.code == code, more
    with pytest.raises(fortress.ArgumentError, match="narrow the keyring first"):
        sealed_for(fortress.Keyring.generate(), ada, grace, "both")
    with pytest.raises(TypeError, match="purpose must be str, got int"):
        sealed_for(users, ada, grace, "both", purpose=7)
    with pytest.raises(TypeError):
        sealed_for(users, ada, ada, "both")  # type: ignore[arg-type]


def test_for_whoever_an_envelope_can_be_for(
    users: fortress.Keyring, ada: fortress.Identity, grace: fortress.SigningKey, cheap: fortress.Passphrase
) -> None:
    vault, role, shares = Vault(), fortress.Keyring.generate(), fortress.ShareSet.generate(2, 2)
    recipients = [vault, role, shares, cheap]
    sealed = users.grant(signed_by=grace, actions="both", valid_until=DAY, recipients=recipients)
    for opener in (vault, role, fortress.Shares(shares.expose_shares()), cheap):
        grant = fortress.Grant.open(sealed, trusted=[grace.verifying_key], identities=[opener])
        assert grant.keyring().primary == users.primary
        assert fortress.Grant.read(sealed, identities=[opener]).path == SCOPE
    # One that may only encrypt makes no grants, and a grant of both is a recipient of another one.
    handed = fortress.Grant.open(sealed, trusted=[grace.verifying_key], passphrase=cheap)
    again = (
        fortress.Keyring.generate()
        .scope("b")
        .grant(signed_by=grace, actions="both", valid_until=DAY, recipients=[handed])
    )
    assert fortress.Grant.read(again, keyring=users).path == ("b",)


def test_a_signing_key_comes_back_from_its_text(grace: fortress.SigningKey) -> None:
    secret = grace.expose_secret()
    assert secret.startswith("FORTRESS-SIGNING-KEY-1")
    assert secret not in repr(grace)
    again = fortress.SigningKey.from_secret(secret)
    same = ("verifying_key", "id", "algorithm")
    assert [getattr(again, name) for name in same] == [getattr(grace, name) for name in same]
    assert len(grace.verifying_key) == {"ed25519": 83, "hybrid": 3_206}[grace.algorithm]
    with pytest.raises(fortress.ArgumentError, match="signing one is expected"):
        fortress.SigningKey.from_secret(grace.verifying_key)
    with pytest.raises(fortress.ArgumentError) as caught:
        fortress.SigningKey.from_secret(secret[:-1])
    assert (caught.value.code, secret[30:50] in str(caught.value)) == ("invalid_signing_key", False)
    with pytest.raises(fortress.ArgumentError, match="there are ed25519, hybrid"):
        fortress.SigningKey.generate("rsa")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a signing key must be str, got bytes"):
        fortress.SigningKey.from_secret(secret.encode())  # type: ignore[arg-type]


def test_secrets_end_with_their_block(users: fortress.Keyring, ada: fortress.Identity) -> None:
    grace = fortress.SigningKey.generate()
    sealed, trusted = sealed_for(users, ada, grace, "both"), [grace.verifying_key]
    grant = fortress.Grant.open(sealed, trusted=trusted, identities=[ada])
    keyring = grant.keyring()
    for secret in (grant, grace):
        for forbidden in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError, match="cannot be copied or pickled"):
                forbidden(secret)
        with secret:
            pass
        assert "closed" in repr(secret)
    for use in (
        grant.keyring,
        grant.scope_identity,
        lambda: grant.terms,
        lambda: fortress.encrypt_bytes(b"", recipients=[grant]),
        lambda: sealed_for(users, ada, grace, "both"),
        lambda: grace.verifying_key,
    ):
        with pytest.raises(fortress.StateError):
            use()
    # What it gave out before goes on.
    assert users.decrypt(keyring.encrypt(b"value")) == b"value"
