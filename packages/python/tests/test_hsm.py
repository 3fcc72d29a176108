"""Keys in hardware and in services: tokens of software, a real OpenBao, and a stand-in for AWS KMS."""

from __future__ import annotations

import copy
import json
import os
import pickle
import socket
import subprocess
import sys
import threading
import traceback
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import fortress

PIN = "correct-1234"
KEK = "pkcs11:token=vault;object=kek"
DATA = b"for the one who holds the key"
#: Where distributions put the module, a path a line.
MODULES = Path(__file__).parents[3] / "bindings/hsm/tests/common/softhsm-modules.txt"
TOKEN = "token-of-the-tests"
ENVIRONMENT = ["FORTRESS_PIN", "FORTRESS_PKCS11_MODULE", "VAULT_ADDR", "VAULT_TOKEN", "BAO_ADDR", "BAO_TOKEN"]
ENVIRONMENT += ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN"]
ENVIRONMENT += ["GOOGLE_OAUTH_ACCESS_TOKEN", "CLOUDSDK_AUTH_ACCESS_TOKEN", "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE"]
ENVIRONMENT += ["GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS"]
ENVIRONMENT += ["AZURE_ACCESS_TOKEN", "AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"]


@pytest.fixture(scope="session")
def module(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The module, with the tokens ``vault`` and ``other`` that each have a key. It reads where they are once."""
    found = next((path for path in MODULES.read_text().splitlines() if Path(path).exists()), None)
    assert found is not None, "SoftHSM is missing: run `cargo xtask setup hsm`"
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    conf = folder / "softhsm2.conf"
    conf.write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(conf)
    for token in ("vault", "other"):
        words = ["--init-token", "--free", "--label", token, "--pin", PIN, "--so-pin", "officer-5678"]
        subprocess.run(["softhsm2-util", *words], check=True, capture_output=True)
        make = ["--keygen", "--key-type", "AES:32", "--label", "kek", "--id", "01", "--sensitive", "--usage-decrypt"]
        login = ["--module", found, "--token-label", token, "--login", "--pin", PIN]
        subprocess.run(["pkcs11-tool", *login, *make], check=True, capture_output=True)
    return found


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without what the machine has set."""
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def kek(module: str) -> Iterator[fortress.hsm.Key]:
    with fortress.hsm.open(KEK, pin=PIN, module=module) as key:
        yield key


def test_a_key_in_a_token(kek: fortress.hsm.Key, module: str, tmp_path: Path) -> None:
    assert isinstance(kek, fortress.ExternalKey)
    assert kek.reference == "pkcs11:token=vault;object=kek;id=%01"
    assert repr(kek) == f"<fortress.hsm.Key {kek.reference}>"
    envelope = fortress.encrypt_bytes(DATA, recipients=[kek], context={"row": "1"})
    assert fortress.decrypt_bytes(envelope, identities=[kek], context={"row": "1"}) == DATA
    assert fortress.inspect(envelope).recipients == ({"kind": "external", "reference": kek.reference},)
    for said in (PIN, module, "pin"):
        assert said.encode() not in envelope
    path = tmp_path / "file"
    with fortress.open(path, "wb", recipients=[kek]) as writer:
        writer.write(DATA)
    with fortress.open(path, identities=[kek]) as reader:
        assert reader.read() == DATA
    # By any URI that names it.
    with fortress.hsm.open(f"pkcs11:object=kek;token=vault?module-path={module}&pin-value={PIN}") as again:
        assert fortress.decrypt_bytes(envelope, identities=[again], context={"row": "1"}) == DATA
        assert again.opens(kek.reference)
        assert not again.opens("pkcs11:token=other;object=kek")
        assert not again.opens(f"{kek.reference}?module-path={module}"), "a header does not say how a token is reached"


def test_wherever_a_recipient_or_an_identity_stands(kek: fortress.hsm.Key, module: str) -> None:
    keyring, ada = fortress.Keyring.generate(), fortress.Identity.generate()
    assert fortress.Keyring.open(keyring.seal(recipients=[kek]), identities=[kek]).primary == keyring.primary
    grace = fortress.SigningKey.generate()
    sealed = keyring.scope("acme").grant(
        signed_by=grace, actions="both", valid_until=timedelta(days=1), recipients=[kek]
    )
    grant = fortress.Grant.open(sealed, trusted=[grace.verifying_key], identities=[kek])
    assert grant.keyring().path == ("acme",)
    with fortress.hsm.open("pkcs11:token=other;object=kek", pin=PIN, module=module) as other:
        envelope = fortress.encrypt_bytes(DATA, recipients=[ada, kek])
        envelope = fortress.rewrap(envelope, identities=[kek], recipients=[other], keep="others")
        assert [info["kind"] for info in fortress.inspect(envelope).recipients or ()] == ["identity", "external"]
        assert fortress.decrypt_bytes(envelope, identities=[kek, other]) == DATA
        with pytest.raises(fortress.WrongRecipientError):
            fortress.decrypt_bytes(envelope, identities=[kek])


def test_only_what_it_wrapped(kek: fortress.hsm.Key) -> None:
    file_key, associated = os.urandom(32), os.urandom(32)
    wrapped = kek.wrap(file_key, associated)
    assert kek.unwrap(wrapped, associated) == file_key
    changed = bytes([wrapped[0], wrapped[1] ^ 1]) + wrapped[2:]
    for wrong in [(wrapped, bytes(32)), (changed, associated), (wrapped[:-1], associated), (b"", associated)]:
        with pytest.raises(fortress.AuthenticationError):
            kek.unwrap(*wrong)
    for short in [(file_key[:31], associated), (file_key, associated[:31])]:
        with pytest.raises(fortress.ArgumentError, match="32 bytes, got 31"):
            kek.wrap(*short)
    with pytest.raises(TypeError, match="a file key must be bytes, got str"):
        kek.wrap("a" * 32, associated)  # type: ignore[arg-type]


def test_where_a_pin_comes_from(module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "pin"
    file.write_text(PIN + "\n")
    monkeypatch.setenv("FORTRESS_PKCS11_MODULE", module)
    # All sessions of a process are logged in together, so each is a process of its own.
    alone(f"fortress.hsm.open({KEK!r}, pin_file={str(file)!r})")
    alone(f"fortress.hsm.open({KEK!r}, pin=lambda request: {PIN!r} if request == ('vault', 'unknown') else 'no')")
    alone(f"fortress.hsm.open({KEK + '?pin-source=' + str(file)!r}, pin='goes after the URI')")
    alone(f"fortress.hsm.open({KEK!r})", FORTRESS_PIN=PIN)
    alone(f"fortress.hsm.open({KEK!r}, pin={PIN!r})", FORTRESS_PIN="goes after what is given")
    # A wrong one, and what is told of the tries that are left.
    alone(
        f"""
try:
    fortress.hsm.open({KEK!r}, pin="wrong-1234")
    raise SystemExit("it was taken")
except fortress.WrongPinError as error:
    assert error.code == "wrong_pin" and "few tries" in str(error), error
    assert "wrong-1234" not in str(error)
fortress.hsm.open({KEK!r}, pin=lambda request: {PIN!r} if request.tries == "few" else 1 / 0)
"""
    )
    alone(
        f"""
for options, code, said in [
    ({{}}, "no_pin", "pin=, pin_file= or FORTRESS_PIN"),
    ({{"pin_file": {str(tmp_path / "nowhere")!r}}}, "unreadable_pin", "nowhere"),
]:
    try:
        fortress.hsm.open({KEK!r}, **options)
        raise SystemExit("it was opened")
    except fortress.KeyNotHeldError as error:
        assert (error.code, said in str(error)) == (code, True), error
for ask, kind in [(lambda _: 1 / 0, ZeroDivisionError), (lambda _: None, TypeError), (lambda: "", TypeError)]:
    try:
        fortress.hsm.open({KEK!r}, pin=ask)
        raise SystemExit("it was opened")
    except kind:
        pass
"""
    )


def test_what_asking_for_a_pin_raises_later_comes_back(module: str) -> None:
    # Another session has logged in, so that the key's own PIN is not asked for until the token has lost them both.
    alone(
        f"""
import ctypes

def ask(request):
    raise trouble

first = fortress.hsm.open({KEK!r}, pin={PIN!r}, module={module!r})
key = fortress.hsm.open({KEK!r}, pin=ask, module={module!r})
keys = key.data_keys()
envelope = fortress.encrypt_bytes(b"hello", recipients=[key])
wrapped = key.wrap(bytes(32), bytes(32))
kept = fortress.encrypt_bytes(b"hello", recipients=[first.data_keys()])
assert fortress.decrypt_bytes(envelope, identities=[key]) == b"hello"
assert ctypes.CDLL({module!r}).C_Finalize(None) == 0
uses = [
    lambda: key.wrap(bytes(32), bytes(32)),
    lambda: key.unwrap(wrapped, bytes(32)),
    lambda: fortress.encrypt_bytes(b"", recipients=[key]),
    lambda: fortress.decrypt_bytes(envelope, identities=[key]),
    lambda: fortress.encrypt_bytes(b"", recipients=[keys]),
    lambda: fortress.decrypt_bytes(kept, identities=[key]),
]
for use in uses:
    trouble = LookupError("the safe is empty")
    try:
        use()
        raise SystemExit("it was done without a PIN")
    except fortress.KeyNotHeldError as error:
        assert (error.code, error.__cause__) == ("key_refused", trouble), error
    # Whoever interrupts the asking ends the program, and not one call of it.
    trouble = KeyboardInterrupt()
    try:
        use()
        raise SystemExit("it was done without a PIN")
    except KeyboardInterrupt as error:
        assert error is trouble
# What was raised once is told once.
ask = None
key.close()
key = fortress.hsm.open({KEK!r}, pin={PIN!r}, module={module!r})
assert fortress.decrypt_bytes(kept, identities=[key]) == b"hello"
try:
    key.unwrap(wrapped, b"1" * 32)
    raise SystemExit("it was unwrapped")
except fortress.AuthenticationError as error:
    assert error.__cause__ is None, error.__cause__
"""
    )


def test_what_is_not_a_key(module: str, kek: fortress.hsm.Key) -> None:
    # The session of `kek` keeps the token logged in.
    for uri, options, kind, code in [
        ("hsm:token=vault", {}, fortress.ArgumentError, "invalid_external_key"),
        ("", {}, fortress.ArgumentError, "invalid_external_key"),
        ("pkcs11:token=a;token=a", {}, fortress.ArgumentError, "invalid_external_key"),
        ("vault:kek", {}, fortress.ArgumentError, "invalid_external_key"),
        ("awskms:a b", {}, fortress.ArgumentError, "invalid_external_key"),
        ("gcpkms:projects/p", {}, fortress.ArgumentError, "invalid_external_key"),
        ("azurekv:https://example.org/keys/a", {}, fortress.ArgumentError, "invalid_external_key"),
        ("vault:transit/kek", {}, fortress.ArgumentError, "no_credentials"),
        ("awskms:alias/kek", {}, fortress.ArgumentError, "no_credentials"),
        ("pkcs11:token=nowhere", {}, fortress.KeyNotHeldError, "token_not_found"),
        ("pkcs11:token=vault;object=nothing", {}, fortress.KeyNotHeldError, "external_key_not_found"),
        ("pkcs11:object=kek", {}, fortress.ArgumentError, "token_ambiguous"),
        (KEK, {"module": "/nowhere.so"}, fortress.KeyNotHeldError, "module_unusable"),
        (KEK, {"module": None}, fortress.ArgumentError, "no_module"),
        (KEK, {"pin": PIN, "pin_file": "x"}, fortress.ArgumentError, "invalid_argument"),
        (KEK, {"timeout": 0}, fortress.ArgumentError, "invalid_argument"),
        (KEK, {"timeout": -1.5}, fortress.ArgumentError, "invalid_argument"),
        (KEK, {"timeout": float("nan")}, fortress.ArgumentError, "invalid_argument"),
        (KEK, {"timeout": float("inf")}, fortress.ArgumentError, "invalid_argument"),
        (KEK, {"tries": 0}, fortress.ArgumentError, "out_of_range"),
        (KEK, {"tries": -1}, fortress.ArgumentError, "out_of_range"),
        (KEK, {"tries": 1 << 70}, fortress.ArgumentError, "out_of_range"),
    ]:
        given: dict[str, Any] = {"module": module, **options}
        with pytest.raises(kind) as caught:
            fortress.hsm.open(uri, **given)
        assert caught.value.code == code, (uri, options)  # type: ignore[attr-defined]
    for wrong in [{"pin": 1234}, {"pin": b"1234"}, {"tries": "3"}, {"timeout": "5"}, {"module": 7}]:
        with pytest.raises(TypeError):
            fortress.hsm.open(KEK, **{"module": module, **wrong})  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="the URI of a key must be str, got bytes"):
        fortress.hsm.open(KEK.encode())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "uri",
    [
        "pkcs11:token=nowhere?pin-value=sesame",
        "pkcs11:token=a;token=a?pin-value=sesame",
        "pkcs11:token=a?pin-value=a&sesame",
        "hsm:token=a?pin-value=sesame",
        "vault:kek?pin-value=sesame",
        "awskms:?pin-value=sesame",
        "gcpkms:projects/p?pin-value=sesame",
        "azurekv:https://example.org/keys/a?pin-value=sesame",
    ],
)
def test_a_pin_is_told_to_nobody(module: str, uri: str) -> None:
    with pytest.raises(fortress.FortressError) as caught:
        fortress.hsm.open(uri, module=module, pin="sesame")
    assert "sesame" not in f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"
    # Some tracebacks show what the frames of a call hold. There is none between the caller's and the error.
    frames = [frame.f_code.co_filename for frame, _ in traceback.walk_tb(caught.tb)]
    assert frames == [__file__], frames


