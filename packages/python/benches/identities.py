"""Fortress's hybrid identities beside Tink's HPKE with the same KEM, X-Wing, as ratios measured in one run.

Tink comes by `pip install tink`; nothing else needs it. Its key template for X-Wing has no name in its Python API, so
it is put together here. Fortress seals an envelope, with header and MAC, Tink the bare ciphertext.

    python identities.py
"""

from __future__ import annotations

import statistics
import time
from typing import Callable

import tink
from tink import hybrid
from tink.proto import hpke_pb2, tink_pb2

import fortress

ROUNDS = 41
CALLS = 50
VALUE = bytes(64)

Work = Callable[[], object]


def main() -> None:
    hybrid.register()
    secret = tink.new_keyset_handle(template())
    seal = secret.public_keyset_handle().primitive(hybrid.HybridEncrypt)
    open_ = secret.primitive(hybrid.HybridDecrypt)
    by_tink = seal.encrypt(VALUE, b"")
    ada = fortress.Identity.generate()
    by_us = fortress.encrypt_bytes(VALUE, recipients=[ada.public])
    assert open_.decrypt(by_tink, b"") == fortress.decrypt_bytes(by_us, identities=[ada]) == VALUE
    race(
        "generate",
        fortress.Identity.generate,
        lambda: tink.new_keyset_handle(template()).primitive(hybrid.HybridDecrypt),
    )
    race(
        "seal",
        lambda: fortress.encrypt_bytes(VALUE, recipients=[ada.public]),
        lambda: seal.encrypt(VALUE, b""),
    )
    race("open", lambda: fortress.decrypt_bytes(by_us, identities=[ada]), lambda: open_.decrypt(by_tink, b""))


def template() -> tink_pb2.KeyTemplate:
    params = hpke_pb2.HpkeParams(
        kem=hpke_pb2.HpkeKem.X_WING, kdf=hpke_pb2.HpkeKdf.HKDF_SHA256, aead=hpke_pb2.HpkeAead.AES_256_GCM
    )
    return tink_pb2.KeyTemplate(
        type_url="type.googleapis.com/google.crypto.tink.HpkePrivateKey",
        value=hpke_pb2.HpkeKeyFormat(params=params).SerializeToString(),
        output_prefix_type=tink_pb2.RAW,
    )


def race(title: str, ours: Work, theirs: Work) -> None:
    """In turns; the ratio is the median of each turn's own."""
    turns = [(timed(ours), timed(theirs)) for _ in range(ROUNDS)]
    us, them = (statistics.median(times) * 1e6 for times in zip(*turns))
    ratio = statistics.median(theirs / ours for ours, theirs in turns)
    print(f"{title:10} Fortress {us:7.1f} us   Tink {them:7.1f} us   {ratio:5.2f} times as fast")


def timed(work: Work) -> float:
    start = time.process_time()
    for _ in range(CALLS):
        work()
    return (time.process_time() - start) / CALLS


if __name__ == "__main__":
    main()
