"""Fortress: client-side encryption. Data is encrypted before it leaves.

>>> import fortress
>>> keyring = fortress.Keyring.generate()
>>> email = keyring.scope("acme", "users", "email")
>>> token = email.encrypt("ada@example.org", context={"row": "42"})
>>> email.decrypt_text(token, context={"row": "42"})
'ada@example.org'
"""

from . import aio, errors, hsm
from ._files import (
    decrypt_bytes,
    decrypt_file,
    decrypt_stream,
    encrypt_bytes,
    encrypt_file,
    encrypt_stream,
    open,
    rewrap,
    rewrap_file,
)
from ._fortress import decode_token, encode_token
from ._grants import Grant, GrantTerms, SigningKey
from ._inspection import Field, Inspection, inspect, inspect_file
from ._keyring import HoistedColumn, HoistedRow, Keyring, KeyVersion
from ._parties import ExternalKey, Identity, Opener, Passphrase, Recipient, Shares, ShareSet
from ._reader import EncryptedReader
from ._stream import Decryptor, Encryptor
from ._writer import EncryptedWriter
from .errors import (
    ArgumentError,
    AuthenticationError,
    ColumnError,
    DestroyedKeyError,
    ForgedGrantError,
    FormatError,
    FortressError,
    GrantError,
    GrantTimeError,
    KeyNotHeldError,
    LimitError,
    NotFortressError,
    OutsideGrantError,
    RandomnessError,
    StateError,
    TruncatedError,
    UnknownKeyError,
    UnsupportedError,
    UntrustedGranterError,
    WrongPassphraseError,
    WrongPinError,
    WrongRecipientError,
)

__all__ = [
    "ArgumentError",
    "AuthenticationError",
    "ColumnError",
    "Decryptor",
    "DestroyedKeyError",
    "EncryptedReader",
    "EncryptedWriter",
    "Encryptor",
    "ExternalKey",
    "Field",
    "ForgedGrantError",
    "FormatError",
    "FortressError",
    "Grant",
    "GrantError",
    "GrantTerms",
    "GrantTimeError",
    "HoistedColumn",
    "HoistedRow",
    "Identity",
    "Inspection",
    "KeyNotHeldError",
    "KeyVersion",
    "Keyring",
    "LimitError",
    "NotFortressError",
    "Opener",
    "OutsideGrantError",
    "Passphrase",
    "RandomnessError",
    "Recipient",
    "ShareSet",
    "Shares",
    "SigningKey",
    "StateError",
    "TruncatedError",
    "UnknownKeyError",
    "UnsupportedError",
    "UntrustedGranterError",
    "WrongPassphraseError",
    "WrongPinError",
    "WrongRecipientError",
    "aio",
    "decode_token",
    "decrypt_bytes",
    "decrypt_file",
    "decrypt_stream",
    "encode_token",
    "encrypt_bytes",
    "encrypt_file",
    "encrypt_stream",
    "errors",
    "hsm",
    "inspect",
    "inspect_file",
    "open",
    "rewrap",
    "rewrap_file",
]
