"""A reader of the Fortress formats, written from ``docs/spec`` alone.

It shares no code with the SDK: only the standard library and ``cryptography``. The modules follow the pages of the
specification, and every function names the clause that it implements, so that it can be read beside them:

========================  ==========================================================
:mod:`.suites`            N-6, N-7: the four AEADs (:mod:`.aegis` and :mod:`.aegis_lanes` hold two of them)
:mod:`.payload`           N-8 to N-12: the payload construction, whole, streamed and at random
:mod:`.cbor`              N-3: deterministic CBOR
:mod:`.context`           C: canonical context
:mod:`.keys`              K: keyrings, scopes, purposes
:mod:`.tokens`            T: field tokens and their text form
:mod:`.groups`            G: grouped tokens, rows and columns
:mod:`.recipients`        R: what opens an envelope
:mod:`.grants`            A: grants, and the keys that sign them
:mod:`.identities`        I: identities, their texts, and what is sealed for them
:mod:`.shares`            Q: share sets
:mod:`.envelopes`         E: envelopes
:mod:`.sealed`            S: sealed keyrings
:mod:`.limits`            L-1, L-2
:mod:`.errors`            L-3: the codes
========================  ==========================================================

It reads; it does not write, and it does not defend its memory: use it to check files, not to hold keys.
"""

from .context import canonical
from .envelopes import Envelope, Opened, open_envelope
from .errors import Code, FortressError
from .grants import Grant, SigningKey, VerifyingKey, open_grant
from .groups import Group, decrypt_member, decrypt_row
from .identities import PublicIdentity, ScopeIdentity, SecretIdentity
from .keys import Keyring, State, Version
from .recipients import Argon2Limits, ExternalKey, Identity, Passphrase, held_shares
from .sealed import open_keyring, parse_keyring
from .shares import Share, Shares
from .tokens import decode_text, decrypt, encode_text

__all__ = [
    "Argon2Limits",
    "Code",
    "Envelope",
    "ExternalKey",
    "FortressError",
    "Grant",
    "Group",
    "Identity",
    "Keyring",
    "Opened",
    "Passphrase",
    "PublicIdentity",
    "ScopeIdentity",
    "SecretIdentity",
    "Share",
    "Shares",
    "SigningKey",
    "State",
    "VerifyingKey",
    "Version",
    "canonical",
    "decode_text",
    "decrypt",
    "decrypt_member",
    "decrypt_row",
    "encode_text",
    "held_shares",
    "open_envelope",
    "open_grant",
    "open_keyring",
    "parse_keyring",
]
