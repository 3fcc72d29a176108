"""The extension module. `fortress` is what people import."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from os import PathLike
from typing import Any, TypeVar, overload

from typing_extensions import Buffer, Self, TypeAlias

from .hsm import PinRequest

_K = TypeVar("_K", bound=Keyring)

#: From a size to memory that can be written, for a column; and bytes of values up to which offsets have 32 bits.
Lender: TypeAlias = tuple[Callable[[int], Buffer], int]
#: A column in such memory: is it text, do its offsets have 64 bits, rows, nulls; validity, offsets and data.
Lent: TypeAlias = tuple[bool, bool, int, int, list[Buffer | None]]

class Keyring:
    @classmethod
    def _generate(cls, profile: str | None, now: int) -> Self: ...
    @classmethod
    def _open(cls, sealed: Buffer, identities: Iterable[object]) -> Self: ...
    def _seal(self, recipients: Iterable[object], metadata: Mapping[str, str] | None) -> bytes: ...
    @staticmethod
    def _rewrap(
        sealed: Buffer, identities: Iterable[object], recipients: Iterable[object], keep: str | Sequence[int]
    ) -> tuple[int, bytes]: ...
    def _scope(self, segments: tuple[str, ...]) -> Self: ...
    def _rotate(self, now: int) -> str: ...
    def _destroy_version(self, id: str) -> None: ...
    def _rotation_due(self, now: int) -> bool: ...
    def _expose_secret(self, id: str) -> bytes | None: ...
    def _describe(self) -> tuple[str, list[str], str, list[tuple[str, int, str]]]: ...
    def close(self) -> None:
        """Wipes the secrets. Whatever is using them finishes first; after that every use fails."""

    @overload
    def encrypt(self, value: str, context: Mapping[str, str] | None = None) -> str: ...
    @overload
    def encrypt(self, value: Buffer, context: Mapping[str, str] | None = None) -> bytes:
        """Encrypts a value of at most 16 MiB into a token: text for ``str``, bytes for bytes."""

    def decrypt(self, token: str | Buffer, context: Mapping[str, str] | None = None) -> bytes:
        """Decrypts a token, given as text or bytes. ``context`` equals the one it was encrypted with."""

    def decrypt_text(self, token: str | Buffer, context: Mapping[str, str] | None = None) -> str:
        """As :meth:`decrypt`, for a value that was text."""

    @overload
    def reencrypt(self, token: str, context: Mapping[str, str] | None = None) -> str: ...
    @overload
    def reencrypt(self, token: Buffer, context: Mapping[str, str] | None = None) -> bytes:
        """Encrypts a token's value again under the primary version."""

    def is_current(self, token: str | Buffer) -> bool:
        """Was this token made by the primary version? If not, :meth:`reencrypt` brings it up to date, or for what
        belongs to a row or a column :meth:`reencrypt_row` or :meth:`reencrypt_column`. Of those whose header is stored
        once, ask for the header."""

    def _encrypt_all(self, values: tuple[Any, ...], contexts: object) -> list[Any]: ...
    def _decrypt_all(self, tokens: tuple[Any, ...], contexts: object, text: bool) -> list[Any]: ...
    def _encrypt_row(
        self, row: Mapping[str, Any], context: Mapping[str, str] | None, hoisted: bool
    ) -> tuple[bytes, dict[str, Any]]: ...
    def _decrypt_row(
        self,
        row: Mapping[str, Any],
        header: str | Buffer | None,
        context: Mapping[str, str] | None,
        text: bool,
    ) -> dict[str, Any]: ...
    def _reencrypt_row(
        self, row: Mapping[str, Any], header: str | Buffer | None, context: Mapping[str, str] | None
    ) -> tuple[bytes, dict[str, Any]]: ...
    def _encrypt_values(
        self, values: tuple[Any, ...], context: Mapping[str, str] | None, contexts: object, hoisted: bool
    ) -> tuple[bytes, list[Any]]: ...
    def _decrypt_values(
        self, tokens: tuple[Any, ...], context: Mapping[str, str] | None, contexts: object, header: object, text: bool
    ) -> list[Any]: ...
    def _reencrypt_values(
        self, tokens: tuple[Any, ...], context: Mapping[str, str] | None, contexts: object, header: object
    ) -> tuple[bytes, list[Any]]: ...
    def _encrypt_arrow(
        self,
        array: object,
        context: Mapping[str, str] | None,
        contexts: object,
        hoisted: bool,
        lender: Lender | None,
    ) -> tuple[bytes, ArrowColumn | Lent]: ...
    def _decrypt_arrow(
        self,
        array: object,
        context: Mapping[str, str] | None,
        contexts: object,
        header: object,
        text: bool,
        lender: Lender | None,
    ) -> ArrowColumn | Lent: ...
    def _reencrypt_arrow(
        self,
        array: object,
        context: Mapping[str, str] | None,
        contexts: object,
        header: object,
        lender: Lender | None,
    ) -> tuple[bytes, ArrowColumn | Lent]: ...
    def scope_identity(self) -> str:
        """The identity of this keyring's scope: a text of 1,974 characters that starts with ``fortress-scope-1``.

        Anyone may know it. Who names it as a recipient encrypts files and messages for those who hold the keyring of
        this scope, and reads nothing back. It is that of the primary version: after a rotation give out the new one;
        what comes by the old one still opens."""

    def _grant(
        self,
        recipients: Iterable[object],
        granter: SigningKey,
        actions: str,
        times: tuple[int, int],
        texts: tuple[str, str, str],
    ) -> bytes: ...

