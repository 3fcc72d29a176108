"""The command line beside cp, cat and age: one file in memory-backed storage, everything in turns, ratios from one run.

    python3 tests/bench/cli.py path/to/fortress [MiB] [rounds] [--json FILE]

`cargo xtask bench cli` builds the program and calls this. Medians of wall-clock times, and beside them the processor's time, which says more
on a machine that others use. Peak memory is the kernel's count of resident pages; it cannot be told below this script's own.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time

CHEAP = "t=1,m=8192,p=1"  # what the guide recommends for a passphrase that a machine made


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=os.path.abspath)
    parser.add_argument("mib", type=int, nargs="?", default=1024)
    parser.add_argument("rounds", type=int, nargs="?", default=7)
    parser.add_argument("--json", type=os.path.abspath, help="write the figures there")
    arguments = parser.parse_args()
    program, mib, rounds = arguments.program, arguments.mib, arguments.rounds
    storage = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(dir=storage) as folder:
        os.chdir(folder)
        contests = prepare(program, mib << 20)
        times = {name: [] for name in contests}
        busy = {name: [] for name in contests}
        peaks = dict.fromkeys(contests, 0)
        for round_number in range(rounds + 1):
            for name, (command, output) in contests.items():
                seconds, processor, peak = measure(command, output)
                # The first round warms up.
                if round_number > 0:
                    times[name].append(seconds)
                    busy[name].append(processor)
                    peaks[name] = max(peaks[name], peak)
        medians = {name: statistics.median(each) for name, each in times.items()}
        report(mib, rounds, medians, {name: statistics.median(each) for name, each in busy.items()}, peaks)
        if arguments.json:
            write_json(arguments.json, mib, medians, peaks)


def prepare(program, size):
    """Makes the file, keys and ciphertexts; returns what is measured: a command, and the file that it writes or None."""
    with open("plain", "wb") as plain:
        plain.writelines(os.urandom(1 << 20) for _ in range(size >> 20))
    with open("passphrase", "w", encoding="ascii") as passphrase:
        passphrase.write(os.urandom(24).hex())
    given = ["--passphrase-file", "passphrase"]
    run([program, "keyring", "new", "-o", "quick", "--argon2", CHEAP, *given])
    run([program, "keyring", "new", "-o", "default", *given])

    def fortress(verb, keyring, source, output, *more):
        return [program, verb, "-q", "-k", keyring, *given, source, "-o", output, "-f", *more]

    run(fortress("encrypt", "quick", "plain", "gcm"))
    run(fortress("encrypt", "quick", "plain", "aegis", "--suite", "AEGIS-256X2"))
    aegis = ("--suite", "AEGIS-256X2")
    contests = {
        "cp": (["cp", "plain", "out"], "out"),
        "fortress encrypt": (fortress("encrypt", "quick", "plain", "out"), "out"),
        "fortress decrypt": (fortress("decrypt", "quick", "gcm", "out"), "out"),
        "fortress encrypt, AEGIS-256X2": (fortress("encrypt", "quick", "plain", "out", *aegis), "out"),
        "fortress decrypt, AEGIS-256X2": (fortress("decrypt", "quick", "aegis", "out"), "out"),
        "fortress encrypt, default Argon2id": (fortress("encrypt", "default", "plain", "out"), "out"),
        "cat to /dev/null": (["sh", "-c", "cat plain > /dev/null"], None),
        "fortress encrypt to /dev/null": (fortress("encrypt", "quick", "plain", "/dev/null"), None),
        "fortress decrypt to /dev/null": (fortress("decrypt", "quick", "gcm", "/dev/null"), None),
        "fortress encrypt to /dev/null, AEGIS-256X2": (fortress("encrypt", "quick", "plain", "/dev/null", *aegis), None),
        "fortress decrypt to /dev/null, AEGIS-256X2": (fortress("decrypt", "quick", "aegis", "/dev/null"), None),
        "fortress verify": ([program, "verify", "-q", "-k", "quick", *given, "gcm"], None),
    }
    if shutil.which("age"):
        run(["age-keygen", "-o", "identity"])
        recipient = subprocess.run(["age-keygen", "-y", "identity"], check=True, capture_output=True, text=True)
        recipient = recipient.stdout.strip()
        run(["age", "-r", recipient, "-o", "age", "plain"])
        contests["age encrypt"] = (["age", "-r", recipient, "-o", "out", "plain"], "out")
        contests["age decrypt"] = (["age", "-d", "-i", "identity", "-o", "out", "age"], "out")
        contests["age encrypt to /dev/null"] = (["sh", "-c", f"age -r {recipient} plain > /dev/null"], None)
        contests["age decrypt to /dev/null"] = (["sh", "-c", "age -d -i identity age > /dev/null"], None)
    else:
        print("age is not installed (Debian: apt-get install age); its rows are left out")
    return contests


def run(command):
    subprocess.run(command, check=True, capture_output=True)


def measure(command, output):
    """Wall-clock seconds, processor seconds, and peak memory in MiB."""
    if output and os.path.exists(output):
        os.remove(output)
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"failed: {' '.join(command)}")
    if output:
        os.remove(output)
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def report(mib, rounds, medians, busy, peaks):
    print(f"{mib} MiB in memory-backed storage, {os.cpu_count()} processors, median of {rounds} rounds\n")
    print(f"{'':44} {'seconds':>8} {'busy':>6} {'GB/s':>6} {'of cp':>6} {'of age':>7} {'peak MiB':>9}")
    for name, seconds in medians.items():
        of_cp = f"{medians['cp'] / seconds:.2f}" if "/dev/null" not in name and "verify" not in name else ""
        rival = name.replace("fortress", "age").replace(", AEGIS-256X2", "").replace(", default Argon2id", "")
        rival = "age decrypt to /dev/null" if "verify" in name else rival
        of_age = f"{medians[rival] / seconds:.2f}" if rival in medians else ""
        speed = mib * (1 << 20) / seconds / 1e9
        print(f"{name:44} {seconds:8.3f} {busy[name]:6.2f} {speed:6.2f} {of_cp:>6} {of_age:>7} {peaks[name]:9.1f}")
    print("\n\"of cp\" and \"of age\" are speeds as multiples of theirs for the same file in the same run. Unless it says otherwise, the keyring")
    print(f"is sealed with a random passphrase and {CHEAP}, as age's key file asks for none; Argon2id takes 64 MiB by default.")


def write_json(path, mib, medians, peaks):
    """The figures for the page of all platforms: to a file, to /dev/null, and memory. Whoever records them judges them (recorded.mjs)."""

    def group(title, names):
        rows = []
        for name in names:
            rate = f"{mib * (1 << 20) / medians[name] / 1e9:.2f} GB/s"
            rows.append({"name": name, "ours": name.startswith("fortress"), "seconds": medians[name], "speed": rate})
        return {"title": title, "rows": rows}

    to_a_file = [name for name in medians if "/dev/null" not in name and "verify" not in name]
    elsewhere = [name for name in medians if name not in to_a_file]
    memory = [
        {"name": name, "ours": name.startswith("fortress"), "bytes": peak * (1 << 20), "speed": f"{peak:.1f} MiB"}
        for name, peak in peaks.items()
        if name in to_a_file
    ]
    groups = [
        group(f"A file of {mib} MiB", to_a_file),
        group(f"{mib} MiB, nothing written", elsewhere),
        {"title": "Memory at the most", "rows": memory},
    ]
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"runtime": "Command line", "groups": groups}, file)


if __name__ == "__main__":
    main()
