"""What holders of secrets have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self


class Secret:
    """What holders of secrets have in common: they end with their block, and are not copied or stored by accident."""

    __slots__ = ()

    if TYPE_CHECKING:

        def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _refuse(self, *_: object) -> NoReturn:
        name = type(self).__name__
        raise TypeError(f"{name} holds secrets and cannot be copied or pickled" + _INSTEAD.get(name, ""))

    __copy__ = __deepcopy__ = __reduce__ = __reduce_ex__ = __getstate__ = _refuse


_INSTEAD = {
    "Keyring": "; seal() it, and open() it where it is needed",
    "Identity": "; expose_secret() gives its text",
    "SigningKey": "; expose_secret() gives its text",
    "Grant": "; open() it where it is needed",
    "Key": "; open() it where it is needed",
    "DataKeys": "; make them of the key where they are needed",
    "ShareSet": "; expose_shares() gives its shares",
}
