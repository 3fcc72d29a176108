"""C-1 to C-3: the context, a map of strings to strings that is authenticated and never stored."""

from collections.abc import Mapping

from . import cbor, limits
from .errors import Code, FortressError

Context = Mapping[str, str]

EMPTY: Context = {}


def canonical(context: Context) -> bytes:
    """C-2: the deterministic CBOR map of the entries. The empty context is the one byte ``a0``."""
    if len(context) > limits.CONTEXT_ENTRIES:
        raise FortressError(Code.INVALID_CONTEXT, f"a context has at most {limits.CONTEXT_ENTRIES} entries")
    entries: dict[int | str, cbor.Item] = {}
    entries.update(context)
    try:
        encoded = cbor.encode(entries)
    except UnicodeEncodeError:
        raise FortressError(Code.INVALID_CONTEXT, "a string of the context has no UTF-8 form") from None
    if len(encoded) > limits.CONTEXT_BYTES:
        raise FortressError(Code.INVALID_CONTEXT, f"the canonical context is over {limits.CONTEXT_BYTES} bytes")
    return encoded
