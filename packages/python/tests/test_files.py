"""Files: real binary file objects, whole or not there."""

from __future__ import annotations

import errno
import gc
import io
import os
import shutil
import stat
import subprocess
import sys
import tarfile
import threading
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import CONTEXT, LENGTHS, leftovers, pattern

import fortress


@pytest.mark.parametrize("suite", ["AES-256-GCM", "ChaCha20-Poly1305", "AEGIS-256", "AEGIS-256X2"])
@pytest.mark.parametrize("length", LENGTHS)
def test_lengths(tmp_path: Path, keyring: fortress.Keyring, length: int, suite: Any) -> None:
    path, data = tmp_path / "file", pattern(length)
    with fortress.open(path, "wb", keyring=keyring, suite=suite) as writer:
        shutil.copyfileobj(io.BytesIO(data), writer, 10_007)
        assert writer.tell() == length
    with fortress.open(path, keyring=keyring) as reader:
        assert (reader.size, reader.suite) == (length, suite)
        assert reader.read() == data
        assert reader.read(1) == b""
    with fortress.open(path, keyring=keyring) as reader:
        assert b"".join(iter(lambda: reader.read(9_999), b"")) == data


def test_a_reader_is_a_binary_file(encrypted: Path, keyring: fortress.Keyring) -> None:
    data = pattern(100_000)
    with fortress.open(encrypted, "rb", keyring=keyring, context=CONTEXT) as file:
        assert isinstance(file, io.BufferedIOBase)
        assert isinstance(file.raw, io.RawIOBase)
        assert file.readable()
        assert file.seekable()
        assert not file.writable()
        assert file.metadata == {"name": "report"}
        assert file.mode == "rb"
        assert file.name == str(encrypted)
        assert file.seek(-100, 2) == 99_900
        assert file.read() == data[-100:]
        assert file.seek(16_380) == 16_380
        assert file.read(10) == data[16_380:16_390]
        assert file.seek(-5, os.SEEK_CUR) == 16_385
        assert file.peek(4)[:4] == data[16_385:16_389]
        assert file.tell() == 16_385
        buffer = bytearray(50_000)
        assert file.readinto(buffer) == 50_000
        assert buffer == data[16_385:66_385]
        assert file.seek(200_000) == 200_000
        assert file.read(1) == b""
        for mistake in (lambda: file.seek(-1), lambda: file.seek(0, 7), lambda: file.raw.seek(-200_000, 2)):
            with pytest.raises(ValueError, match=r"seek|whence"):
                mistake()
        with pytest.raises(io.UnsupportedOperation):
            file.write(b"")
    assert file.closed
    assert file.raw.closed
    with pytest.raises(ValueError, match="closed"):
        file.read()


def test_lines_and_text(tmp_path: Path, keyring: fortress.Keyring) -> None:
    path = tmp_path / "notes"
    with fortress.open(path, "wt", keyring=keyring, newline="\n") as writer:
        print("ad\u00e1", "grace", sep="\n", file=writer)
    with fortress.open(path, "rt", keyring=keyring) as reader:
        assert list(reader) == ["ad\u00e1\n", "grace\n"]
    with fortress.open(path, keyring=keyring) as binary:
        assert binary.readlines() == ["ad\u00e1\n".encode(), b"grace\n"]
    with pytest.raises(ZeroDivisionError), fortress.open(path, "wt", keyring=keyring) as writer:
        writer.write("lost")
        1 / 0  # noqa: B018
    with fortress.open(path, "rt", keyring=keyring) as reader:
        assert reader.readline() == "ad\u00e1\n"
    assert not leftovers(tmp_path)


def test_a_writer_is_a_binary_file(tmp_path: Path, keyring: fortress.Keyring) -> None:
    path = tmp_path / "file"
    with fortress.open(path, "wb", keyring=keyring) as file:
        assert isinstance(file, io.BufferedIOBase)
        assert file.writable()
        assert not file.readable()
        assert not file.seekable()
        assert not path.exists()
        assert file.write(memoryview(b"abc")) == 3
        file.writelines([b"d", b"e"])
        file.flush()
        for mistake in (lambda: file.read(), lambda: file.seek(0), lambda: file.truncate()):
            with pytest.raises(OSError):
                mistake()
    assert path.exists()
    file.close()
    with pytest.raises(ValueError, match="closed"):
        file.write(b"")
    with fortress.open(path, keyring=keyring) as reader:
        assert reader.read() == b"abcde"


