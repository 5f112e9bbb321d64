"""An inspection as lines for a person, and as data for programs.

Pure. Values of records are not among them, but for types and the id of an outstanding contact.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from kittiwake.input.foreign.sources import EVENTS, SOURCES
from kittiwake.input.mapping.paths import path_text
from kittiwake.input.shapes.base import Shape
from kittiwake.inspect.fields import Field
from kittiwake.inspect.inspection import Inspection
from kittiwake.inspect.sentences import counted
from kittiwake.time.instants import format_instant

TYPES_SHOWN: Final = 30
FIELDS_SHOWN: Final = 60
DEAD_SHOWN: Final = 5


def head(found: Inspection) -> Iterator[str]:
    """What the files are."""
    several = f" and {counted(len(found.files) - 1, 'more file')}" if len(found.files) > 1 else ""
    yield f"{found.files[0]}{several}: {found.layout.words}"
    if found.is_canonical:
        yield "  events as docs/reference/events.md has them: no shape is needed"
    elif found.product:
        yield f"  {EVENTS.what if found.product == Shape.CANONICAL else SOURCES[found.product].what}"


def field_rows(found: Inspection) -> list[tuple[str, str, str]]:
    """Each field of the sample: its path, how often it is there, and its kinds."""
    return [
        (path_text(path), f"{100 * field.present // found.sampled} %", _kinds(field))
        for path, field in [*found.fields.items()][:FIELDS_SHOWN]
    ]


def _kinds(field: Field) -> str:
    form = field.time_form()
    if form is not None:
        written = form.unit or form.format or ("RFC 3339" if form.has_zone else "a time without a zone")
        return f"time ({written})"
    kinds = [
        *(["text"] if field.texts > field.number_texts else []),
        *(["text that says a number"] if field.number_texts else []),
        *(["number"] if field.numbers else []),
        *(["list"] if field.lists else []),
        *(["true or false"] if field.flags else []),
        *(["object"] if field.others > field.flags and not field.lists else []),
    ]
    unique = ", each once" if field.is_unique and field.present > 1 else f", {len(field.values):,} different"
    return " or ".join(kinds) + (unique if field.is_scalar else "")


def outcome(found: Inspection) -> Iterator[str]:
    """What comes of all records."""
    counts = found.outcome
    contacts = f"{'' if counts.contacts.is_exact else 'about '}{counted(counts.contacts.number, 'contact')}"
    yield f"{counted(counts.records, 'record')}: {counted(counts.events, 'event')} of {contacts}"
    if counts.first_us is not None and counts.last_us is not None:
        yield f"  from {format_instant(counts.first_us)} to {format_instant(counts.last_us)}"
    for event_type, number in counts.types.most_common(TYPES_SHOWN):
        yield f"  {number:>12,}  {event_type}"
    if (others := len(counts.types) - TYPES_SHOWN) > 0 or counts.other_types:
        yield f"  and {max(others, 0):,} other types" + (" and more" if counts.other_types else "")
    for (reason, detail), number in counts.dead.most_common(DEAD_SHOWN):
        locations = ", ".join(counts.locations.get((reason, detail), ()))
        yield f"  {number:>12,}  no events, {reason}: {detail}" + (f" ({locations})" if locations else "")


def lacking(found: Inspection) -> str:
    """Why there is no shape."""
    lacks = " and ".join(found.guess.lacks) if found.guess else ""
    return (
        f"no field says {lacks}, without which a record is no event: write a shape by hand (docs/reference/shapes.md), "
        "or join what says it with --query (docs/how-to/bring-your-data.md)"
    )


def as_data(found: Inspection, command: str) -> dict[str, Any]:
    """An inspection for programs."""
    counts = found.outcome
    return {
        "files": found.files,
        "format": found.layout.format,
        "layout": found.layout.words,
        "product": found.product,
        "shape": found.shape or None,
        "shape_name": found.shape_name,
        "lacks": found.guess.lacks if found.guess else [],
        "fields": {path: {"present": present, "kinds": kinds} for path, present, kinds in field_rows(found)},
        "records": counts.records,
        "events": counts.events,
        "left_out": counts.left_out,
        "contacts": counts.contacts.number,
        "contacts_are_exact": counts.contacts.is_exact,
        "types": dict(counts.types.most_common()),
        "first_time": None if counts.first_us is None else format_instant(counts.first_us),
        "last_time": None if counts.last_us is None else format_instant(counts.last_us),
        "dead_letters": [
            {
                "reason": reason,
                "detail": detail,
                "number": number,
                "locations": counts.locations.get((reason, detail), []),
            }
            for (reason, detail), number in counts.dead.most_common(DEAD_SHOWN)
        ],
        "findings": found.findings,
        "next": command,
    }