def test_a_key_ends_with_its_block(module: str) -> None:
    key = fortress.hsm.open(KEK, pin=PIN, module=module)
    envelope = fortress.encrypt_bytes(DATA, recipients=[key])
    for forbidden in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="cannot be copied or pickled"):
            forbidden(key)
    with key:
        pass
    assert repr(key) == "<fortress.hsm.Key, closed>"
    for use in (
        lambda: fortress.decrypt_bytes(envelope, identities=[key]),
        lambda: key.wrap(bytes(32), bytes(32)),
        lambda: key.reference,
    ):
        with pytest.raises(fortress.StateError):
            use()


def test_threads_share_a_key(kek: fortress.hsm.Key) -> None:
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(20):
                assert fortress.decrypt_bytes(fortress.encrypt_bytes(DATA, recipients=[kek]), identities=[kek]) == DATA
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a process is forked")
def test_a_forked_process_opens_its_own(module: str) -> None:
    alone(
        f"""
import os
key = fortress.hsm.open({KEK!r}, pin={PIN!r}, module={module!r})
envelope = fortress.encrypt_bytes(b"", recipients=[key])
child = os.fork()
if child == 0:
    try:
        fortress.decrypt_bytes(envelope, identities=[key])
    except fortress.StateError as error:
        os._exit(0 if "another process" in str(error) else 2)
    os._exit(1)
assert os.waitpid(child, 0)[1] == 0
fortress.decrypt_bytes(envelope, identities=[key])
"""
    )


