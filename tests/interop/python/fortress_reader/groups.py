"""G-1 to G-7: grouped tokens, which share one key derivation among the fields of a row or the values of a column."""

from collections.abc import Mapping

from . import limits
from .context import EMPTY, Context, canonical
from .errors import Code, FortressError, truncated
from .keys import Keyring
from .payload import PREFIX_LENGTH, MessageKeys
from .suites import TAG_LENGTH
from .tokens import FIELD_TOKEN, GROUP, HOISTED_MEMBER, LABEL_LENGTH, Label

HEADER_LENGTH = LABEL_LENGTH + PREFIX_LENGTH

_INDEX_LENGTH = 4


class Group:
    """A group whose header was verified; it reads any number of members with the one derivation."""

    def __init__(self, keyring: Keyring, header: bytes, group_context: Context = EMPTY) -> None:
        """G-1, G-2: ``keyring`` is narrowed to the group's scope."""
        if header[:1] not in (b"", bytes([GROUP])) or len(header) > HEADER_LENGTH:
            raise FortressError(Code.WRONG_GROUP, f"the header of a group has {HEADER_LENGTH} bytes and starts with 2")
        if len(header) < HEADER_LENGTH:
            raise truncated("the header of a group", HEADER_LENGTH, len(header))
        label = Label.parse(header)
        suite = label.suite
        input_key = keyring.purpose_key(label.key_id, "field")
        context = label.raw + canonical(group_context)
        self._keys = MessageKeys.committed(suite, input_key, header[LABEL_LENGTH:], context)

    def decrypt(self, hoisted: bytes, member_context: Context = EMPTY) -> bytes:
        """G-4: the value of a hoisted member."""
        if not hoisted:
            raise truncated("a hoisted member", 1 + _INDEX_LENGTH + TAG_LENGTH, 0)
        if hoisted[0] in (FIELD_TOKEN, GROUP):
            raise FortressError(Code.WRONG_GROUP, "this token stands alone and is read without a header")
        if hoisted[0] != HOISTED_MEMBER:
            raise FortressError(Code.UNKNOWN_VERSION, f"tokens of version {hoisted[0]} are not known here")
        return self.decrypt_bare(hoisted[1:], member_context)

    def decrypt_bare(self, member: bytes, member_context: Context) -> bytes:
        """G-3: index, ciphertext and tag, without what G-4 puts before them."""
        check_member(member)
        index, sealed = int.from_bytes(member[:_INDEX_LENGTH], "big"), member[_INDEX_LENGTH:]
        return self._keys.open(index, sealed, canonical(member_context))


def decrypt_member(
    keyring: Keyring, whole: bytes, group_context: Context = EMPTY, member_context: Context = EMPTY
) -> bytes:
    """G-4: the value of a whole member."""
    label = Label.parse(whole)
    if label.version == HOISTED_MEMBER:
        raise FortressError(Code.WRONG_GROUP, "a hoisted member is read with the header of its group")
    if label.version != GROUP:
        raise FortressError(Code.WRONG_GROUP, "a field token is not a member of a group")
    header, member = whole[:HEADER_LENGTH], whole[HEADER_LENGTH:]
    check_member(member)
    return Group(keyring, header, group_context).decrypt_bare(member, member_context)


def decrypt_row(
    keyring: Keyring, fields: Mapping[str, bytes], context: Context = EMPTY, header: bytes | None = None
) -> dict[str, bytes]:
    """G-6: the values of a row. Its members are hoisted behind ``header``, or whole, each with a header of its own."""
    group = Group(keyring, header, context) if header is not None else None
    return {name: _decrypt_field(keyring, name, token, context, group) for name, token in fields.items()}


def _decrypt_field(keyring: Keyring, name: str, token: bytes, context: Context, group: Group | None) -> bytes:
    member_context = {"field": name}
    if group is not None and token[:1] == bytes([HOISTED_MEMBER]):
        return group.decrypt(token, member_context)
    return decrypt_member(keyring, token, context, member_context)


def check_member(member: bytes) -> None:
    """G-5: refuses an index or a size that no group has."""
    shortest = _INDEX_LENGTH + TAG_LENGTH
    if len(member) < shortest:
        raise truncated("a member of a group", shortest, len(member))
    if len(member) - shortest > limits.GROUP_VALUE:
        raise FortressError(Code.VALUE_TOO_LARGE, f"a value in a group has at most {limits.GROUP_VALUE} bytes")
    if int.from_bytes(member[:_INDEX_LENGTH], "big") >= limits.GROUP_MEMBERS:
        raise FortressError(Code.LIMIT_EXCEEDED, f"a group has at most {limits.GROUP_MEMBERS} members")
