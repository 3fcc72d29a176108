"""Headers and keyring payloads that every reader must refuse with ``non_canonical``, by their names."""

from collections.abc import Mapping
from typing import Any

import writer

from fortress_reader import Keyring, cbor


def headers(mine: list[Any]) -> Mapping[str, Any]:
    """E-2, R-1: CBOR items, or bytes where the encoding is at fault. ``mine`` is a good recipient of type 1."""
    kind, body = mine
    good = cbor.encode({1: 2, 2: [mine]})
    return {
        "empty": b"",
        "an array": [1, 2],
        "null": None,
        "no suite": {2: [mine]},
        "no recipients entry": {1: 2},
        "another key": {1: 2, 2: [mine], 5: 0},
        "key 0": {0: 0, 1: 2, 2: [mine]},
        "a text key": {1: 2, 2: [mine], "x": 0},
        "suite as text": {1: "2", 2: [mine]},
        "suite null": {1: None, 2: [mine]},
        "suite of 17 bits": {1: 65_536, 2: [mine]},
        "suite of 64 bits": {1: 2**64 - 1, 2: [mine]},
        "suite not shortest": good.replace(b"\x01\x02\x02", b"\x01\x18\x02\x02", 1),
        "recipients not nested": {1: 2, 2: mine},
        "recipients a map": {1: 2, 2: {1: mine}},
        "recipient of one": {1: 2, 2: [[1]]},
        "recipient of three": {1: 2, 2: [[*mine, 0]]},
        "recipient type as text": {1: 2, 2: [["1", body]]},
        "recipient body as text": {1: 2, 2: [[1, "body"]]},
        "recipient body nested": {1: 2, 2: [[9, [b""]]]},
        "recipient body null": {1: 2, 2: [[9, None]]},
        "keyring body short": {1: 2, 2: [[kind, body[:-1]]]},
        "keyring body long": {1: 2, 2: [[kind, body + b"x"]]},
        "keyring body of a group": {1: 2, 2: [[kind, b"\x02" + body[1:]]]},
        "keyring body of version 9, behind a good one": {1: 2, 2: [mine, [kind, b"\x09" + body[1:]]]},
        "passphrase body short, behind a good recipient": {1: 2, 2: [mine, [2, bytes(131)]]},
        "passphrase body long, behind a good recipient": {1: 2, 2: [mine, [2, bytes(133)]]},
        "metadata empty": {1: 2, 2: [mine], 3: {}},
        "metadata to a number": {1: 2, 2: [mine], 3: {"a": 1}},
        "metadata from a number": {1: 2, 2: [mine], 3: {1: "a"}},
        "metadata null": {1: 2, 2: [mine], 3: None},
        "metadata nested": {1: 2, 2: [mine], 3: {"a": {"b": "c"}}},
        "metadata repeated": b"\xa3" + good[1:] + b"\x03\xa2" + 2 * cbor.encode("a") * 2,
        "metadata with the longer key first": b"\xa3" + good[1:] + b"\x03\xa2" + bytes.fromhex("62616160616260"),
        "content as bytes": {1: 2, 2: [mine], 4: b"keyring"},
        "content null": {1: 2, 2: [mine], 4: None},
        "a byte after the map": good + b"\0",
        "cut off": good[:-1],
        "indefinite map": b"\xbf" + good[1:] + b"\xff",
        "indefinite recipients": b"\xa2\x01\x02\x02\x9f" + cbor.encode(mine) + b"\xff",
        "tagged": b"\xd9\xd9\xf7" + good,
        "an array that says 2^64 - 1 recipients": b"\xa2\x01\x02\x02\x9b" + b"\xff" * 8,
        "a text that says 2^64 - 1 bytes": b"\xa3" + good[1:] + b"\x03\xa1\x7b" + b"\xff" * 8,
        "nested a thousand deep": b"\xa2\x01\x02\x02" + b"\x81" * 1_000 + b"\x00",
    }


def payloads(ring: Keyring) -> Mapping[str, Any]:
    """S-1 to S-3. ``ring`` has a destroyed, a decrypt-only and a primary version, in this order."""
    good = writer.keyring_payload(ring)
    gone, old, new = good[3]

    def changed(**changes: Any) -> dict[Any, Any]:
        keys = {"profile": 1, "path": 2, "versions": 3}
        return {**good, **{keys[name]: value for name, value in changes.items()}}

    return {
        "empty": b"",
        "an array": [good[1], good[2], good[3]],
        "a byte after the map": cbor.encode(good) + b"\0",
        "no profile": {2: good[2], 3: good[3]},
        "no path": {1: good[1], 3: good[3]},
        "no versions entry": {1: good[1], 2: good[2]},
        "another key": {**good, 4: 0},
        "unknown profile": changed(profile="fast"),
        "profile in capitals": changed(profile="Balanced"),
        "profile as a number": changed(profile=1),
        "profile as an array": changed(profile=["balanced"]),
        "path as text": changed(path="a"),
        "path null": changed(path=None),
        "segment as a number": changed(path=[1]),
        "segment as bytes": changed(path=[b"a"]),
        "empty segment": changed(path=["a", ""]),
        "segment of 256 bytes": changed(path=["é" * 128]),
        "17 segments": changed(path=["a"] * 17),
        "no versions": changed(versions=[]),
        "versions a map": changed(versions={1: new}),
        "4,097 versions": changed(versions=[new, *([i.to_bytes(4, "big"), 0, 3, None] for i in range(4_096))]),
        "no primary": changed(versions=[gone, old]),
        "two primaries": changed(versions=[[*old[:2], 1, *old[3:]], new]),
        "repeated id": changed(versions=[old, new, old]),
        "repeated id of a destroyed version": changed(versions=[[old[0], *gone[1:]], old, new]),
        "secret in a destroyed version": changed(versions=[[gone[0], 0, 3, bytes(32)], new]),
        "no secret in a decrypt-only version": changed(versions=[[*old[:3], None], new]),
        "no secret in the primary version": changed(versions=[old, [*new[:3], None]]),
        "secret of 31 bytes": changed(versions=[[*old[:3], bytes(31)], new]),
        "secret of 33 bytes": changed(versions=[[*old[:3], bytes(33)], new]),
        "secret as text": changed(versions=[[*old[:3], "a" * 32], new]),
        "id of 3 bytes": changed(versions=[[b"abc", *old[1:]], new]),
        "id of 5 bytes": changed(versions=[[b"abcde", *old[1:]], new]),
        "id as a number": changed(versions=[[7, *old[1:]], new]),
        "state 0": changed(versions=[[*old[:2], 0, old[3]], new]),
        "state 4": changed(versions=[[*old[:2], 4, old[3]], new]),
        "state as text": changed(versions=[[*old[:2], "primary", old[3]], new]),
        "time as text": changed(versions=[[old[0], "now", *old[2:]], new]),
        "time in the year 10000": changed(versions=[[old[0], 253_402_300_800, *old[2:]], new]),
        "time of 2^64 - 1": changed(versions=[[old[0], 2**64 - 1, *old[2:]], new]),
        "version of three": changed(versions=[old[:3], new]),
        "version of five": changed(versions=[[*old, 0], new]),
        "version a map": changed(versions=[dict(enumerate(old)), new]),
    }
