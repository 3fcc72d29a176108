"""I-4: Bech32m as BIP 350 has it, for texts of any length, in lowercase alone."""

_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CONSTANT = 0x2BC830A3
_CHECKSUM_LENGTH = 6


def encode(prefix: str, data: bytes) -> str:
    """``prefix``, a 1, the data and its checksum."""
    count = -(-len(data) * 8 // 5)
    number = int.from_bytes(data, "big") << (count * 5 - len(data) * 8)
    fives = [number >> 5 * (count - 1 - at) & 31 for at in range(count)]
    remainder = _remainder(prefix, fives + [0] * _CHECKSUM_LENGTH) ^ _CONSTANT
    fives += [remainder >> 5 * (_CHECKSUM_LENGTH - 1 - at) & 31 for at in range(_CHECKSUM_LENGTH)]
    return f"{prefix}1" + "".join(_ALPHABET[five] for five in fives)


def decode(prefix: str, text: str) -> bytes | None:
    """The data of a text; ``None`` for a text that :func:`encode` does not write."""
    if not text.startswith(f"{prefix}1"):
        return None
    fives = [_ALPHABET.find(character) for character in text[len(prefix) + 1 :]]
    if len(fives) < _CHECKSUM_LENGTH or -1 in fives or _remainder(prefix, fives) != _CONSTANT:
        return None
    fives = fives[:-_CHECKSUM_LENGTH]
    spare = len(fives) * 5 % 8
    number = sum(five << 5 * at for at, five in enumerate(reversed(fives)))
    data = (number >> spare).to_bytes(len(fives) * 5 // 8, "big")
    return data if encode(prefix, data) == text else None


def _remainder(prefix: str, fives: list[int]) -> int:
    """BIP 173: the checksum's polynomial over the prefix and the data."""
    remainder = 1
    for value in (*(ord(c) >> 5 for c in prefix), 0, *(ord(c) & 31 for c in prefix), *fives):
        top = remainder >> 25
        remainder = (remainder & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATORS):
            remainder ^= generator if top >> bit & 1 else 0
    return remainder
