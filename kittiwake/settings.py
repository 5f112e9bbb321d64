"""Settings as a person writes them, in a call or after an option: durations, instants and paths.

Pure. Called by `kittiwake.api`, by `kittiwake.cli` and by the steps of `kittiwake.beam`; `name` is how the setting was
written, for the error message.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, TypeAlias

from kittiwake.errors import UnusableError
from kittiwake.time.durations import ADVICE, parse_duration
from kittiwake.time.instants import BadTimeError, instant_of, parse_instant

Duration: TypeAlias = str | timedelta
"""A span of time, of whole microseconds and not negative: "90m", "1h", "7d", or a `timedelta`."""

Instant: TypeAlias = str | datetime
"""A moment: RFC 3339 with an offset, "2026-11-01T09:30:00Z", or a `datetime` with a zone."""

Paths: TypeAlias = str | Path | Sequence[str | Path]
"""One path or glob, or several."""

_US: Final = timedelta(microseconds=1)


def duration_us(name: str, value: Duration) -> int:
    """Microseconds of the setting `name`.

    Raises:
        UnusableError: it is no duration.
    """
    found = value // _US if isinstance(value, timedelta) else parse_duration(value)
    if found is None or found < 0:
        raise UnusableError(f"{name}: {value!r} is no duration: {ADVICE}")
    return found


def instant_us(name: str, value: Instant | None) -> int | None:
    """Microseconds since 1970 of the setting `name`; None: nothing was said.

    Raises:
        UnusableError: it is no instant, or has no zone.
    """
    if value is None:
        return None
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise UnusableError(f"{name}: {value!r} has no zone: give it tzinfo=UTC")
        return instant_of(value.astimezone(UTC))
    try:
        return parse_instant(value)
    except BadTimeError as error:
        raise UnusableError(f"{name}: {error}") from None


def texts_of(paths: Paths) -> list[str]:
    """One path or several, as texts."""
    return [str(paths)] if isinstance(paths, (str, Path)) else [str(path) for path in paths]
