"""Fortress beside what a Python developer would use instead, as ratios measured in one run.

Contestants take turns, so that a machine that others use disturbs all of them alike; medians are compared.
`cargo xtask bench python` runs this, judges the project's goals, and writes down the machine.

    python speed.py [--quick] [--only tokens|columns|streams] [--json FILE]
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import time
from importlib import metadata
from typing import Any, Callable

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import fortress

QUICK = "--quick" in sys.argv
ROUNDS = 3 if QUICK else 7
STREAM = (64 if QUICK else 1024) << 20
ROWS = 100_000 if QUICK else 1_000_000
PIECE = 1 << 20

Work = Callable[[], object]

#: What was measured, for the page of all platforms.
groups: list[dict[str, object]] = []


def race(
    contestants: dict[str, Work], rounds: int = ROUNDS, clock: Callable[[], float] = time.process_time
) -> dict[str, float]:
    """The median seconds of each, by default the processor's, which others on the machine disturb little."""
    taken: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, work in contestants.items():
            start = clock()
            work()
            taken[name].append(clock() - start)
    return {name: statistics.median(times) for name, times in taken.items()}


def main() -> None:
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, medians of {ROUNDS} turns\n")
    keyring = fortress.Keyring.generate()
    email = keyring.scope("acme", "users", "email")
    parts: dict[str, Work] = {
        "tokens": lambda: tokens(email),
        "columns": lambda: columns(email),
        "streams": lambda: streams(keyring),
    }
    only = sys.argv[sys.argv.index("--only") + 1] if "--only" in sys.argv else None
    for name, part in parts.items():
        if only in (None, name):
            part()
    if "--json" in sys.argv:
        figures = {"runtime": f"Python {sys.version.split()[0]}", "groups": groups, "versions": versions()}
        with open(sys.argv[sys.argv.index("--json") + 1], "w", encoding="utf-8") as file:
            json.dump(figures, file)


