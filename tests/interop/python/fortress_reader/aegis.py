"""AEGIS-256 and AEGIS-256X2 (draft-irtf-cfrg-aegis-aead), decryption with the 128-bit tag.

``cryptography`` has no AEGIS, so here it is, in the draft's own words and at the speed of plain Python; the chunks of
long messages go through :mod:`.aegis_lanes`. AEGIS-256X with degree 1 *is* AEGIS-256; one class serves both. A block is
128 bits in a Python integer, the first byte highest. It is not constant time: fit for checking files, for nothing else.
"""

import hmac

TAG_LENGTH = 16

_BLOCK = 16
_MASK = (1 << 128) - 1
C0 = 0x000101020305080D1522375990E97962
C1 = 0xDB3D18556DC22FF12011314273B528DD


class AegisTagMismatch(Exception):
    """The tag does not verify."""


def decrypt(degree: int, key: bytes, nonce: bytes, sealed: bytes, associated_data: bytes) -> bytes:
    """``Decrypt(ct, tag, ad, key, nonce)`` of AEGIS-256X``degree``; ``sealed`` is ciphertext and tag."""
    ciphertext, tag = sealed[:-TAG_LENGTH], sealed[-TAG_LENGTH:]
    state = State(degree, key, nonce)
    state.absorb(associated_data)
    plaintext = b"".join(
        state.decrypt(ciphertext[start : start + state.rate]) for start in range(0, len(ciphertext), state.rate)
    )
    if not hmac.compare_digest(state.finalize(len(associated_data), len(ciphertext)), tag):
        raise AegisTagMismatch
    return plaintext


class State:
    """``V[0..6, 0..D]``: D states of six blocks; a message block of the rate feeds each of them 16 bytes."""

    def __init__(self, degree: int, key: bytes, nonce: bytes) -> None:
        self.rate = _BLOCK * degree
        self._degree = degree
        k0, k1 = _split(key)
        n0, n1 = _split(nonce)
        self.blocks = [[k0 ^ n0, k1 ^ n1, C1, C0, k0 ^ C0, k1 ^ C1] for _ in range(degree)]
        for _ in range(4):
            for block in (k0, k1, k0 ^ n0, k1 ^ n1):
                self._separate()
                self.update([block] * degree)

    def _separate(self) -> None:
        # ctx[i] = ZeroPad(Byte(i) || Byte(D - 1), 128): zero for degree 1, where it changes nothing.
        for i, v in enumerate(self.blocks):
            separator = i << 120 | (self._degree - 1) << 112
            v[3] ^= separator
            v[5] ^= separator

    def absorb(self, associated_data: bytes) -> None:
        for start in range(0, len(associated_data), self.rate):
            self.update(_split(associated_data[start : start + self.rate].ljust(self.rate, b"\0")))

    def update(self, message: list[int]) -> None:
        for v, m in zip(self.blocks, message, strict=True):
            v[:] = [
                aes_round(v[5], v[0] ^ m),
                aes_round(v[0], v[1]),
                aes_round(v[1], v[2]),
                aes_round(v[2], v[3]),
                aes_round(v[3], v[4]),
                aes_round(v[4], v[5]),
            ]

    def decrypt(self, ciphertext: bytes) -> bytes:
        """``Dec`` and ``DecPartial``: up to a rate of ciphertext."""
        plaintext = bytes(c ^ z for c, z in zip(ciphertext, self.keystream(), strict=False))
        self.update(_split(plaintext.ljust(self.rate, b"\0")))
        return plaintext

    def keystream(self) -> bytes:
        """``z`` of ``Dec``: what the next rate of ciphertext is XORed with."""
        return b"".join(_join(v[1] ^ v[4] ^ v[5] ^ (v[2] & v[3])) for v in self.blocks)

    def finalize(self, associated_length: int, message_length: int) -> bytes:
        lengths = (8 * associated_length).to_bytes(8, "little") + (8 * message_length).to_bytes(8, "little")
        last = [v[3] ^ _split(lengths)[0] for v in self.blocks]
        for _ in range(7):
            self.update(last)
        tag = 0
        for v in self.blocks:
            for block in v:
                tag ^= block
        return _join(tag)


def aes_round(block: int, round_key: int) -> int:
    """``AESRound(in, rk)``: SubBytes, ShiftRows, MixColumns, then the round key (FIPS 197)."""
    s = block.to_bytes(_BLOCK, "big")
    return round_key ^ (
        (_T0[s[0]] ^ _T1[s[5]] ^ _T2[s[10]] ^ _T3[s[15]]) << 96
        | (_T0[s[4]] ^ _T1[s[9]] ^ _T2[s[14]] ^ _T3[s[3]]) << 64
        | (_T0[s[8]] ^ _T1[s[13]] ^ _T2[s[2]] ^ _T3[s[7]]) << 32
        | (_T0[s[12]] ^ _T1[s[1]] ^ _T2[s[6]] ^ _T3[s[11]])
    )


def _split(data: bytes) -> list[int]:
    return [int.from_bytes(data[i : i + _BLOCK], "big") for i in range(0, len(data), _BLOCK)]


def _join(block: int) -> bytes:
    return (block & _MASK).to_bytes(_BLOCK, "big")


def double(x: int) -> int:
    """Multiplication by x in the field of AES, modulo x^8 + x^4 + x^3 + x + 1."""
    return (x << 1) ^ (0x11B if x & 0x80 else 0)


def s_box() -> list[int]:
    """FIPS 197, 5.1.1: the inverse in the field, then the affine transformation."""
    power = [1]
    for _ in range(254):
        power.append(double(power[-1]) ^ power[-1])
    exponent_of = {value: exponent for exponent, value in enumerate(power)}
    box = []
    for value in range(256):
        inverse = power[-exponent_of[value] % 255] if value else 0
        rotated = inverse
        result = inverse ^ 0x63
        for _ in range(4):
            rotated = (rotated << 1 | rotated >> 7) & 0xFF
            result ^= rotated
        box.append(result)
    return box


def _tables() -> tuple[list[int], list[int], list[int], list[int]]:
    """SubBytes and MixColumns in one: the column that a byte of row 0, 1, 2 or 3 contributes."""
    first = []
    for s in s_box():
        twice = double(s)
        first.append(twice << 24 | s << 16 | s << 8 | twice ^ s)

    def rotate(table: list[int]) -> list[int]:
        return [column >> 8 | (column & 0xFF) << 24 for column in table]

    second = rotate(first)
    third = rotate(second)
    return first, second, third, rotate(third)


_T0, _T1, _T2, _T3 = _tables()