class SigningKey:
    def __new__(cls, secret: str | None = None, algorithm: str | None = None) -> Self: ...
    @property
    def verifying_key(self) -> str:
        """What others verify by: a text that starts with ``fortress-verifying-key-1``."""

    @property
    def id(self) -> str:
        """16 hexadecimal digits that tell granters apart. Compare verifying keys, and all of them, where it matters who
        someone is."""

    @property
    def algorithm(self) -> str:
        """``ed25519``, or ``hybrid`` with ML-DSA-65 beside it."""

    def expose_secret(self) -> str:
        """The secret text, in the clear: whoever has it signs as this granter."""

    def close(self) -> None:
        """Wipes it, once nothing uses it any more."""

class Grant:
    def __new__(cls, sealed: Buffer, identities: Iterable[object], trusted: list[str], now: int) -> Self: ...
    def _terms(self) -> dict[str, Any]: ...
    def _check(self, now: int) -> None: ...
    def _scope(self, cls: type[_K], path: list[str] | None, now: int) -> _K: ...
    def _scope_identity(self, now: int) -> str: ...
    def close(self) -> None:
        """Wipes its keys, once nothing uses them any more. Keyrings that it gave out are closed by themselves."""

class Passphrase:
    def __new__(
        cls,
        text: str,
        *,
        passes: int | None = None,
        memory_kib: int | None = None,
        lanes: int | None = None,
    ) -> Self: ...
    def close(self) -> None:
        """Wipes it."""

class Identity:
    def __new__(cls, secret: str | None = None) -> Self: ...
    @property
    def public(self) -> str:
        """What others encrypt for: a text that starts with ``fortress1``."""

    @property
    def id(self) -> str:
        """16 hexadecimal digits that stand for it in headers. Compare public texts where it matters who someone is."""

    def expose_secret(self) -> str:
        """The secret text, in the clear: whoever has it reads everything that was encrypted for this identity."""

    def held_shares(self, sealed: Buffer) -> list[str]:
        """The shares that an envelope or a sealed keyring holds for it, as texts: what its holder brings when others
        need it. Only who opens the envelope can tell whether its header is authentic."""

    def close(self) -> None:
        """Wipes it, once nothing uses it any more."""

class ShareSet:
    def __new__(cls, threshold: int, count: int, holders: list[str]) -> Self: ...
    @property
    def id(self) -> str:
        """16 hexadecimal digits, in each of its shares and in headers."""

    @property
    def threshold(self) -> int:
        """How many shares open."""

    def expose_shares(self) -> list[str]:
        """The texts of all shares, in the clear. Give each to someone else."""

    def close(self) -> None:
        """Wipes it, once nothing uses it any more."""

