"""Columns of every kind: what the values came in is what the tokens go out in.

Lists are read object by object. Arrow data (PyArrow, Polars, Arrow-backed pandas) is read where it lies and handed back
without a copy. None of these libraries is imported unless the caller has.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Callable, Optional, Union

from .errors import ArgumentError

if TYPE_CHECKING:
    from . import _fortress
    from ._types import Context

#: A context for each row, or for each key a column of strings.
Contexts = Union[Sequence[Optional[Mapping[str, str]]], Mapping[str, Any], None]

#: From a tuple of values, or from an object that speaks Arrow, to what became of them.
_OnTuple = Callable[[tuple[Any, ...]], list[Any]]
_OnArrow = Callable[[Any, Optional["_fortress.Lender"]], Any]


def encrypt(keyring: _fortress.Keyring, values: Any, context: Context | None, contexts: Contexts) -> Any:
    """Encrypts a column of any kind."""
    own = _own_contexts(contexts)
    return _convert(
        values,
        lambda items: keyring._encrypt_values(items, context, own, False)[1],
        lambda array, lender: keyring._encrypt_arrow(array, context, own, False, lender)[1],
    )


def encrypt_hoisted(
    keyring: _fortress.Keyring, values: Any, context: Context | None, contexts: Contexts
) -> tuple[bytes, Any]:
    """Encrypts a column of any kind; returns the header that its tokens need, and them."""
    own = _own_contexts(contexts)
    return _with_header(
        values,
        lambda items: keyring._encrypt_values(items, context, own, True),
        lambda array, lender: keyring._encrypt_arrow(array, context, own, True, lender),
    )


def decrypt(
    keyring: _fortress.Keyring, tokens: Any, context: Context | None, contexts: Contexts, header: Any, text: bool
) -> Any:
    """Decrypts a column of any kind."""
    own = _own_contexts(contexts)
    return _convert(
        tokens,
        lambda items: keyring._decrypt_values(items, context, own, header, text),
        lambda array, lender: keyring._decrypt_arrow(array, context, own, header, text, lender),
    )


def reencrypt(
    keyring: _fortress.Keyring, tokens: Any, context: Context | None, contexts: Contexts, header: Any
) -> tuple[bytes, Any]:
    """Encrypts a column of any kind anew; returns the header that its tokens need if there was one, and them."""
    own = _own_contexts(contexts)
    return _with_header(
        tokens,
        lambda items: keyring._reencrypt_values(items, context, own, header),
        lambda array, lender: keyring._reencrypt_arrow(array, context, own, header, lender),
    )


def encrypt_all(keyring: _fortress.Keyring, values: Any, contexts: Contexts) -> list[Any]:
    """Encrypts values to tokens that have nothing in common."""
    return keyring._encrypt_all(_many(values), _own_contexts(contexts))


def decrypt_all(keyring: _fortress.Keyring, tokens: Any, contexts: Contexts, text: bool) -> list[Any]:
    """Decrypts such tokens."""
    return keyring._decrypt_all(_many(tokens), _own_contexts(contexts), text)


def _many(values: Any) -> tuple[Any, ...]:
    """Values as a tuple, unless they are one."""
    if isinstance(values, (str, bytes, bytearray, memoryview, Mapping)):
        raise ArgumentError(
            f"a column is a list or an array of values, not one {type(values).__name__}", "invalid_argument"
        )
    return tuple(values)


def _with_header(
    values: Any,
    on_tuple: Callable[[tuple[Any, ...]], tuple[bytes, list[Any]]],
    on_arrow: Callable[[Any, _fortress.Lender | None], tuple[bytes, Any]],
) -> tuple[bytes, Any]:
    header = b""

    def tuple_alone(items: tuple[Any, ...]) -> list[Any]:
        nonlocal header
        header, tokens = on_tuple(items)
        return tokens

    def arrow_alone(array: Any, lender: _fortress.Lender | None) -> object:
        nonlocal header
        header, tokens = on_arrow(array, lender)
        return tokens

    tokens = _convert(values, tuple_alone, arrow_alone)
    if not header:
        # A column of nulls alone is handed back as it is; it has a header like any other.
        tuple_alone(())
    return header, tokens


def _convert(values: Any, on_tuple: _OnTuple, on_arrow: _OnArrow) -> Any:
    if isinstance(values, (list, tuple)):
        return on_tuple(tuple(values))
    for library, is_column, convert in _LIBRARIES:
        module = sys.modules.get(library)
        if module is not None and is_column(module, values):
            return convert(module, values, on_tuple, on_arrow)
    return on_tuple(_many(values))


def _pyarrow(pa: Any, values: Any, on_tuple: _OnTuple, on_arrow: _OnArrow) -> Any:
    kind = values.type
    if pa.types.is_dictionary(kind):
        return _pyarrow(pa, values.cast(kind.value_type), on_tuple, on_arrow)
    if pa.types.is_null(kind):
        return values
    # As wide as the values were, where that is wide enough.
    is_large = pa.types.is_large_string(kind) or pa.types.is_large_binary(kind)
    lender = (pa.allocate_buffer, 0 if is_large else _MOST_BY_32_BITS)
    is_text, is_wide, rows, nulls, buffers = on_arrow(values, lender)
    narrow, wide = (pa.string(), pa.large_string()) if is_text else (pa.binary(), pa.large_binary())
    made = pa.Array.from_buffers(wide if is_wide else narrow, rows, buffers, nulls)
    return pa.chunked_array([made]) if isinstance(values, pa.ChunkedArray) else made


def _polars(pl: Any, values: Any, on_tuple: _OnTuple, on_arrow: _OnArrow) -> Any:
    if values.dtype in (pl.Categorical, pl.Enum):
        values = values.cast(pl.String)
    if values.dtype == pl.Null:
        return values
    if values.dtype not in (pl.String, pl.Binary):
        return pl.Series(values.name, on_tuple(tuple(values.to_list())))
    return pl.Series(on_arrow(values, None)).alias(values.name)


def _pandas(pd: Any, values: Any, on_tuple: _OnTuple, on_arrow: _OnArrow) -> Any:
    dtype = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        values = values.astype(dtype.categories.dtype)
        dtype = values.dtype
    is_text = isinstance(dtype, pd.StringDtype)
    if isinstance(dtype, pd.ArrowDtype) or (is_text and dtype.storage != "python"):
        pa = importlib.import_module("pyarrow")
        made = _pyarrow(pa, values.array.__arrow_array__(), on_tuple, on_arrow)
        if is_text and not (pa.types.is_string(made.type) or pa.types.is_large_string(made.type)):
            # Bytes, which this dtype does not hold.
            return _series(pd, values, made.to_pylist(), dtype if made.null_count == len(made) else object)
        dtype = dtype if is_text else pd.ArrowDtype(made.type)
        return _series(pd, values, dtype.__from_arrow__(made), dtype)
    items = values.to_numpy(dtype=object, copy=True)
    items[pd.isna(items)] = None
    made = on_tuple(tuple(items.tolist()))
    is_text = is_text and all(item is None or isinstance(item, str) for item in made)
    return _series(pd, values, made, dtype if is_text else object)


def _series(pd: Any, like: Any, made: Any, dtype: Any) -> Any:
    if isinstance(like, pd.Index):
        return pd.Index(made, dtype=dtype, name=like.name)
    return pd.Series(made, index=like.index, name=like.name, dtype=dtype)


def _numpy(np: Any, values: Any, on_tuple: _OnTuple, on_arrow: _OnArrow) -> Any:
    if values.ndim != 1:
        raise ArgumentError(f"a column has one dimension, this array has {values.ndim}", "invalid_argument")
    made = np.empty(len(values), dtype=object)
    made[:] = on_tuple(tuple(values.tolist()))
    return made


def _own_contexts(contexts: Any) -> object:
    """As the extension module takes them: a dict of tuples, or a tuple."""
    if contexts is None:
        return None
    if isinstance(contexts, Mapping):
        return {key: tuple(_items(column)) for key, column in contexts.items()}
    return tuple(_items(contexts))


def _items(column: Any) -> Any:
    """The objects of a column of contexts."""
    if isinstance(column, (str, bytes)):
        raise ArgumentError(
            "contexts has one text where a column of them belongs; give one for each row", "invalid_argument"
        )
    for name in ("to_pylist", "tolist", "to_list"):
        as_list = getattr(column, name, None)
        if as_list is not None:
            return as_list()
    return column


#: Bytes of data that Arrow's offsets of 32 bits reach; tokens of more come as large strings or large binaries.
_MOST_BY_32_BITS = 2**31 - 1

_LIBRARIES: tuple[tuple[str, Callable[[Any, Any], bool], Callable[[Any, Any, _OnTuple, _OnArrow], Any]], ...] = (
    ("pandas", lambda pd, values: isinstance(values, (pd.Series, pd.Index)), _pandas),
    ("polars", lambda pl, values: isinstance(values, pl.Series), _polars),
    ("pyarrow", lambda pa, values: isinstance(values, (pa.Array, pa.ChunkedArray)), _pyarrow),
    ("numpy", lambda np, values: isinstance(values, np.ndarray), _numpy),
)
