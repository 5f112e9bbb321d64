"""The rows that a stream has written beside those of a replay: which stand in the end, and where they differ. Pure.

Not `reconcile`, which compares what was sent, and explains what late events and versions changed: of the smoke test's
shop every row has to be equal, those of what was not sent too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from kittiwake.pipelines.decisions.columns import NAMES
from kittiwake.reasons import Outcome

ONLY_A_STREAM: Final = ("revision", "replaces", "late", "stale", "mode")
"""How a host came to a row; everything else has to be equal."""
COMPARED: Final = tuple(name for name in NAMES if name not in ONLY_A_STREAM)
DIFFERENCES_SHOWN: Final = 50
"""In a report; the number of all is there too."""

Row = Mapping[str, Any]


class Difference(NamedTuple):
    """A row in which both differ; its ids are the shop's, which are made up."""

    trigger_id: str
    rule_id: str
    contact_id: str
    replay: str
    """What it decided; "" is nothing."""
    stream: str
    columns: tuple[str, ...]
    """Where both have the row."""


class Compared(NamedTuple):
    """What came of a comparison."""

    rows: int
    """That stand, of the replay."""
    fired: int
    """Of them."""
    taken_back: int
    """Revoked by the stream, after a late event."""
    differences: list[Difference]


def standing(rows: Iterable[Row]) -> dict[str, Row]:
    """By id: the newest revision of each row, without those that were taken back or wait for the end of a run."""
    return {
        name: row for name, row in _newest(rows).items() if row["decision"] not in (Outcome.REVOKED, Outcome.DEFERRED)
    }


def _newest(rows: Iterable[Row]) -> dict[str, Row]:
    found: dict[str, Row] = {}
    for row in rows:
        before = found.get(row["trigger_id"])
        if before is None or before["revision"] < row["revision"]:
            found[row["trigger_id"]] = row
    return found


def compare(replay: Iterable[Row], stream: Iterable[Row]) -> Compared:
    """Both, row by row."""
    newest = _newest(stream)
    wanted, found = standing(replay), standing(newest.values())
    names = sorted({*wanted, *found}, key=lambda one: (str((wanted.get(one) or found[one])["time"]), one))
    differences = [one for name in names if (one := _difference(wanted.get(name), found.get(name))) is not None]
    fired = sum(row["decision"] == Outcome.FIRED for row in wanted.values())
    taken_back = sum(row["decision"] == Outcome.REVOKED for row in newest.values())
    return Compared(len(wanted), fired, taken_back, differences)


def _difference(wanted: Row | None, found: Row | None) -> Difference | None:
    row = wanted or found
    assert row is not None
    columns: tuple[str, ...] = ()
    if wanted is not None and found is not None:
        columns = tuple(name for name in COMPARED if wanted[name] != found[name])
        if not columns:
            return None
    said = ["" if one is None else " ".join(filter(None, (one["decision"], one["reason"]))) for one in (wanted, found)]
    return Difference(row["trigger_id"], row["rule_id"], row["contact_id"], said[0], said[1], columns)
