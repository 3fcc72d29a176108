"""Points in time, as the core counts them: in whole seconds since 1970."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone

from .errors import ArgumentError


def now() -> int:
    """This second."""
    return int(time.time())


def seconds(moment: datetime, what: str) -> int:
    """The second in which a moment lies; ``what`` names the argument in messages."""
    if not isinstance(moment, datetime):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"{what} must be a datetime, got {type(moment).__name__}")
    if moment.utcoffset() is None:
        raise ArgumentError(
            f"{what} has no time zone, and would be another moment elsewhere; "
            "give one that has, such as datetime.now(timezone.utc)",
            "invalid_argument",
        )
    # Not by timestamp(), whose float has no room for microseconds in later centuries.
    second = (moment - _EPOCH) // timedelta(seconds=1)
    if second < 0:
        raise ArgumentError(f"{what} is before 1970", "invalid_argument")
    return second


def moment(second: int) -> datetime:
    """The moment at which a second begins, in UTC."""
    return _EPOCH + timedelta(seconds=second)


_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