def test_an_exception_leaves_everything_as_it_was(encrypted: Path, keyring: fortress.Keyring) -> None:
    before = encrypted.read_bytes()
    for target in (encrypted, encrypted.with_name("new")):
        with pytest.raises(KeyboardInterrupt), fortress.open(target, "wb", keyring=keyring) as file:
            file.write(bytes(1_000_000))
            raise KeyboardInterrupt
    file = fortress.open(encrypted, "wb", keyring=keyring)
    file.write(b"x")
    file.abort()
    assert file.closed
    with pytest.warns(ResourceWarning, match="not closed"):
        fortress.open(encrypted, "wb", keyring=keyring).write(b"x")
        gc.collect()
    assert encrypted.read_bytes() == before
    assert os.listdir(encrypted.parent) == ["report.ftrs"]


def test_x_does_not_replace(encrypted: Path, keyring: fortress.Keyring) -> None:
    with pytest.raises(FileExistsError):
        fortress.open(encrypted, "xb", keyring=keyring)
    new = encrypted.with_name("new")
    with pytest.raises(FileExistsError), fortress.open(new, "xb", keyring=keyring):
        new.write_bytes(b"somebody was quicker")
    assert new.read_bytes() == b"somebody was quicker"
    with fortress.open(encrypted.with_name("newer"), "xb", keyring=keyring):
        pass
    assert not leftovers(encrypted.parent)


def test_permissions_and_links_stay(encrypted: Path, keyring: fortress.Keyring) -> None:
    encrypted.chmod(0o640)
    link = encrypted.with_name("link")
    link.symlink_to(encrypted)
    with fortress.open(link, "wb", keyring=keyring) as file:
        file.write(b"new")
    assert link.is_symlink()
    assert stat.S_IMODE(encrypted.stat().st_mode) == 0o640
    with fortress.open(os.fsencode(encrypted), keyring=keyring) as reader:
        assert reader.read() == b"new"


@pytest.mark.skipif(not hasattr(os, "fchmod"), reason="a system without modes")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o400])
def test_new_files_have_their_sources_permissions(tmp_path: Path, keyring: fortress.Keyring, mode: int) -> None:
    def mode_of(name: str) -> int:
        return stat.S_IMODE((tmp_path / name).stat().st_mode)

    plain = tmp_path / "plain"
    plain.write_bytes(b"confidential")
    plain.chmod(mode)
    before = os.umask(0o022)
    try:
        fortress.encrypt_file(plain, tmp_path / "encrypted", keyring=keyring)
        fortress.decrypt_file(tmp_path / "encrypted", tmp_path / "decrypted", keyring=keyring)
        with (tmp_path / "encrypted").open("rb") as file:
            fortress.decrypt_file(file, tmp_path / "by-object", keyring=keyring)
        kept = {"keyring": keyring, "keep": "all"}
        fortress.rewrap_file(tmp_path / "encrypted", tmp_path / "rewrapped", **kept)  # type: ignore[arg-type]
        for name in ("encrypted", "decrypted", "by-object", "rewrapped"):
            assert mode_of(name) == mode, name
        fortress.rewrap_file(tmp_path / "encrypted", **kept)  # type: ignore[arg-type]
        assert mode_of("encrypted") == mode
        # The umask takes away, and what is replaced keeps its own.
        os.umask(0o077)
        fortress.decrypt_file(tmp_path / "encrypted", tmp_path / "masked", keyring=keyring)
        assert mode_of("masked") == mode & 0o700
        os.umask(0o022)
        (tmp_path / "masked").chmod(0o660)
        fortress.decrypt_file(tmp_path / "encrypted", tmp_path / "masked", keyring=keyring)
        assert mode_of("masked") == 0o660
        # A source that has none gives the usual ones.
        fortress.decrypt_file(io.BytesIO((tmp_path / "encrypted").read_bytes()), tmp_path / "usual", keyring=keyring)
        assert mode_of("usual") == 0o644
    finally:
        os.umask(before)
    assert not leftovers(tmp_path)