def versions() -> dict[str, str]:
    """Those of what is measured beside us."""
    found: dict[str, str] = {}
    for name in ("cryptography", "pyarrow", "ironcore-alloy"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def keep(title: str, seconds: dict[str, float], speed: Callable[[float], str]) -> None:
    """Keeps what was measured for the page."""
    bare = ("AESGCM", "[AESGCM", "cryptography", "ironcore")
    rows = [
        {"name": name, "ours": not name.startswith(bare), "seconds": taken, "speed": speed(taken)}
        for name, taken in seconds.items()
    ]
    groups.append({"title": title, "rows": rows})


def tokens(keyring: fortress.Keyring) -> None:
    """One value of 64 bytes a call."""
    value, nonce, times = os.urandom(64), os.urandom(12), 20_000
    aes, context = AESGCM(os.urandom(32)), {"row": "42"}
    token, text = keyring.encrypt(value), keyring.encrypt(value.hex()[:64])
    sealed = aes.encrypt(nonce, value, None)

    def many(call: Work) -> Work:
        def work() -> None:
            for _ in range(times):
                call()

        return work

    contestants = {
        "AESGCM.encrypt": lambda: aes.encrypt(nonce, value, None),
        "AESGCM.encrypt, random nonce": lambda: aes.encrypt(os.urandom(12), value, None),
        "encrypt, bytes": lambda: keyring.encrypt(value),
        "encrypt, bytes, context": lambda: keyring.encrypt(value, context),
        "encrypt, text": lambda: keyring.encrypt("ada@example.org"),
        "AESGCM.decrypt": lambda: aes.decrypt(nonce, sealed, None),
        "decrypt, bytes": lambda: keyring.decrypt(token),
        "decrypt, text": lambda: keyring.decrypt_text(text),
    }
    seconds = race({name: many(call) for name, call in contestants.items()})
    alloy = ironcore(value)
    if alloy is not None:
        seconds["ironcore-alloy"] = alloy * times
    keep("One value of 64 bytes", seconds, lambda taken: f"{taken / times * 1e9:,.0f} ns")
    print("One value of 64 bytes                      ns a call    x AESGCM.encrypt")
    for name, taken in seconds.items():
        print(f"  {name:<38} {taken / times * 1e9:>9,.0f} {taken / seconds['AESGCM.encrypt']:>12.2f}")
    print()


def columns(keyring: fortress.Keyring) -> None:
    """A column of 64-byte values."""
    values = [os.urandom(64) for _ in range(ROWS)]
    texts = [value.hex()[:64] for value in values]
    rows = [str(row) for row in range(ROWS)]
    aes, nonce = AESGCM(os.urandom(32)), os.urandom(12)
    sealed = [aes.encrypt(nonce, value, None) for value in values]
    made, made_text = keyring.encrypt_column(values), keyring.encrypt_column(texts)
    bare = "[AESGCM.encrypt(...) for ...]"
    contestants: dict[str, Work] = {
        bare: lambda: [aes.encrypt(nonce, value, None) for value in values],
        "encrypt_column, list of bytes": lambda: keyring.encrypt_column(values),
        "encrypt_column, list of str": lambda: keyring.encrypt_column(texts),
        "encrypt_column, bytes bound to rows": lambda: keyring.encrypt_column(values, contexts={"row": rows}),
        "[AESGCM.decrypt(...) for ...]": lambda: [aes.decrypt(nonce, value, None) for value in sealed],
        "decrypt_column, list of bytes": lambda: keyring.decrypt_column(made),
        "decrypt_column_text, list of str": lambda: keyring.decrypt_column_text(made_text),
    }
    arrow = _optional("pyarrow")
    if arrow is not None:
        binary = arrow.array(values)
        array = keyring.encrypt_column(binary)
        contestants["encrypt_column, pyarrow"] = lambda: keyring.encrypt_column(binary)
        contestants["decrypt_column, pyarrow"] = lambda: keyring.decrypt_column(array)
    # By the wall's clock: several cores at once are what a column is about.
    seconds = race(contestants, min(ROUNDS, 5), time.perf_counter)
    alloy = ironcore(values[0])
    if alloy is not None:
        seconds["ironcore-alloy, a value at a time"] = alloy * ROWS
    keep(f"A column of {ROWS:,} values of 64 bytes", seconds, lambda taken: f"{taken:.3f} s")
    print(f"A column of {ROWS:,} values of 64 bytes       seconds    times as fast as the list comprehension")
    for name, taken in seconds.items():
        against = seconds["[AESGCM.decrypt(...) for ...]" if "decrypt" in name else bare]
        print(f"  {name:<38} {taken:>9.3f} {against / taken:>12.3g}")
    print()


def streams(keyring: fortress.Keyring) -> None:
    """A long stream, a mebibyte a call, into a buffer that is used again, as both libraries advise for large data."""
    piece, out = os.urandom(PIECE), bytearray(PIECE + 64 * 1024)
    count = STREAM // PIECE
    key = Cobblestone256Encryptor.generate_key()

    def cobblestone(into: bool) -> Work:
        def work() -> None:
            encryptor = Cobblestone256Encryptor(key, b"")
            for _ in range(count):
                encryptor.update_into(piece, out) if into else encryptor.update(piece)
            encryptor.finalize()

        return work

    def ours(suite: Any, into: bool) -> Work:
        def work() -> None:
            encryptor = fortress.Encryptor(keyring=keyring, suite=suite)
            for _ in range(count):
                encryptor.update_into(piece, out) if into else encryptor.update(piece)
            encryptor.finish()

        return work

    def file(suite: Any) -> Work:
        def work() -> None:
            with fortress.open(os.devnull, "wb", keyring=keyring, suite=suite) as writer:
                for _ in range(count):
                    writer.write(piece)

        return work

    bare = "cryptography Cobblestone-256"
    seconds = race(
        {
            bare: cobblestone(True),
            "Encryptor, AES-256-GCM": ours("AES-256-GCM", True),
            "Encryptor, AEGIS-256X2": ours("AEGIS-256X2", True),
            f"{bare}, new bytes": cobblestone(False),
            "Encryptor, AES-256-GCM, new bytes": ours("AES-256-GCM", False),
            "Encryptor, AEGIS-256X2, new bytes": ours("AEGIS-256X2", False),
            "open(os.devnull), AES-256-GCM": file("AES-256-GCM"),
            "open(os.devnull), AEGIS-256X2": file("AEGIS-256X2"),
        },
        min(ROUNDS, 5),
    )
    print(f"Encrypting a stream of {STREAM >> 20} MiB                GB/s    times {bare}")
    report("encrypt", seconds, bare, STREAM)

    length = min(STREAM, 256 << 20)
    data = bytes(length)
    envelopes = {
        suite: fortress.encrypt_bytes(data, keyring=keyring, suite=suite)  # type: ignore[arg-type]
        for suite in ("AES-256-GCM", "AEGIS-256X2")
    }
    encryptor = Cobblestone256Encryptor(key, b"")
    message = encryptor.update(data) + encryptor.finalize()
    view = memoryview(message)

    def cobblestone_back() -> None:
        decryptor = Cobblestone256Decryptor(key, b"")
        for at in range(0, len(view), PIECE):
            decryptor.update_into(view[at : at + PIECE], out)
        decryptor.finalize()

    def back(suite: str) -> Work:
        envelope = memoryview(envelopes[suite])

        def work() -> None:
            decryptor = fortress.Decryptor(keyring=keyring)
            for at in range(0, len(envelope), PIECE):
                decryptor.update_into(envelope[at : at + PIECE], out)
            decryptor.finish()

        return work

    seconds = race(
        {
            bare: cobblestone_back,
            "Decryptor, AES-256-GCM": back("AES-256-GCM"),
            "Decryptor, AEGIS-256X2": back("AEGIS-256X2"),
        },
        min(ROUNDS, 5),
    )
    print(f"Decrypting a stream of {length >> 20} MiB                 GB/s    times {bare}")
    report("decrypt", seconds, bare, length)


def report(verb: str, seconds: dict[str, float], bare: str, length: int) -> None:
    keep(f"Stream of {length >> 20} MiB, {verb}", seconds, lambda taken: f"{length / taken / 1e9:.2f} GB/s")
    for name, taken in seconds.items():
        against = seconds.get(f"{bare}, new bytes", seconds[bare]) if "new bytes" in name else seconds[bare]
        print(f"  {name:<38} {length / taken / 1e9:>9.2f} {against / taken:>12.2f}")
    print()


def ironcore(value: bytes) -> float | None:
    """Seconds that ironcore-alloy takes for one value; `None` where it is not installed."""
    alloy = _optional("ironcore_alloy")
    if alloy is None:
        return None
    secret = alloy.StandaloneSecret(1, alloy.Secret(os.urandom(32)))
    configuration = alloy.StandaloneConfiguration(
        alloy.StandardSecrets(1, [secret]),
        {"": alloy.RotatableSecret(secret, None)},
        {"": alloy.VectorSecret(1.0, alloy.RotatableSecret(secret, None))},
    )
    sdk = alloy.Standalone(configuration)
    metadata = alloy.AlloyMetadata.new_simple("acme")

    async def work(times: int) -> float:
        start = time.perf_counter()
        for _ in range(times):
            await sdk.standard().encrypt({"email": value}, metadata)
        return (time.perf_counter() - start) / times

    return min(asyncio.run(work(300)) for _ in range(3))


def _optional(name: str) -> Any:
    try:
        return __import__(name)
    except ImportError:
        return None


if __name__ == "__main__":
    main()
