"""The types that callers meet."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Callable, Optional, Union

if TYPE_CHECKING:
    from typing import Literal

    from typing_extensions import Buffer, TypeAlias

    #: Whatever has bytes: ``bytes``, ``bytearray``, ``memoryview``, ``mmap``, NumPy arrays.
    BytesLike: TypeAlias = Buffer
    #: A named set of choices: which suites are written, and how soon a key should be rotated.
    Profile: TypeAlias = Literal["lightning", "balanced", "fortress", "archive"]
    #: An AEAD. What a profile writes follows the platform; naming one overrides it for one envelope.
    Suite: TypeAlias = Literal["AES-256-GCM", "ChaCha20-Poly1305", "AEGIS-256", "AEGIS-256X2"]
    #: What a ciphertext is bound to: given at encryption and again, equal, at decryption. Never stored.
    Context: TypeAlias = Mapping[str, str]

    #: Which recipients a header keeps beside the new ones: none, those that the given identities do not open, all, or
    #: those at these places in the header, counted from 0.
    Keep: TypeAlias = Union[Literal["none", "others", "all"], Sequence[int]]

    #: What a grant allows.
    Actions: TypeAlias = Literal["encrypt", "decrypt", "both"]

    PathLike: TypeAlias = Union[str, bytes, os.PathLike[str], os.PathLike[bytes]]
    #: Called with the bytes done and, where it is known, how many there are.
    Progress: TypeAlias = Callable[[int, Optional[int]], object]
else:
    BytesLike = Profile = Suite = Context = Keep = Actions = PathLike = Progress = object
