"""The `fortress` command: this reader opens all that it writes, and it opens what the tests' writer writes."""

import os
import subprocess
from pathlib import Path

import pytest
import writer

from fortress_reader import Keyring, Passphrase, cbor, decode_text, decrypt, open_envelope, open_keyring

PASSPHRASE = "correct horse"
CHEAP = ("--argon2", "t=1,m=8192,p=1")
SUITES = {2: "AES-256-GCM", 29: "ChaCha20-Poly1305", 33: "AEGIS-256", 36: "AEGIS-256X2"}
CONTEXT = {"row": "42", "table": "naïve"}
BOUND = [word for key, value in CONTEXT.items() for word in ("--context", f"{key}={value}")]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", Path(__file__).parents[4] / "target"))
PROGRAM = TARGET / "debug" / "fortress"

pytestmark = pytest.mark.skipif(not PROGRAM.exists(), reason="build it: cargo build -p fortress-sdk-cli")


class Command:
    """The program, in a folder of its own with the keyring `k`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self("keyring", "new", "-o", "k", *CHEAP)

    def __call__(self, *arguments: str, given: bytes = b"") -> bytes:
        environment = {**os.environ, "FORTRESS_PASSPHRASE": PASSPHRASE, "FORTRESS_NEW_PASSPHRASE": "another"}
        finished = subprocess.run(
            [PROGRAM, *arguments], cwd=self.folder, input=given, env=environment, capture_output=True, check=False
        )
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    def keyring(self, name: str = "k", passphrase: str = PASSPHRASE) -> Keyring:
        return open_keyring((self.folder / name).read_bytes(), [Passphrase(passphrase)])


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return Command(tmp_path)


@pytest.mark.parametrize("suite", SUITES.values())
@pytest.mark.parametrize("length", [0, 1, 16_383, 16_384, 16_385])
def test_files(command: Command, suite: str, length: int) -> None:
    plaintext = bytes(index % 251 for index in range(length))
    arguments = ["-k", "k", "--scope", "acme/users", "--suite", suite, *BOUND]
    envelope = command("encrypt", *arguments, given=plaintext)
    opened = open_envelope(envelope, [command.keyring().scope("acme", "users")], CONTEXT)
    assert opened.decrypt(envelope) == plaintext


def test_a_large_file(command: Command) -> None:
    plaintext = os.urandom(5_000_000)
    envelope = command("encrypt", "-k", "k", given=plaintext)
    opened = open_envelope(envelope, [command.keyring()])
    assert opened.decrypt(envelope) == plaintext


def test_passphrases_metadata_and_new_headers(command: Command) -> None:
    (command.folder / "plain").write_bytes(b"payload")
    command("encrypt", "-p", "--metadata", "type=note", "plain")
    file = command.folder / "plain.ftrs"
    opened = open_envelope(file.read_bytes(), [Passphrase(PASSPHRASE)])
    assert opened.header.metadata == {"type": "note"}
    command("rewrap", "-p", "plain.ftrs")
    envelope = file.read_bytes()
    assert open_envelope(envelope, [Passphrase("another")]).decrypt(envelope) == b"payload"


def test_keyrings(command: Command) -> None:
    command("keyring", "rotate", "k")
    keyring = command.keyring()
    assert len(keyring.versions) == 2
    command("keyring", "scope", "k", "acme/a%2Fb", "-o", "narrowed", *CHEAP)
    assert command.keyring("narrowed", "another") == keyring.scope("acme", "a/b")


@pytest.mark.parametrize("suite", SUITES.values())
def test_tokens(command: Command, suite: str) -> None:
    arguments = ["-k", "k", "--scope", "acme/users/email", "--suite", suite, *BOUND]
    lines = command("token", "encrypt", *arguments, given="ada@example.org\n\ngrüße\n".encode()).decode().splitlines()
    scope = command.keyring().scope("acme", "users", "email")
    values = [decrypt(scope, decode_text(line), CONTEXT).decode() for line in lines]
    assert values == ["ada@example.org", "", "grüße"]


def test_the_way_back(command: Command) -> None:
    ring = writer.keyring()
    head = writer.header([writer.passphrase_recipient(PASSPHRASE)], content="keyring")
    (command.folder / "ring").write_bytes(writer.envelope(head, cbor.encode(writer.keyring_payload(ring))))
    envelope = writer.envelope(writer.header([writer.keyring_recipient(ring.scope("acme"))]), b"payload")
    assert command("decrypt", "-k", "ring", "--scope", "acme", given=envelope) == b"payload"
