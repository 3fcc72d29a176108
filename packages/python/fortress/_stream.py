"""Envelopes a piece at a time, for callers that move the bytes themselves: into buffers of theirs, without a copy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from . import _fortress
from ._files import Opening
from ._keyring import Keyring
from ._parties import Opener, Passphrase, Recipient, parties
from ._secret import Secret

if TYPE_CHECKING:
    from ._types import BytesLike, Context, Suite


class Encryptor(Secret):
    """Encrypts a stream: write :attr:`prefix`, then what :meth:`update` gives, then what :meth:`finish` gives.

    >>> import fortress
    >>> keyring = fortress.Keyring.generate()
    >>> encryptor = fortress.Encryptor(keyring=keyring)
    >>> envelope = encryptor.prefix + encryptor.update(b"one, ") + encryptor.update(b"two") + encryptor.finish()
    >>> fortress.decrypt_bytes(envelope, keyring=keyring)
    b'one, two'
    """

    __slots__ = ("_inner",)

    def __init__(
        self,
        *,
        keyring: Keyring | None = None,
        passphrase: str | Passphrase | None = None,
        recipients: Iterable[Recipient] = (),
        context: Context | None = None,
        suite: Suite | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        named = parties(keyring, passphrase, recipients, "a recipient")
        self._inner = _fortress.Encryptor(named, context, suite, metadata)

    @property
    def prefix(self) -> bytes:
        """Everything before the first chunk."""
        return self._inner.prefix

    def update_len(self, length: int) -> int:
        """Bytes that the next update gives for ``length`` bytes."""
        return self._inner.update_len(length)

    def update(self, data: BytesLike) -> bytes:
        """Takes more plaintext; returns the chunks that it fills."""
        return self._inner.update(data)

    def update_into(self, data: BytesLike, out: BytesLike) -> int:
        """As :meth:`update`, into the start of a buffer; returns how many bytes were written."""
        return self._inner.update_into(data, out)

    def finish(self) -> bytes:
        """The rest of the envelope. Without it, the envelope cannot be decrypted to its end."""
        return self._inner.finish()

    def close(self) -> None:
        """Wipes its keys. Leaving it as a context manager does so too."""
        self._inner.close()


class Decryptor(Secret):
    """Decrypts a stream that starts with an envelope's first byte. What it gives is authentic; all of it is there only
    once :meth:`finish` has returned."""

    __slots__ = ("_inner",)

    def __init__(
        self,
        *,
        keyring: Keyring | None = None,
        passphrase: str | Passphrase | None = None,
        identities: Iterable[Opener] = (),
        context: Context | None = None,
    ) -> None:
        self._inner = Opening(parties(keyring, passphrase, identities, "an identity"), context)

    def update(self, data: BytesLike) -> bytes:
        """Takes more of the envelope; returns the plaintext of the chunks that it completes."""
        return self._inner.update(data)

    def update_into(self, data: BytesLike, out: BytesLike) -> int:
        """As :meth:`update`, into the start of a buffer at least as long as ``data`` and 16 KiB more."""
        return self._inner.update_into(data, out)

    def finish(self) -> bytes:
        """The plaintext of the last chunk. Raises if the end is missing."""
        return self._inner.finish()

    def close(self) -> None:
        """Wipes its keys. Leaving it as a context manager does so too."""
        self._inner.close()