def test_the_transit_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_bao() as address:
        posted(f"{address}/v1/sys/mounts/transit", {"type": "transit"}, {"X-Vault-Token": TOKEN})
        for name in ("kek", "other"):
            posted(f"{address}/v1/transit/keys/{name}", {"type": "aes256-gcm96"}, {"X-Vault-Token": TOKEN})
        monkeypatch.setenv("VAULT_ADDR", address)
        monkeypatch.setenv("VAULT_TOKEN", TOKEN)
        services("vault:transit/kek", "vault:transit/other")
        with fortress.hsm.open("vault:transit/nothing-there") as key, pytest.raises(fortress.KeyNotHeldError) as caught:
            key.unwrap(b"\x01vault:v1:AAAA", bytes(32))
        assert caught.value.code == "key_refused"
        monkeypatch.setenv("VAULT_TOKEN", "s.wrong-one")
        with fortress.hsm.open("vault:transit/kek") as key, pytest.raises(fortress.KeyNotHeldError) as caught:
            fortress.encrypt_bytes(DATA, recipients=[key])
        assert (caught.value.code, "permission denied" in str(caught.value)) == ("key_refused", True)
        assert "s.wrong-one" not in str(caught.value)


def test_aws_kms(monkeypatch: pytest.MonkeyPatch) -> None:
    with moto() as address:

        def kms(operation: str, body: dict[str, Any]) -> Any:
            scope = "Credential=a/20260101/us-east-1/kms/aws4_request, SignedHeaders=host, Signature=x"
            return posted(
                address,
                body,
                {
                    "X-Amz-Target": f"TrentService.{operation}",
                    "Content-Type": "application/x-amz-json-1.1",
                    "Authorization": f"AWS4-HMAC-SHA256 {scope}",
                },
            )

        first, second = (kms("CreateKey", {})["KeyMetadata"]["Arn"] for _ in range(2))
        monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", address)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret-key")
        services(f"awskms:{first}", f"awskms:{second}")


