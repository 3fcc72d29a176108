"""Keyrings: versions, scopes, sealing, and how they end."""

from __future__ import annotations

import copy
import pickle
import threading
from datetime import datetime, timedelta, timezone

import pytest
from conftest import PASSPHRASE

import fortress


def test_a_sealed_keyring_opens(keyring: fortress.Keyring, cheap: fortress.Passphrase) -> None:
    sealed = keyring.seal(passphrase=cheap, metadata={"owner": "acme"})
    assert fortress.inspect(sealed).metadata == {"owner": "acme"}
    assert fortress.inspect(sealed).content == "keyring"
    opened = fortress.Keyring.open(sealed, passphrase=PASSPHRASE)
    assert isinstance(opened, fortress.Keyring)
    assert opened.versions == keyring.versions
    token = keyring.encrypt("ada")
    assert opened.decrypt_text(token) == "ada"


def test_a_keyring_seals_a_keyring(keyring: fortress.Keyring) -> None:
    other = fortress.Keyring.generate(profile="archive")
    opened = fortress.Keyring.open(other.seal(keyring=keyring), keyring=keyring)
    assert (opened.profile, opened.primary) == ("archive", other.primary)
    # Its own recipient, which is one lock taken once.
    assert fortress.Keyring.open(other.seal(keyring=other), keyring=other).primary == other.primary


def test_a_passphrase_is_normalised(keyring: fortress.Keyring) -> None:
    sealed = keyring.seal(passphrase=fortress.Passphrase("caf\u00e9", passes=1, memory_kib=8192, lanes=1))
    assert fortress.Keyring.open(sealed, passphrase="cafe\u0301").primary == keyring.primary


def test_rotation(keyring: fortress.Keyring) -> None:
    first = keyring.primary
    token = keyring.encrypt("ada")
    assert keyring.is_current(token)
    second = keyring.rotate()
    assert keyring.primary == second != first
    assert [version.state for version in keyring.versions] == ["decrypt-only", "primary"]
    assert not keyring.is_current(token)
    fresh = keyring.reencrypt(token)
    assert keyring.is_current(fresh)
    assert keyring.decrypt_text(token) == keyring.decrypt_text(fresh) == "ada"
    keyring.destroy_version(first)
    with pytest.raises(fortress.DestroyedKeyError, match=first):
        keyring.decrypt(token)


def test_rotation_is_due_after_the_profiles_interval() -> None:
    keyring = fortress.Keyring.generate(profile="lightning")
    assert not keyring.rotation_due()
    assert keyring.rotation_due(datetime.now(timezone.utc) + timedelta(hours=24))
    assert abs(keyring.versions[0].created - datetime.now(timezone.utc)) < timedelta(minutes=1)


def test_scopes_are_apart(keyring: fortress.Keyring) -> None:
    email, ssn = keyring.scope("acme", "users", "email"), keyring.scope("acme", "users").scope("ssn")
    assert email.path == ("acme", "users", "email")
    token = email.encrypt("ada@example.org")
    assert keyring.scope("acme").scope("users", "email").decrypt_text(token) == "ada@example.org"
    with pytest.raises(fortress.AuthenticationError):
        ssn.decrypt(token)
    with pytest.raises(fortress.ArgumentError) as refusal:
        email.rotate()
    assert refusal.value.code == "not_root"


def test_arguments_that_cannot_be_used(keyring: fortress.Keyring) -> None:
    refusals = [
        ("invalid_argument", lambda: fortress.Keyring.generate(profile="fast")),  # type: ignore[arg-type]
        ("invalid_segment", lambda: keyring.scope()),
        ("invalid_segment", lambda: keyring.scope("a" * 256)),
        ("empty_passphrase", lambda: keyring.seal(passphrase="")),
        ("no_recipient", lambda: keyring.seal()),
        ("no_recipient", lambda: fortress.Keyring.open(b"")),
        ("argon2_limits", lambda: keyring.seal(passphrase=fortress.Passphrase("x", memory_kib=1024))),
        ("primary_in_use", lambda: keyring.destroy_version(keyring.primary)),
        ("unknown_key", lambda: keyring.destroy_version("00000000")),
        ("invalid_argument", lambda: keyring.destroy_version("xyz")),
        ("unknown_key", lambda: keyring.expose_secret("00000000")),
        ("invalid_argument", lambda: keyring.scope("\ud800")),
        ("invalid_argument", lambda: fortress.Passphrase("\udfff")),
        ("not_fortress", lambda: fortress.Keyring.open(b"PK\3\4", passphrase="x")),
    ]
    for code, attempt in refusals:
        with pytest.raises(fortress.FortressError) as refusal:
            attempt()
        assert refusal.value.code == code
        assert "\n" not in str(refusal.value)
    with pytest.raises(TypeError, match="scope segment must be str, got int"):
        keyring.scope(42)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a sealed keyring must be bytes, got str"):
        fortress.Keyring.open("sealed", passphrase="x")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"Keyring.generate\(\)"):
        fortress.Keyring()
    with pytest.raises(TypeError, match=r"expected a Keyring, a Passphrase, an Identity .*, got bytes"):
        keyring.seal(recipients=[b"correct horse"])  # type: ignore[list-item]
    with pytest.raises(fortress.ArgumentError, match="not a public identity"):
        keyring.seal(recipients=["correct horse"])


def test_secrets_end_with_their_block() -> None:
    with fortress.Keyring.generate() as keyring:
        token = keyring.encrypt("ada")
        narrowed = keyring.scope("acme")
    assert repr(keyring) == "<fortress.Keyring, closed>"
    for attempt in (lambda: keyring.decrypt(token), lambda: keyring.primary, lambda: keyring.scope("a")):
        with pytest.raises(fortress.StateError, match="this keyring is closed") as refusal:
            attempt()
        assert refusal.value.code == "closed"
    # A narrowed keyring is another holder.
    assert narrowed.decrypt_text(narrowed.encrypt("ada")) == "ada"
    with fortress.Passphrase("x") as passphrase:
        pass
    with pytest.raises(fortress.StateError, match="this passphrase is closed"):
        narrowed.seal(passphrase=passphrase)


def test_secrets_are_not_shown_copied_or_pickled(keyring: fortress.Keyring) -> None:
    secret = keyring.expose_secret(keyring.primary)
    assert len(secret) == 32
    shown = repr(keyring) + str(keyring) + repr(fortress.Passphrase("hunter2")) + repr(keyring.scope("a", "b"))
    assert secret.hex() not in shown
    assert "hunter2" not in shown
    assert "scope a/b" in shown
    for holder in (keyring, fortress.Passphrase("hunter2"), fortress.Identity.generate()):
        name = type(holder).__name__
        for attempt in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError, match=f"^{name} holds secrets and cannot be copied or pickled"):
                attempt(holder)
        assert not hasattr(holder, "__dict__")


def test_threads_share_a_keyring(keyring: fortress.Keyring) -> None:
    values = [f"value {n}" for n in range(3_000)]
    tokens = [keyring.encrypt(value) for value in values[:200]]
    failures: list[BaseException] = []

    def work(turn: int) -> None:
        try:
            for _ in range(5):
                if turn == 0:
                    keyring.rotate()
                assert keyring.decrypt_column_text(keyring.encrypt_column(values)) == values
                assert [keyring.decrypt_text(token) for token in tokens] == values[:200]
                other = fortress.Keyring.generate()
                fortress.Keyring.open(keyring.seal(recipients=[other, keyring]), identities=[other, keyring])
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(turn,)) for turn in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(keyring.versions) == 6
