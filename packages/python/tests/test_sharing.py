"""Identities, share sets, external keys, and new recipients for what they open."""

from __future__ import annotations

import copy
import itertools
import pickle
import threading
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import fortress

DATA = b"for those who may"


@pytest.fixture(scope="module")
def ada() -> fortress.Identity:
    return fortress.Identity.generate()


@pytest.fixture(scope="module")
def bob() -> fortress.Identity:
    return fortress.Identity.generate()


class Vault(fortress.ExternalKey):
    """A key in a module that authenticates the header, as hardware does."""

    def __init__(self, reference: str = "test:vault") -> None:
        self.name, self.aes, self.asked = reference, AESGCM(AESGCM.generate_key(256)), 0
        self.trouble: BaseException | None = None

    @property
    def reference(self) -> str:
        return self.name

    def wrap(self, file_key: bytes, associated: bytes) -> bytes:
        return self._work(lambda: bytes(12) + self.aes.encrypt(bytes(12), file_key, associated))

    def unwrap(self, wrapped: bytes, associated: bytes) -> bytes:
        try:
            return self._work(lambda: self.aes.decrypt(wrapped[:12], wrapped[12:], associated))
        except InvalidTag:
            raise fortress.AuthenticationError("not what it wrapped", "authentication_failed") from None

    def _work(self, work: Any) -> Any:
        self.asked += 1
        if self.trouble is not None:
            raise self.trouble
        return work()


def test_an_identity_opens_what_is_for_it(ada: fortress.Identity, bob: fortress.Identity) -> None:
    assert ada.public.startswith("fortress1")
    assert len(ada.public) == 1961
    for recipient in (ada, ada.public):
        envelope = fortress.encrypt_bytes(DATA, recipients=[recipient])
        assert fortress.decrypt_bytes(envelope, identities=[bob, ada]) == DATA
        with pytest.raises(fortress.WrongRecipientError):
            fortress.decrypt_bytes(envelope, identities=[bob])
        (info,) = fortress.inspect(envelope).recipients or ()
        assert info == {"kind": "identity", "id": ada.id}


def test_a_secret_comes_back_from_its_text(ada: fortress.Identity) -> None:
    secret = ada.expose_secret()
    assert secret.startswith("FORTRESS-SECRET-KEY-1")
    assert secret not in repr(ada)
    again = fortress.Identity.from_secret(secret)
    assert (again.public, again.id) == (ada.public, ada.id)


@pytest.mark.parametrize("text", ["", "fortress1", "fortress1" + "q" * 1952, "FORTRESS-SECRET-KEY-1" + "Q" * 58])
def test_what_is_no_identity_says_so(ada: fortress.Identity, text: str) -> None:
    with pytest.raises(fortress.ArgumentError) as caught:
        fortress.Identity.from_secret(text)
    assert caught.value.code == "invalid_identity"
    with pytest.raises(fortress.ArgumentError) as caught:
        fortress.encrypt_bytes(DATA, recipients=[text])
    assert caught.value.code == "invalid_identity"
    with pytest.raises(fortress.ArgumentError, match="public one is expected"):
        fortress.encrypt_bytes(DATA, recipients=[ada.expose_secret()])
    with pytest.raises(fortress.ArgumentError, match="secret one is expected"):
        fortress.Identity.from_secret(ada.public)


def test_parties_in_the_wrong_place(ada: fortress.Identity) -> None:
    envelope = fortress.encrypt_bytes(DATA, recipients=[ada])
    shares = fortress.ShareSet.generate(2, 2)
    with pytest.raises(TypeError, match="brackets"):
        fortress.encrypt_bytes(DATA, recipients=ada.public)
    with pytest.raises(TypeError, match="brackets"):
        fortress.ShareSet.generate(2, 2, holders=ada.public)
    with pytest.raises(fortress.ArgumentError, match="opens nothing"):
        fortress.decrypt_bytes(envelope, identities=[ada.public])  # type: ignore[list-item]
    with pytest.raises(fortress.ArgumentError, match="by its shares"):
        fortress.decrypt_bytes(envelope, identities=[shares])  # type: ignore[list-item]
    with pytest.raises(fortress.ArgumentError, match="give the ShareSet"):
        fortress.encrypt_bytes(DATA, recipients=[fortress.Shares(shares.expose_shares())])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="got int"):
        fortress.encrypt_bytes(DATA, recipients=[7])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="must be str, got bytes"):
        fortress.Identity.from_secret(b"FORTRESS")  # type: ignore[arg-type]