def services(uri: str, another: str) -> None:
    """A key in a service opens what is for it, and nothing else."""
    with fortress.hsm.open(uri) as key, fortress.hsm.open(another) as other:
        assert key.reference == uri
        envelope = fortress.encrypt_bytes(DATA, recipients=[key], context={"row": "1"})
        assert fortress.decrypt_bytes(envelope, identities=[other, key], context={"row": "1"}) == DATA
        assert fortress.inspect(envelope).recipients == ({"kind": "external", "reference": uri},)
        with pytest.raises(fortress.WrongRecipientError):
            fortress.decrypt_bytes(envelope, identities=[other], context={"row": "1"})
        wrapped = key.wrap(bytes(32), bytes(32))
        with pytest.raises(fortress.AuthenticationError):
            key.unwrap(wrapped, b"\x01" * 32)
        keyring = fortress.Keyring.generate()
        assert fortress.Keyring.open(keyring.seal(recipients=[key]), identities=[key]).primary == keyring.primary
        with key.data_keys() as keys:
            envelope = fortress.encrypt_bytes(DATA, recipients=[keys])
        assert fortress.decrypt_bytes(envelope, identities=[other, key]) == DATA
        with pytest.raises(fortress.WrongRecipientError):
            fortress.decrypt_bytes(envelope, identities=[other])


