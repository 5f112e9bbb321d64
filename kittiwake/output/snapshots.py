"""Snapshots: the state of a contact as a row, with which another host goes on where this one stopped.

Pure. A backfill over the archive makes them up to a time; a stream that takes them in and is given the events from that
time on decides as if it had seen everything. What counts in a row is `state`; `readable` says the same to a person.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import msgspec

from kittiwake.kernel.late.emitted import current_rows, events_of
from kittiwake.kernel.late.snapshots import snapshot_of
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.versions import Versions, as_versions
from kittiwake.kernel.state.codec import VERSION, BadState, decode, decoded, encode
from kittiwake.kernel.state.state import Since, State, is_nothing
from kittiwake.output.rows import line
from kittiwake.time.instants import BadTimeError, format_instant, parse_instant
from kittiwake.values import canonical_bytes, parse_json

FIELDS: Final = (
    "settled_until",
    "account_id",
    "contact_id",
    "ruleset_version",
    "state_version",
    "state",
    "readable",
    "digest",
)
"""In this order."""

DIGITS: Final = 32
"""Hexadecimal digits of `digest`: 128 bits, against accidents."""

UNDIGESTED_STATES: Final = (1, 2)
"""Versions of states whose rows were written without `digest`, by releases that knew none."""


def snapshot_row(rules: Program | Versions, state: State) -> dict[str, Any]:
    """The row of a contact that has been evaluated; its inbox travels with it."""
    versions, found = as_versions(rules), snapshot_of(rules, state)
    assert found.evaluated_to_us is not None, "a contact that has not been evaluated has no snapshot"
    program = versions.at(found.evaluated_to_us)
    row = {
        "settled_until": format_instant(found.evaluated_to_us),
        "account_id": program.account_id,
        "contact_id": found.contact_id,
        "ruleset_version": program.ruleset_version,
        "state_version": VERSION,
        "state": base64.b64encode(encode(found)).decode(),
        "readable": readable(found),
    }
    return {**row, "digest": digest_of(row)}


def digest_of(row: Mapping[str, Any]) -> str:
    """The digest of a row: of the SHA-256 of the canonical JSON of what counts in it the first digits.

    Left out is `readable`, so that no reader's numbers matter; the digests of a file cover it too.
    """
    rest = {name: value for name, value in row.items() if name not in ("digest", "readable")}
    return hashlib.sha256(canonical_bytes(rest)).hexdigest()[:DIGITS]


def snapshot_line(rules: Program | Versions, state: State) -> bytes | None:
    """The line of `snapshots`; None for a contact of whom nothing is known."""
    if state.evaluated_to_us is None or is_nothing(state):
        return None
    return line(snapshot_row(rules, state))


def state_of(row: Mapping[str, Any]) -> State | BadState:
    """The state of a row; why it is none, where the row is not as it was written, or is garbage.

    The row has every field it was written with, in any order.
    """
    why = _why_altered(row)
    if why is not None:
        return BadState(why)
    try:
        found = decode(base64.b64decode(row["state"], validate=True))
        evaluated_to_us = parse_instant(row["settled_until"])
    except (KeyError, TypeError, ValueError, binascii.Error, BadTimeError) as error:
        return BadState(f"not a snapshot row: {type(error).__name__}")
    if isinstance(found, BadState):
        return found
    if (found.contact_id, found.evaluated_to_us) != (row.get("contact_id"), evaluated_to_us):
        return BadState("the state is of another contact or time than its row")
    return _opened(found)


def _why_altered(row: Mapping[str, Any]) -> str | None:
    """Why a row cannot be the one that was written; None if it can."""
    if "digest" in row:
        return None if row["digest"] == digest_of(row) else "the row is not as it was written: its digest is another"
    if "state" not in row:
        return "not a snapshot row: it has no state"
    if not row.keys() <= set(FIELDS):
        return f"the row has no digest, but a field that is none of a snapshot's: {', '.join(FIELDS)}"
    if row.get("state_version") not in UNDIGESTED_STATES:
        return "the row has no digest, and its release wrote one"
    return None


def _opened(state: State) -> State | BadState:
    """The state, if what it holds as bytes and text can be read as well: `decode` leaves that to corrections."""
    since = state.since or Since()
    try:
        parse_json(state.attributes)
        events_of(since)
        current_rows(since)
        if since.checkpoint is not None:
            parse_json(decoded(since.checkpoint).attributes)
    except (msgspec.DecodeError, ValueError, ArithmeticError, RecursionError) as error:
        return BadState(f"not a state: {error}")
    return state


# ---------------------------------------------------------------- for people


def readable(state: State) -> dict[str, Any]:
    """A state as names and times; what is empty is left out."""
    since = state.since or Since()
    emitted = current_rows(since).values()
    found = _plain(msgspec.structs.replace(state, since=None))
    assert isinstance(found, dict)
    found["attributes"] = parse_json(state.attributes)
    if state.since is not None:
        since_then = {
            "checkpoint": None if since.checkpoint is None else readable(decoded(since.checkpoint)),
            "events": [_plain(event) for event in events_of(since)],
            "told": [_plain(row) for row in emitted],
            "revoked": [_plain(one) for one in since.revoked],
            "owed": [_plain(one) for one in since.pending],
        }
        found["since"] = {name: value for name, value in since_then.items() if value}
    return {name: value for name, value in found.items() if _says(value)}


def _says(value: Any) -> bool:
    """Whether a field is set."""
    return value is not None and value is not False and value not in ({}, [])


def _plain(value: Any) -> Any:
    """Structs as objects, times as text; empty and unset fields are left out."""
    if isinstance(value, msgspec.Struct):
        fields = {name: _field(name, getattr(value, name)) for name in value.__struct_fields__}
        return {SHOWN.get(name, name.removesuffix("_us")): part for name, part in fields.items() if _says(part)}
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, (list, tuple)) else value


SHOWN: Final = {"evaluated_to_us": "settled"}
"""Fields that are written under another name, which snapshots have had from the first."""

SPANS: Final = frozenset({"span_us"})
"""Fields in microseconds that are no instants."""


def _field(name: str, value: Any) -> Any:
    if name.endswith("_us") and name not in SPANS:
        return _times(value)
    if name == "occurrence" and isinstance(value, int):
        return date.fromordinal(value).isoformat()
    return _times(value) if name == "seen" else _plain(value)


def _times(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _times(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_times(part) for part in value]
    return format_instant(value) if isinstance(value, int) else value