def test_secrets_end_with_their_block(ada: fortress.Identity) -> None:
    shares = fortress.ShareSet.generate(2, 3)
    texts = shares.expose_shares()
    for secret in (fortress.Identity.generate(), shares, fortress.Shares(texts[:2])):
        shown = repr(secret)
        assert not any(text in shown for text in texts)
        for forbidden in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError, match="cannot be copied or pickled"):
                forbidden(secret)
        with secret:
            pass
        assert "closed" in repr(secret)
        with pytest.raises(fortress.StateError):
            fortress.encrypt_bytes(DATA, recipients=[secret])  # type: ignore[list-item]


@pytest.mark.parametrize(("threshold", "count"), [(2, 2), (2, 3), (3, 5), (255, 255)])
def test_enough_shares_recover(threshold: int, count: int) -> None:
    keyring = fortress.Keyring.generate()
    with fortress.ShareSet.generate(threshold, count) as shares:
        sealed = keyring.seal(recipients=[shares])
        texts, set_id = shares.expose_shares(), shares.id
    assert len({*texts}) == count
    brought = fortress.Shares(reversed(texts[-threshold:]))
    assert (len(brought), brought.threshold, brought.set_id) == (threshold, threshold, set_id)
    assert fortress.Keyring.open(sealed, identities=[brought]).primary == keyring.primary
    with pytest.raises(fortress.WrongRecipientError) as caught:
        fortress.Keyring.open(sealed, identities=[fortress.Shares(texts[: threshold - 1])])
    assert caught.value.code == "not_enough_shares"
    (info,) = fortress.inspect(sealed).recipients or ()
    assert info == {"kind": "shares", "set": set_id, "threshold": threshold, "count": count}


def test_holders_find_their_shares(ada: fortress.Identity, bob: fortress.Identity) -> None:
    shares = fortress.ShareSet.generate(2, 3, holders=[ada.public, bob.public])
    sealed = fortress.Keyring.generate().seal(recipients=[shares])
    held = [identity.held_shares(sealed) for identity in (ada, bob)]
    assert held == [[text] for text in shares.expose_shares()[:2]]
    with pytest.raises(fortress.WrongRecipientError):
        fortress.Identity.generate().held_shares(sealed)
    assert fortress.Keyring.open(sealed, identities=[fortress.Shares(itertools.chain(*held))])
    with pytest.raises(fortress.WrongRecipientError):
        # A holder alone is one share.
        fortress.Keyring.open(sealed, identities=[ada])


def test_a_wrong_share_is_passed_over_where_enough_right_ones_are() -> None:
    keyring, shares = fortress.Keyring.generate(), fortress.ShareSet.generate(2, 4)
    sealed, texts = keyring.seal(recipients=[shares]), shares.expose_shares()
    wrong = another_value(texts[0])
    for brought in ([wrong, texts[1], texts[2]], [texts[1], wrong, texts[2]], [texts[2], texts[1], wrong]):
        opened = fortress.Keyring.open(sealed, identities=[fortress.Shares(brought)])
        assert opened.primary == keyring.primary
    with pytest.raises(fortress.AuthenticationError, match=r"one of them is wrong, .* bring other shares") as caught:
        fortress.Keyring.open(sealed, identities=[fortress.Shares([wrong, texts[1]])])
    assert caught.value.code == "authentication_failed"