class Shares:
    def __new__(cls, texts: list[str]) -> Self: ...
    @property
    def set_id(self) -> str:
        """The id of the set that they are of."""

    @property
    def threshold(self) -> int:
        """How many shares of the set open."""

    def __len__(self) -> int: ...
    def close(self) -> None:
        """Wipes them, once nothing uses them any more."""

class ExternalKey:
    @property
    def reference(self) -> str:
        """What headers call it: the token and the key, and not how they are reached."""

    def wrap(self, file_key: Buffer, associated: Buffer) -> bytes: ...
    def unwrap(self, wrapped: Buffer, associated: Buffer) -> bytes: ...
    def opens(self, reference: str) -> bool: ...
    def close(self) -> None:
        """Lets go of it, once nothing uses it any more."""

class OpenedKey(ExternalKey):
    def __new__(
        cls,
        uri: str,
        *,
        pin: str | Callable[[PinRequest], str] | None = None,
        pin_file: str | PathLike[str] | None = None,
        module: str | PathLike[str] | None = None,
        timeout: float | None = None,
        tries: int | None = None,
    ) -> Self: ...
    def close(self) -> None:
        """Lets go of it, and of the data keys that were made of it, once nothing uses them any more."""

class DataKeys(ExternalKey):
    def __new__(cls, key: OpenedKey, *, max_age: float | None = None, max_uses: int | None = None) -> Self: ...

class Seed: ...

class ArrowColumn:
    def __len__(self) -> int: ...
    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]: ...
    def __arrow_c_schema__(self) -> object: ...

class Encryptor:
    def __new__(
        cls,
        recipients: Iterable[object],
        context: Mapping[str, str] | None,
        suite: str | None,
        metadata: Mapping[str, str] | None,
    ) -> Self: ...
    @property
    def prefix(self) -> bytes: ...
    def update_len(self, len: int) -> int: ...
    def update(self, data: Buffer) -> bytes: ...
    def update_into(self, data: Buffer, out: Buffer) -> int: ...
    def finish(self) -> bytes: ...
    def close(self) -> None: ...

class Decryptor:
    def update_len(self, len: int) -> int: ...
    def update(self, data: Buffer) -> bytes: ...
    def update_into(self, data: Buffer, out: Buffer) -> int: ...
    def finish(self) -> bytes: ...
    def close(self) -> None: ...

class Ranges:
    @property
    def plaintext_len(self) -> int: ...
    def last_chunk(self) -> tuple[int, int]: ...
    def authenticate_length(self, chunk: Buffer) -> None: ...
    def locate(self, start: int, end: int) -> tuple[int, int]: ...
    def decrypt_into(self, start: int, end: int, chunks: Buffer, out: Buffer) -> None: ...
    def close(self) -> None: ...

def open_envelope(
    prefix: Buffer,
    identities: Iterable[object],
    context: Mapping[str, str] | None,
    envelope_len: int | None,
) -> tuple[dict[str, str], str, Ranges | Decryptor]: ...
def encrypt_envelope(
    data: Buffer,
    recipients: Iterable[object],
    context: Mapping[str, str] | None,
    suite: str | None,
    metadata: Mapping[str, str] | None,
) -> bytes: ...
def decrypt_envelope(envelope: Buffer, identities: Iterable[object], context: Mapping[str, str] | None) -> bytes: ...
def rewrap(
    prefix: Buffer,
    identities: Iterable[object],
    recipients: Iterable[object],
    context: Mapping[str, str] | None,
    keep: str | Sequence[int],
) -> tuple[int, bytes]: ...
def read_grant(sealed: Buffer, identities: Iterable[object]) -> dict[str, Any]: ...

#: Magic, version and the header's length: enough for `prefix_len`.
PREAMBLE_LEN: int

def prefix_len(start: Buffer) -> int | None: ...
def inspect(data: str | Buffer, total: int | None = None) -> dict[str, Any]: ...
def encode_token(token: Buffer) -> str: ...
def decode_token(text: str) -> bytes: ...
