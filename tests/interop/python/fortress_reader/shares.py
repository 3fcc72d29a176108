"""Q-1 to Q-4: share sets."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce

from . import bech32m
from .errors import Code, FortressError

ID_LENGTH = 8
KEY_LENGTH = 32
SHARE_LENGTH = ID_LENGTH + 2 + KEY_LENGTH


@dataclass(frozen=True)
class Share:
    """Q-3."""

    set: bytes
    threshold: int
    number: int
    value: bytes = field(repr=False)

    @classmethod
    def of(cls, data: bytes) -> "Share":
        if len(data) != SHARE_LENGTH or data[ID_LENGTH] < 2 or data[ID_LENGTH + 1] < 1:
            raise _invalid("a share has 42 bytes, a threshold of at least 2 and a number of at least 1")
        return cls(data[:ID_LENGTH], data[ID_LENGTH], data[ID_LENGTH + 1], data[ID_LENGTH + 2 :])

    @classmethod
    def parse(cls, text: str) -> "Share":
        data = bech32m.decode("fortress-share-", text.lower()) if text == text.upper() else None
        if data is None:
            raise _invalid("not the text of a share")
        return cls.of(data)

    @property
    def text(self) -> str:
        return bech32m.encode("fortress-share-", self.set + bytes((self.threshold, self.number)) + self.value).upper()


class Shares:
    """Q-4: shares of one set, brought together."""

    def __init__(self, shares: Iterable[Share]) -> None:
        self.shares = list(dict.fromkeys(shares))
        if not self.shares:
            raise FortressError(Code.NOT_ENOUGH_SHARES, "no shares")
        if len({share.set for share in self.shares}) > 1:
            raise FortressError(Code.DIFFERENT_SHARE_SETS, "shares of different sets")
        thresholds = {share.threshold for share in self.shares}
        if len(thresholds) > 1 or len({share.number for share in self.shares}) < len(self.shares):
            raise _invalid("shares that contradict each other")
        self.set, self.threshold = self.shares[0].set, self.shares[0].threshold

    def key(self) -> bytes:
        """Q-2: the set key, by Lagrange's interpolation at 0."""
        if len(self.shares) < self.threshold:
            raise FortressError(Code.NOT_ENOUGH_SHARES, f"it takes {self.threshold} shares, not {len(self.shares)}")
        points = self.shares[: self.threshold]
        key = bytes(KEY_LENGTH)
        for point in points:
            others = [other.number for other in points if other is not point]
            weight = reduce(product, (product(x, inverse(x ^ point.number)) for x in others), 1)
            key = bytes(so_far ^ product(weight, byte) for so_far, byte in zip(key, point.value, strict=True))
        return key


def product(a: int, b: int) -> int:
    """FIPS 197, 4.2."""
    result = 0
    for bit in range(8):
        result ^= a if b >> bit & 1 else 0
        a = a << 1 ^ (0x11B if a & 0x80 else 0)
    return result


def inverse(a: int) -> int:
    """``a`` to the power of 254."""
    return reduce(product, [a] * 254)


def _invalid(sentence: str) -> FortressError:
    return FortressError(Code.INVALID_SHARE, sentence)