def test_file_objects_stay_open(keyring: fortress.Keyring) -> None:
    stored = io.BytesIO(b"before")
    stored.seek(6)
    with fortress.open(stored, "wb", keyring=keyring) as writer:
        writer.write(pattern(50_000))
    assert not stored.closed
    stored.seek(6)
    with fortress.open(stored, keyring=keyring) as reader:
        reader.seek(-10, 2)
        assert reader.read() == pattern(50_000)[-10:]
    assert not stored.closed


def test_pipes(encrypted: Path, keyring: fortress.Keyring) -> None:
    read, write = os.pipe()

    def feed(data: bytes) -> None:
        with os.fdopen(write, "wb") as pipe:
            pipe.write(data)

    thread = threading.Thread(target=feed, args=(encrypted.read_bytes(),))
    thread.start()
    with os.fdopen(read, "rb") as pipe, fortress.open(pipe, keyring=keyring, context=CONTEXT) as file:
        assert not file.seekable()
        assert file.size is None
        assert file.read(5) == pattern(5)
        with pytest.raises(OSError):
            file.seek(0)
        assert file.read() == pattern(100_000)[5:]
    thread.join()


def test_a_cut_pipe_raises(encrypted: Path, keyring: fortress.Keyring) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    data = encrypted.read_bytes()
    for length in (len(data) - 1, len(data) - 1_700, 60_000):
        with (
            fortress.open(Pipe(data[:length]), keyring=keyring, context=CONTEXT) as file,
            pytest.raises(fortress.FortressError) as refusal,
        ):
            file.read()
        assert refusal.value.code in ("truncated", "authentication_failed")


def test_a_cut_file_is_found_when_it_is_opened(encrypted: Path, keyring: fortress.Keyring) -> None:
    data = encrypted.read_bytes()
    prefix = len(data) - 100_000 - 7 * 16
    for length in [*range(0, prefix + 40, 7), prefix + 16_400, prefix + 16_399, len(data) - 1]:
        encrypted.write_bytes(data[:length])
        with pytest.raises(fortress.FortressError) as refusal:
            fortress.open(encrypted, keyring=keyring, context=CONTEXT)
        assert refusal.value.code in ("truncated", "authentication_failed"), length
    encrypted.write_bytes(data + b"\0")
    with pytest.raises(fortress.AuthenticationError):
        fortress.open(encrypted, keyring=keyring, context=CONTEXT)