def another_value(share: str) -> str:
    """A share of the same set and number with another value, and a checksum that is right (spec Q-3, I-4, BIP 350)."""
    letters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
    prefix, _, rest = share.lower().rpartition("1")
    payload = [letters.index(letter) for letter in rest[:-6]]
    payload[40] ^= 1
    expanded = [ord(letter) >> 5 for letter in prefix] + [0] + [ord(letter) & 31 for letter in prefix]
    state = 1
    for value in expanded + payload + [0] * 6:
        top, state = state >> 25, (state & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            state ^= generator if top >> bit & 1 else 0
    state ^= 0x2BC830A3
    checksum = [state >> 5 * (5 - place) & 31 for place in range(6)]
    return f"{prefix}1{''.join(letters[value] for value in payload + checksum)}".upper()


def test_nobody_holds_two_shares_of_a_set(ada: fortress.Identity, bob: fortress.Identity) -> None:
    shares = fortress.ShareSet.generate(2, 3, holders=[ada.public, bob.public, ada.public])
    with pytest.raises(fortress.ArgumentError, match=f"{ada.id} would hold two shares") as caught:
        fortress.Keyring.generate().seal(recipients=[shares])
    assert caught.value.code == "invalid_share_set"


def test_shares_that_cannot_be() -> None:
    one, other = fortress.ShareSet.generate(2, 2), fortress.ShareSet.generate(2, 2)
    mixed = [one.expose_shares()[0], other.expose_shares()[1]]
    for work, code in [
        (lambda: fortress.ShareSet.generate(1, 2), "invalid_share_set"),
        (lambda: fortress.ShareSet.generate(3, 2), "invalid_share_set"),
        (lambda: fortress.ShareSet.generate(2, 256), "invalid_share_set"),
        (lambda: fortress.ShareSet.generate(300, 3), "invalid_share_set"),
        (lambda: fortress.ShareSet.generate(-1, 3), "invalid_share_set"),
        (lambda: fortress.Shares(mixed), "different_share_sets"),
        (lambda: fortress.Shares(["FORTRESS-SHARE-1"]), "invalid_share"),
        (lambda: fortress.Shares([]), "not_enough_shares"),
    ]:
        with pytest.raises(fortress.FortressError) as caught:
            work()
        assert caught.value.code == code
    with pytest.raises(fortress.ArgumentError):
        holders = [fortress.Identity.generate().public for _ in range(3)]
        fortress.encrypt_bytes(DATA, recipients=[fortress.ShareSet.generate(2, 2, holders=holders)])


def test_an_external_key_opens_what_it_wrapped(tmp_path: Path) -> None:
    vault, path = Vault(), tmp_path / "file"
    envelope = fortress.encrypt_bytes(DATA, recipients=[vault])
    assert fortress.decrypt_bytes(envelope, identities=[vault]) == DATA
    assert vault.asked == 2
    (info,) = fortress.inspect(envelope).recipients or ()
    assert info == {"kind": "external", "reference": "test:vault"}
    keyring = fortress.Keyring.generate()
    assert fortress.Keyring.open(keyring.seal(recipients=[vault]), identities=[vault]).primary == keyring.primary
    with fortress.open(path, "wb", recipients=[vault]) as writer:
        writer.write(DATA)
    with fortress.open(path, identities=[vault]) as reader:
        assert reader.read() == DATA
    with pytest.raises(fortress.WrongRecipientError):
        fortress.decrypt_bytes(envelope, identities=[Vault("test:another")])
    with pytest.raises(fortress.AuthenticationError):
        # Of the same name, and another key.
        fortress.decrypt_bytes(envelope, identities=[Vault()])


def test_an_external_key_is_not_asked_without_need(ada: fortress.Identity) -> None:
    vault = Vault()
    envelope = fortress.encrypt_bytes(DATA, recipients=[vault, ada])
    assert fortress.decrypt_bytes(envelope, identities=[vault, ada]) == DATA
    assert vault.asked == 1


@pytest.mark.parametrize(
    ("trouble", "code"), [(TimeoutError("no answer"), "key_unavailable"), (RuntimeError("wrong PIN"), "key_refused")]
)
def test_the_trouble_of_an_external_key(trouble: Exception, code: str) -> None:
    vault = Vault()
    envelope = fortress.encrypt_bytes(DATA, recipients=[vault])
    vault.trouble = trouble
    for work in (
        lambda: fortress.encrypt_bytes(DATA, recipients=[vault]),
        lambda: fortress.decrypt_bytes(envelope, identities=[vault]),
    ):
        with pytest.raises(fortress.KeyNotHeldError, match=str(trouble)) as caught:
            work()
        assert (caught.value.code, caught.value.__cause__) == (code, trouble)
    both = fortress.rewrap(
        fortress.encrypt_bytes(DATA, passphrase=CHEAP), passphrase=CHEAP, recipients=[Vault(), CHEAP]
    )
    # It is asked, fails, and another one opens the envelope.
    assert fortress.decrypt_bytes(both, passphrase=CHEAP, identities=[vault]) == DATA


def test_a_key_that_failed_leaves_its_reference_to_another_one() -> None:
    site, other_site = Vault(), Vault()
    envelope = fortress.encrypt_bytes(DATA, recipients=[other_site])
    site.trouble = TimeoutError("the site is down")
    assert fortress.decrypt_bytes(envelope, identities=[site, other_site]) == DATA
    assert (site.asked, other_site.asked) == (1, 2)


def test_a_header_cannot_ask_a_key_a_thousand_times() -> None:
    class Willing(Vault):
        def opens(self, reference: str) -> bool:
            return reference.startswith(self.name)

    strangers = [Vault(f"test:vault?way={n}") for n in range(9)]
    willing = Willing()
    with pytest.raises(fortress.AuthenticationError):
        fortress.decrypt_bytes(fortress.encrypt_bytes(DATA, recipients=strangers), identities=[willing])
    assert willing.asked == 4


def test_what_ends_the_program_passes_an_external_key() -> None:
    vault = Vault()
    vault.trouble = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        fortress.encrypt_bytes(DATA, recipients=[vault])


def test_an_external_key_may_use_the_keyring_that_it_seals() -> None:
    keyring = fortress.Keyring.generate()

    class Recursive(Vault):
        def wrap(self, file_key: bytes, associated: bytes) -> bytes:
            # Another thread wants the keyring for itself meanwhile: whoever held a lock here would wait for ever.
            rotating = threading.Thread(target=keyring.rotate)
            rotating.start()
            rotating.join()
            keyring.encrypt("while it is sealed")
            return super().wrap(file_key, associated)

    vault = Recursive()
    sealed = keyring.seal(keyring=keyring, recipients=[vault])
    assert fortress.Keyring.open(sealed, identities=[vault]).primary == keyring.primary


def test_a_key_need_not_be_of_the_class() -> None:
    class Plain:
        reference = "test:plain"

        def wrap(self, file_key: bytes, associated: bytes) -> bytearray:
            return bytearray(file_key[::-1] + associated)

        def unwrap(self, wrapped: bytes, associated: bytes) -> memoryview:
            assert wrapped[32:] == associated
            return memoryview(wrapped[31::-1])

    key: Any = Plain()
    assert fortress.decrypt_bytes(fortress.encrypt_bytes(DATA, recipients=[key]), identities=[key]) == DATA
    for bad in ("reference", "wrapped"):
        broken: Any = Plain()
        setattr(broken, *(("reference", "") if bad == "reference" else ("wrap", lambda *_: b"")))
        with pytest.raises(fortress.ArgumentError) as caught:
            fortress.encrypt_bytes(DATA, recipients=[broken])
        assert caught.value.code == "invalid_external_key"
    broken = Plain()
    broken.wrap = lambda *_: "text"
    with pytest.raises(TypeError, match="an external key wrapped must be bytes"):
        fortress.encrypt_bytes(DATA, recipients=[broken])


def test_people_come_and_go(tmp_path: Path, ada: fortress.Identity, bob: fortress.Identity) -> None:
    vault, path = Vault(), tmp_path / "file"
    path.write_bytes(fortress.encrypt_bytes(DATA, recipients=[ada], context={"of": "ada"}))

    def kinds() -> list[str]:
        return [info["kind"] for info in fortress.inspect_file(path).recipients or ()]

    context = {"of": "ada"}
    fortress.rewrap_file(path, identities=[ada], recipients=[bob.public, vault], keep="all", context=context)
    assert kinds() == ["identity", "identity", "external"]
    for identity in (ada, bob, vault):
        assert fortress.decrypt_bytes(path.read_bytes(), identities=[identity], context=context) == DATA
    fortress.rewrap_file(path, identities=[vault], keep=[0, 2], context=context)
    assert kinds() == ["identity", "external"]
    with pytest.raises(fortress.WrongRecipientError):
        fortress.decrypt_bytes(path.read_bytes(), identities=[bob], context=context)
    fortress.rewrap_file(path, identities=[ada], recipients=[bob], keep="others", context=context)
    assert kinds() == ["external", "identity"]
    with pytest.raises(fortress.WrongRecipientError):
        fortress.decrypt_bytes(path.read_bytes(), identities=[ada], context=context)
    no_such = [([place], "no_such_recipient") for place in (5, -1, 1 << 64)]
    for keep, code in [("none", "no_recipient"), *no_such, ("everybody", "invalid_argument")]:
        with pytest.raises(fortress.ArgumentError) as caught:
            fortress.rewrap(path.read_bytes(), identities=[bob], keep=keep, context=context)  # type: ignore[arg-type]
        assert caught.value.code == code
        with pytest.raises(fortress.ArgumentError) as caught:
            fortress.rewrap_file(path, identities=[bob], keep=keep, context=context)  # type: ignore[arg-type]
        assert caught.value.code == code
    with pytest.raises(TypeError, match="interpreted as an integer"):
        fortress.rewrap(path.read_bytes(), identities=[bob], keep=["0"], context=context)  # type: ignore[list-item]
    with pytest.raises(fortress.AuthenticationError):
        fortress.rewrap(path.read_bytes(), identities=[bob], recipients=[ada], context={"of": "eve"})


def test_a_sealed_keyring_changes_hands(ada: fortress.Identity, bob: fortress.Identity) -> None:
    keyring = fortress.Keyring.generate()
    sealed = keyring.seal(recipients=[ada.public])
    both = fortress.Keyring.rewrap(sealed, identities=[ada], recipients=[bob.public], keep="all")
    alone = fortress.Keyring.rewrap(both, identities=[bob], recipients=[bob], keep="none")
    assert fortress.Keyring.open(alone, identities=[bob]).primary == keyring.primary
    with pytest.raises(fortress.ArgumentError, match="counted from 0"):
        fortress.Keyring.rewrap(both, identities=[bob], keep=[-1])
    with pytest.raises(fortress.WrongRecipientError):
        fortress.Keyring.open(alone, identities=[ada])
    with pytest.raises(fortress.FormatError) as caught:
        fortress.Keyring.rewrap(fortress.encrypt_bytes(DATA, recipients=[ada]), identities=[ada], recipients=[bob])
    assert caught.value.code == "wrong_content"


#: Guessing it costs little, as a test needs.
CHEAP = fortress.Passphrase("cheap", passes=1, memory_kib=8192, lanes=1)
