"""Keys in hardware modules and in services: they wrap and unwrap the keys of files there, and never leave.

>>> import fortress
>>> with fortress.hsm.open("pkcs11:token=vault;object=kek", pin=ask) as key:  # doctest: +SKIP
...     fortress.encrypt_file("report.pdf", "report.ftrs", recipients=[key])
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from . import _fortress
from ._parties import ExternalKey
from ._secret import Secret

if TYPE_CHECKING:
    from typing import Literal

__all__ = ["Key", "PinRequest", "open"]


class PinRequest(NamedTuple):
    """Which PIN is asked for."""

    #: The token's label.
    token: str
    #: What the token tells of the tries that are left: ``few`` after a wrong PIN, ``last`` before it locks.
    tries: Literal["unknown", "few", "last"]


class Key(Secret, _fortress.ExternalKey, ExternalKey):
    """A key that was opened by its URI: a recipient, and what opens what was written for it. :func:`open` makes one.

    ==================================================  ==========================================================
    URI                                                 where the key is
    ==================================================  ==========================================================
    ``pkcs11:token=...;object=...`` (RFC 7512)          in a PKCS #11 token: an HSM, a smart card
    ``vault:MOUNT/KEY``                                 in the Transit engine of HashiCorp Vault or OpenBao
    ``awskms:`` and an ARN, a key id or ``alias/NAME``  in AWS KMS
    ``gcpkms:projects/.../cryptoKeys/...``              in Google Cloud KMS
    ``azurekv:https://NAME.vault.azure.net/keys/KEY``   in Azure Key Vault or Managed HSM
    ==================================================  ==========================================================

    A token is logged in to at once. Its module is ``module``, ``?module-path=`` at the end of the URI, or
    ``FORTRESS_PKCS11_MODULE`` in the environment. Its PIN is ``?pin-value=`` or ``?pin-source=`` in the URI, ``pin``
    (a str, or what is called with a :class:`PinRequest` and returns it), the text of ``pin_file``, or ``FORTRESS_PIN``.

    Address and credentials of a service are in the environment, where its own tools look for them. It is asked once for
    an envelope, within ``timeout`` seconds (5 unless given), and again, at most ``tries`` times (3 unless given), where
    it does not answer or cannot yet.

    The interpreter is released while tokens and services work, and the file key does not become an object of Python's.
    Threads can share a key; a forked process opens its own.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        try:
            return f"<fortress.hsm.Key {self.reference}>"
        except ValueError:
            return "<fortress.hsm.Key, closed>"


# Not a function around it: its frame would have the PIN, and tracebacks can show what frames have.
open = Key