def test_zip_tar_pandas_and_parquet(tmp_path: Path, keyring: fortress.Keyring) -> None:
    path = tmp_path / "file"
    with (
        fortress.open(path, "wb", keyring=keyring) as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        archive.writestr("a.txt", "ada" * 10_000)
        archive.writestr("b.bin", os.urandom(40_000))
    with fortress.open(path, keyring=keyring) as reader, zipfile.ZipFile(reader) as archive:
        assert archive.testzip() is None
        assert archive.read("a.txt") == b"ada" * 10_000
    with fortress.open(path, "wb", keyring=keyring) as file, tarfile.open(fileobj=file, mode="w:gz") as tar:
        tar.add(__file__, "test.py")
    with fortress.open(path, keyring=keyring) as reader, tarfile.open(fileobj=reader) as tar:
        member = tar.extractfile("test.py")
        assert member is not None
        assert member.read() == Path(__file__).read_bytes()
    frame = pd.DataFrame({"id": range(10_000), "name": [f"name {n}" for n in range(10_000)]})
    with fortress.open(path, "wb", keyring=keyring) as file:
        frame.to_csv(file, index=False)
    with fortress.open(path, keyring=keyring) as reader:
        pd.testing.assert_frame_equal(pd.read_csv(reader), frame)
    with fortress.open(path, "wb", keyring=keyring) as file:
        frame.to_parquet(file)
    with fortress.open(path, keyring=keyring) as reader:
        pd.testing.assert_frame_equal(pd.read_parquet(reader), frame)
    table = pa.table({"id": range(50_000)})
    with fortress.open(path, "wb", keyring=keyring) as file:
        pq.write_table(table, file, row_group_size=1_000)
    with fortress.open(path, keyring=keyring) as reader:
        assert pq.ParquetFile(reader).read_row_group(40).to_pydict()["id"][0] == 40_000
    with fortress.open(path, keyring=keyring) as reader:
        assert pq.read_table(reader).equals(table)


def test_what_is_refused(tmp_path: Path, keyring: fortress.Keyring, encrypted: Path) -> None:
    other = fortress.Keyring.generate()
    plain = tmp_path / "plain.txt"
    plain.write_text("plain")
    attempts: list[tuple[type[BaseException], str, Any]] = [
        (fortress.NotFortressError, "not a Fortress envelope", lambda: fortress.open(plain, keyring=keyring)),
        (
            fortress.NotFortressError,
            "not a Fortress envelope",
            lambda: fortress.decrypt_file(plain, plain, keyring=keyring),
        ),
        (fortress.WrongRecipientError, "opens this envelope", lambda: fortress.open(encrypted, keyring=other)),
        (fortress.WrongRecipientError, "opens this envelope", lambda: fortress.open(encrypted, passphrase="x")),
        (fortress.AuthenticationError, "not authentic", lambda: fortress.open(encrypted, keyring=keyring)),
        (fortress.ArgumentError, "identity is needed", lambda: fortress.open(encrypted)),
        (fortress.ArgumentError, "recipient is needed", lambda: fortress.open(tmp_path / "n", "wb")),
        (fortress.ArgumentError, "no suite", lambda: fortress.open(tmp_path / "n", "wb", keyring=keyring, suite="AES")),
        (fortress.ArgumentError, "for writing", lambda: fortress.open(encrypted, keyring=keyring, suite="AEGIS-256")),
        (ValueError, "mode must be", lambda: fortress.open(encrypted, "ab", keyring=keyring)),
        (ValueError, "mode must be", lambda: fortress.open(encrypted, "rbb", keyring=keyring)),
        (ValueError, "mode must be", lambda: fortress.open(encrypted, "rtt", keyring=keyring)),
        (ValueError, "mode must be", lambda: fortress.open(encrypted, "rtb", keyring=keyring)),
        (ValueError, "mode must be", lambda: fortress.open(encrypted, "rw", keyring=keyring)),
        (ValueError, "mode must be", lambda: fortress.open(encrypted, "b", keyring=keyring)),
        (FileExistsError, "report", lambda: fortress.open(encrypted, "bx", keyring=keyring)),
        (FileExistsError, "report", lambda: fortress.open(encrypted, "tx", keyring=keyring)),
        (ValueError, "for text", lambda: fortress.open(encrypted, "rb", keyring=keyring, encoding="utf-8")),
        (FileNotFoundError, "nothing", lambda: fortress.open(tmp_path / "nothing", keyring=keyring)),
        (FileNotFoundError, "no", lambda: fortress.open(tmp_path / "no" / "folder", "wb", keyring=keyring)),
        (IsADirectoryError, "directory", lambda: fortress.open(tmp_path, keyring=keyring)),
        (IsADirectoryError, "directory", lambda: fortress.open(tmp_path, "wb", keyring=keyring)),
        (IsADirectoryError, "directory", lambda: fortress.encrypt_file(tmp_path, tmp_path / "n", keyring=keyring)),
        (TypeError, "mode 'rb'", lambda: fortress.open(io.StringIO("FTRS"), keyring=keyring)),
        (TypeError, "mode 'wb'", lambda: fortress.open(io.StringIO(), "wb", keyring=keyring)),
        (TypeError, "a path or a binary file", lambda: fortress.open(42, keyring=keyring)),
        (TypeError, "data must be bytes, got str", lambda: fortress.encrypt_bytes("text", keyring=keyring)),
        (TypeError, "an envelope must be bytes, got str", lambda: fortress.decrypt_bytes("text", keyring=keyring)),
    ]
    for kind, message, attempt in attempts:
        with pytest.raises(kind, match=message) as refusal:
            attempt()
        assert "\n" not in str(refusal.value)
    assert sorted(os.listdir(tmp_path)) == ["plain.txt", "report.ftrs"]
    assert plain.read_text() == "plain"


def test_letters_of_a_mode_come_in_any_order(tmp_path: Path, encrypted: Path, keyring: fortress.Keyring) -> None:
    before = encrypted.read_bytes()
    with fortress.open(encrypted, "br", keyring=keyring, context=CONTEXT) as reader:
        assert reader.read() == pattern(100_000)
    assert encrypted.read_bytes() == before
    path = tmp_path / "notes"
    with fortress.open(path, "tx", keyring=keyring) as text:
        text.write("one")
    with fortress.open(path, "tr", keyring=keyring) as text:
        assert text.read() == "one"
    with fortress.open(path, "bw", keyring=keyring) as writer:
        writer.write(b"two")
    assert fortress.decrypt_bytes(path.read_bytes(), keyring=keyring) == b"two"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_full_disk(tmp_path: Path, keyring: fortress.Keyring) -> None:
    source = tmp_path / "a"
    source.write_bytes(bytes(3_000_000))
    with pytest.raises(OSError, match="No space left"):
        fortress.encrypt_file(source, "/dev/full", keyring=keyring)
    with pytest.raises(OSError, match="No space left"), fortress.open("/dev/full", "wb", keyring=keyring) as file:
        file.write(bytes(1_000_000))


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="no list of open files here")
def test_nothing_stays_open(encrypted: Path, keyring: fortress.Keyring) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        with pytest.raises(fortress.AuthenticationError):
            fortress.open(encrypted, keyring=keyring)
        with fortress.open(encrypted, keyring=keyring, context=CONTEXT) as file:
            file.read(1)
        with pytest.raises(fortress.AuthenticationError):
            fortress.decrypt_file(encrypted, encrypted, keyring=keyring)
    assert len(os.listdir("/proc/self/fd")) == before


