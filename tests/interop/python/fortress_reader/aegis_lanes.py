"""AEGIS-256 and AEGIS-256X2 over many chunks at once, for long messages.

The chunks of a message (N-9) depend on nothing but their index, so all of them go through the cipher side by side, a
lane each. A block of all lanes is one integer of sixteen *planes*, a plane for each byte of a block with that byte of
every lane, in the order of FIPS 197's state read row by row. What plain Python does to it then takes one call for all
lanes: SubBytes is :meth:`bytes.translate`, XOR is that of integers, and MixColumns rotates the integer by rows.

The tests hold it against :mod:`.aegis`, which is the draft's own words.
"""

import hmac
from collections.abc import Iterator

from .aegis import C0, C1, TAG_LENGTH, AegisTagMismatch, double, s_box

_BLOCK = 16
# Where byte i of a block stands: FIPS 197 writes them column by column.
_ROW_BY_ROW = [4 * column + row for row in range(4) for column in range(4)]
# More lanes leave the processor's cache.
_AT_ONCE = 512
_S_BOX = bytes(s_box())
_S_BOX_TWICE = bytes(double(value) for value in _S_BOX)


def decrypt(degree: int, key: bytes, nonces: list[bytes], sealed: bytes) -> bytes:
    """The plaintext of chunks of one length, a multiple of the rate: a nonce for each, and no associated data."""
    return b"".join(Lanes(degree, key, some).decrypt(part) for some, part in _parts(nonces, sealed))


def encrypt(degree: int, key: bytes, nonces: list[bytes], chunks: bytes) -> bytes:
    """What :func:`decrypt` takes."""
    return b"".join(Lanes(degree, key, some).encrypt(part) for some, part in _parts(nonces, chunks))


class Lanes:
    """``V[0..6, 0..D]`` of as many lanes as there are nonces."""

    def __init__(self, degree: int, key: bytes, nonces: list[bytes]) -> None:
        self.count = len(nonces)
        self.rate = _BLOCK * degree
        self._bits = 8 * _BLOCK * self.count
        self._row = self._bits // 4
        k0, k1 = self._same(key[:_BLOCK]), self._same(key[_BLOCK:])
        joined = b"".join(nonces)
        n0, n1 = (self._gathered(joined, at, 2 * _BLOCK) for at in (0, _BLOCK))
        c0, c1 = self._same(C0.to_bytes(_BLOCK, "big")), self._same(C1.to_bytes(_BLOCK, "big"))
        self._blocks = [[k0 ^ n0, k1 ^ n1, c1, c0, k0 ^ c0, k1 ^ c1] for _ in range(degree)]
        separators = [self._same(bytes((i, degree - 1)).ljust(_BLOCK, b"\0")) for i in range(degree)]
        for _ in range(4):
            for block in (k0, k1, k0 ^ n0, k1 ^ n1):
                for v, separator in zip(self._blocks, separators, strict=True):
                    v[3] ^= separator
                    v[5] ^= separator
                self._update([block] * degree)

    def encrypt(self, chunks: bytes) -> bytes:
        """Ciphertext and tag of each of these chunks, which are of one length, a multiple of the rate."""
        return self._through(chunks, len(chunks) // self.count, sealing=True)

    def decrypt(self, sealed: bytes) -> bytes:
        """The plaintext of chunks that :meth:`encrypt` made, once all their tags are verified."""
        return self._through(sealed, len(sealed) // self.count - TAG_LENGTH, sealing=False)

    def _through(self, source: bytes, length: int, *, sealing: bool) -> bytes:
        stride = len(source) // self.count
        made = bytearray(self.count * (length + TAG_LENGTH if sealing else length))
        step = len(made) // self.count
        for start in range(0, length, self.rate):
            message = []
            for i, v in enumerate(self._blocks):
                at = start + i * _BLOCK
                given = self._gathered(source, at, stride)
                other = given ^ v[1] ^ v[4] ^ v[5] ^ (v[2] & v[3])
                self._scatter(other, made, at, step)
                message.append(given if sealing else other)
            self._update(message)
        tags = self._finalize(length)
        if sealing:
            self._scatter(tags, made, length, step)
        elif not hmac.compare_digest(self._bytes(tags), self._bytes(self._gathered(source, length, stride))):
            raise AegisTagMismatch
        return bytes(made)

    def _finalize(self, length: int) -> int:
        lengths = self._same(bytes(8) + (8 * length).to_bytes(8, "little"))
        last = [v[3] ^ lengths for v in self._blocks]
        for _ in range(7):
            self._update(last)
        tag = 0
        for v in self._blocks:
            for block in v:
                tag ^= block
        return tag

    def _update(self, message: list[int]) -> None:
        for v, m in zip(self._blocks, message, strict=True):
            after = [self._aes_round(block) for block in v]
            v[:] = [
                after[5] ^ v[0] ^ m,
                after[0] ^ v[1],
                after[1] ^ v[2],
                after[2] ^ v[3],
                after[3] ^ v[4],
                after[4] ^ v[5],
            ]

    def _aes_round(self, block: int) -> int:
        """SubBytes, ShiftRows and MixColumns (FIPS 197, 5.1)."""
        n, rows = self.count, self._bytes(block)
        shifted = b"".join(
            part
            for row in range(4)
            for part in (rows[(5 * row) * n : 4 * (row + 1) * n], rows[4 * row * n : (5 * row) * n])
        )
        once = int.from_bytes(shifted.translate(_S_BOX), "big")
        twice = int.from_bytes(shifted.translate(_S_BOX_TWICE), "big")
        # 2 a[r] + 3 a[r + 1] + a[r + 2] + a[r + 3]
        return twice ^ self._up(once ^ twice ^ self._up(once ^ self._up(once)))

    def _up(self, block: int) -> int:
        """Each row in the place of the one before."""
        kept = self._bits - self._row
        return (block & ((1 << kept) - 1)) << self._row | block >> kept

    def _same(self, block: bytes) -> int:
        """A block that is the same in all lanes."""
        return int.from_bytes(b"".join(bytes((block[i],)) * self.count for i in _ROW_BY_ROW), "big")

    def _gathered(self, source: bytes, at: int, stride: int) -> int:
        """The block at a place of each lane."""
        return int.from_bytes(b"".join(source[at + i :: stride] for i in _ROW_BY_ROW), "big")

    def _scatter(self, block: int, made: bytearray, at: int, stride: int) -> None:
        """Writes a block to a place of each lane."""
        planes, n = self._bytes(block), self.count
        for place, i in enumerate(_ROW_BY_ROW):
            made[at + i :: stride] = planes[place * n : (place + 1) * n]

    def _bytes(self, block: int) -> bytes:
        return block.to_bytes(_BLOCK * self.count, "big")


def _parts(nonces: list[bytes], chunks: bytes) -> Iterator[tuple[list[bytes], bytes]]:
    length = len(chunks) // len(nonces)
    for start in range(0, len(nonces), _AT_ONCE):
        some = nonces[start : start + _AT_ONCE]
        yield some, chunks[start * length : (start + len(some)) * length]
