"""asyncio: the loop goes on, and a cancelled task leaves nothing."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from conftest import pattern

import fortress


def test_files(tmp_path: Path, keyring: fortress.Keyring) -> None:
    path = tmp_path / "file"

    async def work() -> None:
        async with fortress.aio.open(path, "wb", keyring=keyring, metadata={"a": "b"}) as writer:
            await writer.write(pattern(100_000))
            assert writer.tell() == 100_000
        async with fortress.aio.open(path, keyring=keyring) as reader:
            assert (reader.size, reader.metadata) == (100_000, {"a": "b"})
            assert await reader.seek(-10, 2) == 99_990
            assert await reader.read() == pattern(100_000)[-10:]
            await reader.seek(50_000)
            buffer = bytearray(10)
            assert await reader.readinto(buffer) == 10
            assert buffer == pattern(50_010)[-10:]
            await reader.seek(0)
            assert b"".join([piece async for piece in reader]) == pattern(100_000)
        plain = await fortress.aio.open(path, keyring=keyring)
        await plain.close()
        with pytest.raises(ZeroDivisionError):
            async with fortress.aio.open(path, "wb", keyring=keyring) as writer:
                await writer.write(b"lost")
                1 / 0  # noqa: B018
        for mode in ("rt", "tr", "rbb", "rtb", "ab"):
            with pytest.raises(ValueError, match="mode"):
                fortress.aio.open(path, mode, keyring=keyring)
        async with fortress.aio.open(path, "br", keyring=keyring) as reader:
            assert reader.size == 100_000
        with pytest.raises(FileExistsError):
            await fortress.aio.open(path, "bx", keyring=keyring)
        unopened = fortress.aio.open(path, keyring=keyring)
        for attempt in (unopened.tell, lambda: unopened.size, lambda: unopened.metadata):
            with pytest.raises(fortress.StateError, match="not open yet"):
                attempt()
        for waiting in (unopened.read(), unopened.write(b""), unopened.seek(0), unopened.abort()):
            with pytest.raises(fortress.StateError, match="not open yet"):
                await waiting
        await unopened.close()

    asyncio.run(work())
    with fortress.open(path, keyring=keyring) as reader:
        assert reader.size == 100_000
    assert os.listdir(tmp_path) == ["file"]


def test_streams(keyring: fortress.Keyring) -> None:
    async def pieces(data: bytes, length: int) -> AsyncIterator[bytes]:
        for at in range(0, len(data), length):
            await asyncio.sleep(0)
            yield data[at : at + length]

    async def work() -> None:
        for length in (5_000, 200_000):
            encrypting = fortress.aio.encrypt_stream(pieces(pattern(500_000), length), keyring=keyring)
            envelope = b"".join([piece async for piece in encrypting])
            decrypting = fortress.aio.decrypt_stream(pieces(envelope, length), keyring=keyring)
            assert b"".join([piece async for piece in decrypting]) == pattern(500_000)
            cut = fortress.aio.decrypt_stream(pieces(envelope[:-1], length), keyring=keyring)
            with pytest.raises(fortress.AuthenticationError):
                async for _ in cut:
                    pass

    asyncio.run(work())


def test_whole_files_and_progress(tmp_path: Path, keyring: fortress.Keyring) -> None:
    source, middle, back = tmp_path / "a", tmp_path / "b", tmp_path / "c"
    source.write_bytes(pattern(3_000_000))
    steps: list[int] = []

    async def work() -> None:
        await fortress.aio.encrypt_file(source, middle, keyring=keyring, progress=lambda done, _: steps.append(done))
        await fortress.aio.decrypt_file(middle, back, keyring=keyring)
        await fortress.aio.rewrap_file(
            middle, keyring=keyring, recipients=[keyring], progress=lambda done, _: steps.append(done)
        )
        with pytest.raises(fortress.NotFortressError):
            await fortress.aio.decrypt_file(source, back, keyring=keyring)

    asyncio.run(work())
    assert 3_000_000 in steps
    assert steps[-1] == middle.stat().st_size
    assert back.read_bytes() == pattern(3_000_000)


def test_a_cancelled_task_leaves_nothing(tmp_path: Path, keyring: fortress.Keyring) -> None:
    class Endless(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer: object) -> int:
            return memoryview(buffer).nbytes  # type: ignore[arg-type]

    async def work() -> None:
        started = asyncio.Event()
        task = asyncio.create_task(
            fortress.aio.encrypt_file(
                Endless(),
                tmp_path / "out",
                keyring=keyring,
                progress=lambda *_: started.set(),  # type: ignore[arg-type]
            )
        )
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert os.listdir(tmp_path) == []

    asyncio.run(work())