def test_an_interrupt_leaves_nothing(tmp_path: Path) -> None:
    script = """
import os, signal, sys, fortress
keyring = fortress.Keyring.generate()
with fortress.open(sys.argv[1], "wb", keyring=keyring) as file:
    file.write(bytes(5_000_000))
    os.kill(os.getpid(), signal.SIGINT)
    while True:
        file.write(bytes(100_000))
"""
    command = [sys.executable, "-c", script, "out"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=False)
    assert ended.returncode != 0
    assert b"KeyboardInterrupt" in ended.stderr
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.skipif(sys.platform == "darwin", reason="a forked child may not do much there")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_leaves_its_parents_file_alone(tmp_path: Path, keyring: fortress.Keyring) -> None:
    path, data = tmp_path / "file", pattern(3_000_000)
    with fortress.open(path, "wb", keyring=keyring) as file:
        file.write(data)
        child = os.fork()
        if child == 0:
            try:
                file.close()
            except fortress.StateError:
                os._exit(0)
            os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
        assert len(leftovers(tmp_path)) == 1
        file.write(data)
    with fortress.open(path, keyring=keyring) as reader:
        assert reader.read() == data + data
    assert os.listdir(tmp_path) == ["file"]


def test_a_write_that_fails_behind_is_told(tmp_path: Path, keyring: fortress.Keyring) -> None:
    """Large pieces are written by another thread: what it meets is raised by the next call, and nothing stays."""
    resource = pytest.importorskip("resource")
    script = f"""
import resource, signal, sys, fortress
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))
keyring = fortress.Keyring.generate()
source = {str(tmp_path / "source")!r}
for attempt in (
    lambda: fortress.encrypt_file(source, "out", keyring=keyring),
    lambda: fortress.decrypt_file(sys.argv[1], "out", passphrase="x"),
    lambda: fortress.open("out", "wb", keyring=keyring).write(bytes(10_000_000)),
):
    try:
        attempt()
    except OSError as error:
        print(error.errno)
"""
    (tmp_path / "source").write_bytes(bytes(10_000_000))
    cheap = fortress.Passphrase("x", passes=1, memory_kib=8192, lanes=1)
    fortress.encrypt_file(tmp_path / "source", tmp_path / "envelope", recipients=[cheap])
    (tmp_path / "empty").mkdir()
    command = [sys.executable, "-W", "ignore", "-c", script, str(tmp_path / "envelope")]
    ended = subprocess.run(command, cwd=tmp_path / "empty", capture_output=True, timeout=60, check=False)
    assert ended.stderr == b""
    assert ended.stdout.split() == [str(errno.EFBIG).encode()] * 3
    assert os.listdir(tmp_path / "empty") == []
    assert resource.getrlimit(resource.RLIMIT_FSIZE) != (2_000_000, 2_000_000)