def test_a_service_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_ADDR", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("VAULT_TOKEN", "sesame")
    with fortress.hsm.open("vault:transit/kek", timeout=0.2, tries=1) as key:
        with pytest.raises(fortress.KeyNotHeldError, match=r"cannot be reached.*1 tries") as caught:
            fortress.encrypt_bytes(DATA, recipients=[key])
        assert caught.value.code == "key_unavailable"
        assert "sesame" not in f"{caught.value!r} {key!r}"
    google = "gcpkms:projects/p/locations/l/keyRings/r/cryptoKeys/k"
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", "sesame")
    monkeypatch.setenv("CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS", f"http://127.0.0.1:{free_port()}")
    with fortress.hsm.open(google, timeout=0.2, tries=1) as key, pytest.raises(fortress.KeyNotHeldError) as caught:
        fortress.encrypt_bytes(DATA, recipients=[key])
    assert (caught.value.code, "sesame" in str(caught.value)) == ("key_unavailable", False)
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "sesame")
    with pytest.raises(fortress.ArgumentError, match="AZURE_TENANT_ID") as refusal:
        fortress.hsm.open("azurekv:https://team.vault.azure.net/keys/k")
    assert (refusal.value.code, "sesame" in str(refusal.value)) == ("no_credentials", False)
    monkeypatch.setenv("VAULT_ADDR", "http://vault.example.org")
    with pytest.raises(fortress.ArgumentError, match="https://") as refusal:
        fortress.hsm.open("vault:transit/kek")
    assert refusal.value.code == "invalid_address"


def alone(program: str, **environment: str) -> None:
    """Runs a program in a process of its own."""
    finished = subprocess.run(
        [sys.executable, "-c", f"import fortress\n{program}"],
        env={**os.environ, **environment},
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr


@contextmanager
def open_bao() -> Iterator[str]:
    port = free_port()
    words = ["server", "-dev", "-dev-no-store-token", f"-dev-root-token-id={TOKEN}"]
    with running([program("bao"), *words, f"-dev-listen-address=127.0.0.1:{port}"], "Root Token"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def moto() -> Iterator[str]:
    port = free_port()
    with running([program("moto_server"), "-H", "127.0.0.1", "-p", str(port)], "Running on"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def running(command: list[str], says: str) -> Iterator[None]:
    """A server, from when it says that it runs until the block ends."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        assert any(says in line for line in process.stdout), f"{command} ended before it ran"
        # It may go on writing.
        reading = threading.Thread(target=process.stdout.read)
        reading.start()
        try:
            yield
        finally:
            process.kill()
            reading.join()


def program(name: str) -> str:
    """One of the virtual environment that `cargo xtask setup cloud` makes."""
    default = Path(__file__).parents[3] / "target" / "python-cloud"
    found = Path(os.environ.get("FORTRESS_TEST_SERVICES", default)) / "bin" / name
    assert found.exists(), f"{found} is missing: run `cargo xtask setup cloud`"
    return str(found)


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def posted(address: str, body: dict[str, Any], headers: dict[str, str]) -> Any:
    request = urllib.request.Request(address, json.dumps(body).encode(), headers)
    # Whatever proxy the machine has, it is not for this.
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        text = answer.read()
    return json.loads(text) if text else None
