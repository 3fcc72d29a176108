"""Every party writes, and every other one reads what it wrote: files, tokens and keyrings of all suites.

    python3 tests/interop/matrix/matrix.py --wheel PYTHON --reader PYTHON --command PROGRAM

`cargo xtask test interop` builds the parties and calls this. README.md tells how a party is asked, and what it answers.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
MIB = 1 << 20
LARGE = 100 * MIB
LENGTHS = [0, 1, 16_383, 16_384, 16_385, MIB, LARGE]
SUITES = ["AES-256-GCM", "ChaCha20-Poly1305", "AEGIS-256", "AEGIS-256X2"]
# Both with what needs care: a slash within a segment, text beyond ASCII, keys that are sorted by length first.
SETTING = {
    "passphrase": "Schl\u00fcssel, wie er getippt wird",
    "argon2": {"passes": 1, "memory_kib": 8192, "lanes": 1},
    "scope": ["acme", "users", "a/\u00e9"],
    "context": {"row": "42", "b": "\u00fcber", "aa": ""},
    # An external key, as a program would bring its own: AES-256-GCM, of which every party is told the key.
    "external": {"reference": "test:vault", "key": os.urandom(32).hex()},
    "hardware": "pkcs11:token=vault;object=kek",
}
# What opens the files that no keyring and no passphrase opens.
PEOPLE = ("identity", "scope", "shares", "external", "hardware")
ALGORITHMS = ("ed25519", "hybrid")
ACTIONS = ("encrypt", "decrypt", "both")
PIN = "correct-1234"
# Where distributions put the module of SoftHSM, a path a line.
MODULES = HERE.parents[2] / "bindings" / "hsm" / "tests" / "common" / "softhsm-modules.txt"
# What opens a file of this length: the keyring narrowed by the reader, or one that the writer narrowed and sealed, with
# the passphrase (scoped) or for the keyring (granted).
OPENED_BY = {1: "scoped", 16_383: "granted"}
# Lengths of a row's and a column's values.
FIELDS = {"name": 1, "note": 16_383, "le\u00e8re": 0}
COLUMN = [1, None, 0, 16_383]
PARTS = [(0, 16_385), (LARGE // 2 - 1, LARGE // 2 + 40_000), (LARGE - 1, LARGE)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--wheel", required=True, help="a Python that has the wheel")
    parser.add_argument("--reader", required=True, help="a Python that has the independent reader's requirements")
    parser.add_argument("--command", required=True, help="the fortress program")
    parser.add_argument("--only", nargs="+", help="the parties that take part; all unless told")
    options = parser.parse_args()
    parties = {
        "node": ["node", "node.mjs"],
        "chromium": ["node", "chromium.mjs"],
        "wheel": [options.wheel, "wheel.py"],
        "command": [sys.executable, "command.py", str(Path(options.command).resolve())],
        "reader": [options.reader, "reader.py"],
    }
    parties = {name: parties[name] for name in options.only or parties}
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fortress-interop-") as folder:
        hardware(Path(folder), options.command)
        cells, failures = cross(parties, Path(folder))
    print(table(list(parties), cells))
    print(f"{sum(right for right, _ in cells.values())} readings in {time.monotonic() - start:.0f} s")
    left_out = {exempt(party, verb, item) for party in parties for verb in ("read", "write") for item in items()}
    for reason in sorted(filter(None, left_out)):
        print(f"left out: {reason}")
    for failure in failures:
        print(f"FAILED: {failure}", file=sys.stderr)
    return 1 if failures else 0


def items() -> list[dict]:
    """All that is written once by each party; keyrings first, since they open the rest."""
    made = [{"name": kind, "kind": kind} for kind in ("keyring", "scoped", "granted")]
    for suite in SUITES:
        for length in LENGTHS:
            by = OPENED_BY.get(length, "keyring")
            made.append({"kind": "file", "suite": suite, "length": length, "by": by, "name": f"file-{suite}-{length}"})
        made.append(
            {
                "kind": "parts",
                "suite": suite,
                "name": f"parts-{suite}",
                "file": f"file-{suite}-{LARGE}",
                "ranges": PARTS,
            }
        )
        made.append({"kind": "token", "suite": suite, "length": 16_385, "name": f"token-{suite}"})
    made.append({"kind": "file", "suite": SUITES[0], "length": 16_385, "by": "passphrase", "name": "file-passphrase"})
    # Of the suite that the party's profile chooses.
    made += [{"kind": "token", "suite": None, "length": n, "name": f"token-{n}"} for n in LENGTHS if n < LARGE]
    made += [{"kind": kind, "name": kind, "fields": FIELDS} for kind in ("row", "hoisted")]
    made.append({"kind": "column", "name": "column", "lengths": COLUMN})
    # What people hold comes before what is for them.
    made.append({"kind": "identity", "name": "identity"})
    made += [{"kind": "signing", "algorithm": each, "name": f"signing-{each}"} for each in ALGORITHMS]
    made += [{"kind": "file", "suite": SUITES[0], "length": 16_385, "by": by, "name": f"file-{by}"} for by in PEOPLE]
    made.append({"kind": "held", "name": "held"})
    made += [
        {"kind": "grant", "actions": actions, "algorithm": each, "name": f"grant-{actions}-{each}", "length": 16_385}
        for actions in ACTIONS
        for each in ALGORITHMS
    ]
    return made


def exempt(party: str, verb: str, item: dict) -> str | None:
    """Why a party does not do this, if it does not. Nothing else is ever left out."""
    kind, suite, by = item["kind"], item.get("suite"), item.get("by")
    if party not in ("command", "wheel") and by == "hardware":
        return "keys in hardware but of the command and the wheel, which reach it"
    if party == "command" and by == "external":
        return "external keys of the command but those in hardware and services"
    if party == "command" and kind == "held":
        return "shares that the command takes out of a header, or puts into it"
    if party == "reader" and "AEGIS" in str(suite):
        # Twelve seconds each, on a machine with nothing else to do.
        if (kind, item.get("length")) == ("file", LARGE):
            return "100 MiB of AEGIS as a whole by the reader, in plain Python: it reads parts of what others wrote"
        if kind == "parts" and verb == "write":
            return "parts of what the reader did not write"
    if party == "reader" and verb == "write" and (by == "shares" or kind == "held"):
        return "share sets of the reader, which only puts shares together"
    if party == "command" and kind in ("row", "hoisted", "column"):
        return "rows and columns of the command, which has single tokens"
    if verb == "write" and kind == "token" and suite and party not in ("command", "reader"):
        return "a suite for a single token, which follows the profile here"
    return None


def cross(parties: dict[str, list[str]], folder: Path) -> tuple[dict[tuple[str, str], tuple[int, int]], list[str]]:
    """Has each party write and the others read. Returns how many readings of how many were right, and the failures."""
    plain = folder / "plain"
    plain.mkdir()
    for length in LENGTHS:
        (plain / str(length)).write_bytes(os.urandom(length))
    digests = {length: sha256((plain / str(length)).read_bytes()) for length in LENGTHS}
    large = (plain / str(LARGE)).read_bytes()
    parts = [sha256(large[start:end]) for start, end in PARTS]
    cells, failures = {}, []
    for writer, party in parties.items():
        written = folder / writer
        written.mkdir()
        setting = {**SETTING, "folder": str(written), "plain": str(plain)}
        todo = [item for item in items() if not exempt(writer, "write", item)]
        said = ask(party, "write", setting, [item for item in todo if item["kind"] != "parts"])
        failures += [f"{writer} writes {name}: {answer['error']}" for name, answer in said.items() if is_error(answer)]
        expected = {item["name"]: said.get(item["name"]) or expectation(item, digests, parts) for item in todo}
        for item in todo:
            # A grant's writer reads it too, and what both read is what was encrypted.
            if item["kind"] == "grant" and not is_error(expected[item["name"]]):
                expected[item["name"]]["value"] = digests[item["length"]]
        for reader, answers in readings(parties, writer, setting, todo):
            wrong = [name for name, answer in answers.items() if answer != expected[name] or is_error(answer)]
            cells[writer, reader] = (len(answers) - len(wrong), len(answers))
            failures += [f"{writer} wrote {name}, and {reader} read {answers[name]}" for name in wrong]
        shutil.rmtree(written)
    return cells, failures


def hardware(folder: Path, command: str) -> None:
    """A token of software with a key in it, and where it is, for the parties that reach hardware."""
    module = next((path for path in MODULES.read_text().splitlines() if Path(path).exists()), None)
    if module is None:
        raise SystemExit("SoftHSM is missing: run `cargo xtask setup hsm`")
    (folder / "tokens").mkdir()
    conf = folder / "softhsm2.conf"
    conf.write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    os.environ.update(SOFTHSM2_CONF=str(conf), FORTRESS_PKCS11_MODULE=module, FORTRESS_PIN=PIN)
    words = ["--init-token", "--free", "--label", "vault", "--pin", PIN, "--so-pin", "officer-5678"]
    for program in (["softhsm2-util", *words], [command, "hsm", "init-key", SETTING["hardware"]]):
        subprocess.run(program, check=True, capture_output=True)


def readings(parties: dict[str, list[str]], writer: str, setting: dict, todo: list[dict]) -> Iterator[tuple[str, dict]]:
    """What the others read, two of them at a time."""

    def read(reader: str) -> tuple[str, dict]:
        return reader, ask(parties[reader], "read", setting, [i for i in todo if not exempt(reader, "read", i)])

    with ThreadPoolExecutor(max_workers=2) as pool:
        yield from pool.map(read, [reader for reader in parties if reader != writer])


def expectation(item: dict, digests: dict[int, str], parts: list[str]) -> object:
    """What a reader answers that read the right bytes."""
    match item["kind"]:
        case "file" | "token":
            return digests[item["length"]]
        case "parts":
            return parts
        case "row" | "hoisted":
            return {name: digests[length] for name, length in item["fields"].items()}
        case "column":
            return [None if length is None else digests[length] for length in item["lengths"]]
    return {"error": "the writer did not say what the keyring is"}


def ask(party: list[str], verb: str, setting: dict, todo: list[dict]) -> dict:
    """Runs a party; returns an answer for each item. One that breaks off has answered nothing."""
    program, driver, *arguments = party
    command = [program, str(HERE / "parties" / driver), *arguments]
    plan = json.dumps({"verb": verb, **setting, "items": todo})
    finished = subprocess.run(command, input=plan, capture_output=True, text=True, check=False)
    try:
        answers = json.loads(finished.stdout)
    except ValueError:
        answers = {}
    silence = {"error": finished.stderr.strip()[-500:] or "no answer"}
    return {item["name"]: answers.get(item["name"], silence) for item in todo}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def is_error(answer: object) -> bool:
    return isinstance(answer, dict) and "error" in answer


def table(parties: list[str], cells: dict[tuple[str, str], tuple[int, int]]) -> str:
    """Writers down, readers across."""
    lines = ["written by, read by" + "".join(f"{reader:>11}" for reader in parties)]
    for writer in parties:
        line = f"{writer:<19}"
        for reader in parties:
            right, of = cells.get((writer, reader), (0, 0))
            line += f"{'' if of == 0 else right if right == of else f'{right} of {of}':>11}"
        lines.append(line)
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
