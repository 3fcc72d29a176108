"""T-1 to T-5: field tokens."""

import base64
import re
from dataclasses import dataclass

from . import limits
from .context import EMPTY, Context, canonical
from .errors import Code, FortressError, truncated
from .keys import KEY_ID_LENGTH, Keyring
from .payload import SHORTEST, Layout, open_message
from .suites import Suite, suite_of

FIELD_TOKEN = 1
GROUP = 2
HOISTED_MEMBER = 3

LABEL_LENGTH = 1 + 2 + KEY_ID_LENGTH


@dataclass(frozen=True)
class Label:
    """The seven bytes that field tokens (T-1) and group headers (G-1) begin with: version, suite, key id."""

    raw: bytes
    version: int
    suite_number: int
    key_id: bytes

    @classmethod
    def parse(cls, data: bytes) -> "Label":
        if not data:
            raise truncated("a token", LABEL_LENGTH, 0)
        if data[0] not in (FIELD_TOKEN, GROUP, HOISTED_MEMBER):
            raise FortressError(Code.UNKNOWN_VERSION, f"tokens of version {data[0]} are not known here")
        if len(data) < LABEL_LENGTH:
            raise truncated("a token", LABEL_LENGTH, len(data))
        return cls(data[:LABEL_LENGTH], data[0], int.from_bytes(data[1:3], "big"), data[3:LABEL_LENGTH])

    @property
    def suite(self) -> Suite:
        return suite_of(self.suite_number)


def decrypt(keyring: Keyring, token: bytes, context: Context = EMPTY) -> bytes:
    """T-2: the value of a field token, under the keyring narrowed to the token's scope."""
    return decrypt_for(keyring, "field", token, context)


def decrypt_for(keyring: Keyring, purpose: str, token: bytes, context: Context) -> bytes:
    """T-2, with the purpose that R-2 leaves open."""
    label = Label.parse(token)
    if label.version != FIELD_TOKEN:
        raise FortressError(Code.WRONG_GROUP, "a member of a group is read as such")
    message = token[LABEL_LENGTH:]
    if len(message) < SHORTEST:
        raise truncated("a field token", LABEL_LENGTH + SHORTEST, len(token))
    suite = label.suite
    if Layout.of(len(message)).plaintext_length > limits.TOKEN_VALUE:
        raise FortressError(Code.VALUE_TOO_LARGE, f"the value of a field token has at most {limits.TOKEN_VALUE} bytes")
    key = keyring.purpose_key(label.key_id, purpose)
    return open_message(suite, key, message, label.raw + canonical(context))


def encode_text(token: bytes) -> str:
    """T-4: base64url without padding."""
    return base64.urlsafe_b64encode(token).rstrip(b"=").decode("ascii")


def decode_text(text: str) -> bytes:
    """T-4: the bytes of a text form; exactly what :func:`encode_text` writes is accepted."""
    if not re.fullmatch(r"[A-Za-z0-9_-]*", text) or len(text) % 4 == 1:
        raise FortressError(Code.INVALID_TEXT, "a token's text is base64url without padding")
    token = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encode_text(token) != text:
        raise FortressError(Code.INVALID_TEXT, "the unused bits at the end of a token's text are not zero")
    return token
