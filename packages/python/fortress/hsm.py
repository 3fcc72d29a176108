"""Keys in hardware modules and in services: they wrap and unwrap the keys of files there, and never leave.

>>> import fortress
>>> with fortress.hsm.open("pkcs11:token=vault;object=kek", pin=ask) as key:  # doctest: +SKIP
...     fortress.encrypt_file("report.pdf", "report.ftrs", recipients=[key])
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from . import _fortress
from ._parties import ExternalKey
from ._secret import Secret

if TYPE_CHECKING:
    from typing import Literal

__all__ = ["DataKeys", "Key", "PinRequest", "open"]


class PinRequest(NamedTuple):
    """Which PIN is asked for."""

    #: The token's label.
    token: str
    #: What the token tells of the tries that are left: ``few`` after a wrong PIN, ``last`` before it locks.
    tries: Literal["unknown", "few", "last"]


class Key(Secret, _fortress.OpenedKey, ExternalKey):
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
    it does not answer or cannot yet. For many envelopes, :meth:`data_keys` asks it once.

    The interpreter is released while tokens and services work, and the file key does not become an object of Python's.
    Threads can share a key; a forked process opens its own.
    """

    __slots__ = ()

    def data_keys(self, *, max_age: float | timedelta | None = None, max_uses: int | None = None) -> DataKeys:
        """Data keys, which this key wraps, and which wrap the keys of many envelopes in its place: a token or a service
        is asked once, and again when a data key is older than ``max_age`` seconds (300 unless given) or has been used
        ``max_uses`` times (10,000 unless given)."""
        age = max_age.total_seconds() if isinstance(max_age, timedelta) else max_age
        return DataKeys(self, max_age=age, max_uses=max_uses)

    def __repr__(self) -> str:
        return _shown(self)


class DataKeys(Secret, _fortress.DataKeys, ExternalKey):
    """A key in a token or a service, which is asked once for many envelopes; :meth:`Key.data_keys` makes it.

    It stands wherever a recipient or an identity does. Each envelope has a file key of its own, carries the wrapped
    data key, and opens alone, by the key that it was made of, or by other data keys of that. What was written for the
    key itself it opens too; of the data keys that it meets when it reads, it keeps a few as long as its own.

    Whoever reads this process's memory meanwhile can open all that the data keys in it wrapped, and not one envelope;
    the service's log tells of data keys, and what it refuses from some moment on opens until they are too old. Closing
    this wipes them; so does closing the key that it was made of.

    >>> with open("gcpkms:projects/p/locations/l/keyRings/r/cryptoKeys/k") as key:  # doctest: +SKIP
    ...     keys = key.data_keys(max_age=3600, max_uses=1000)
    ...     for path in paths:
    ...         fortress.encrypt_file(path, path + ".ftrs", recipients=[keys])
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return _shown(self)


def _shown(key: Key | DataKeys) -> str:
    name = f"fortress.hsm.{type(key).__name__}"
    try:
        return f"<{name} {key.reference}>"
    except ValueError:
        return f"<{name}, closed>"


# Not a function around it: its frame would have the PIN, and tracebacks can show what frames have.
open = Key
