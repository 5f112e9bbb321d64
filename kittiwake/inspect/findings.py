"""What a person has to check before a rule is trusted: of the sample's fields, and of what came of all records.

Pure. One sentence each: what was seen, how often, and what to do. Values of records are left out, but for the id of a
contact who has a great part of all events.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from kittiwake.input.mapping.paths import path_text
from kittiwake.input.mapping.spec import FieldPath
from kittiwake.inspect.counts import Distinct, Outcome
from kittiwake.inspect.fields import Field
from kittiwake.inspect.guess import Fields, Guess
from kittiwake.inspect.names import AMOUNT
from kittiwake.inspect.sentences import counted
from kittiwake.inspect.shape_text import says_utc
from kittiwake.inspect.values import is_ambiguous
from kittiwake.time.instants import format_instant

HEAVY_PART: Final = 0.01
"""Part of all events from which on a contact is no ordinary one, …"""
HEAVY_TIMES: Final = 20
"""… if it also has that many times as many as the others on average, …"""
HEAVIEST_PART: Final = 0.5
"""… or this part of all."""
EVENTS_JUDGED: Final = 100
"""Events from which on parts say something."""

NINETIES_US: Final = 631_152_000 * 1_000_000
"""1990-01-01: an earlier time is mostly a 0 that was read as a time."""


def findings(guess: Guess | None, fields: Fields, outcome: Outcome) -> list[str]:
    """The findings, in the order in which it matters. Without a guess the shape is one that is shipped, or none."""
    has_ordinal = guess is not None and guess.ordinal
    found = [*_of_contacts(guess, outcome)]
    found += _of_ids(outcome, is_guessed=guess is not None, has_ordinal=has_ordinal)
    if guess is not None:
        found += [*_of_rows(guess), *_of_times(guess, fields)]
    found += _of_range(outcome)
    if guess is not None:
        found += _of_values(guess, fields)
    return found


def _part(number: int, of: int) -> str:
    return f"{100 * number / of:.1f} %" if of else "0 %"


def _about(counted: Distinct) -> str:
    return "" if counted.is_exact else "about "


# ---------------------------------------------------------------- contacts


def _of_contacts(guess: Guess | None, outcome: Outcome) -> Iterator[str]:
    if outcome.left_out:
        left = f"{counted(outcome.left_out, 'record')} ({_part(outcome.left_out, outcome.records)})"
        if guess is None:
            yield f"{left} left out by the shape: guests, and what its only: and others: do not name"
        else:
            yield f"{left} without a contact, left out: guests: apart makes a contact of each, refuse a dead letter"
    if outcome.events < EVENTS_JUDGED:
        return
    mean = outcome.events / max(outcome.contacts.number, 1)
    for contact_id, number in outcome.heavy.counts.most_common(3):
        is_heavy = number >= HEAVY_PART * outcome.events and number >= HEAVY_TIMES * mean
        if is_heavy or number >= HEAVIEST_PART * outcome.events:
            part = _part(number, outcome.events)
            yield (
                f"contact {contact_id} has {part} of all events: a till, a test account, or all guests in one? "
                "absent: [...] of the contact leaves it out"
            )
    if guess is not None and outcome.contacts.number == outcome.events:
        path = path_text(guess.contacts[0].path)
        yield f"every contact has one event: {path} may be the id of the record and not of a person"
    if all(contact_id.endswith(".0") for contact_id in outcome.heavy.counts):
        yield "all contacts end in .0: the file was written from numbers with fractions, and other files may lack it"


# ---------------------------------------------------------------- ids


def _of_ids(outcome: Outcome, *, is_guessed: bool, has_ordinal: bool) -> Iterator[str]:
    rows, ids = outcome.rows, outcome.ids
    what = "Each counts; without ordinal: true one does" if has_ordinal else "One counts; with ordinal: true each does"
    if rows.repeated:
        yield (
            f"{_about(rows)}{counted(rows.repeated, 'record')} equal to another in everything: "
            f"one purchase twice in the export, or two purchases? {what}"
        )
    if ids.of_several_marks and is_guessed:
        shared = counted(ids.of_several_marks, "id")
        yield f"{_about(ids)}{shared} shared by events of several types, which stay events of their own"
    lost = ids.repeated - rows.repeated - ids.of_several_marks
    if lost > 0:
        yield (
            f"{_about(ids)}{counted(lost, 'record')} with the id of another, and different: of one contact and type "
            "one counts, the others are dropped. Add a field to event_id in which they differ"
        )


def _of_rows(guess: Guess) -> Iterator[str]:
    if len(guess.ids) < 2:
        return
    order = path_text(guess.ids[0])
    yield (
        f"several records have one {order}: rows of one order? Each is an event of its own here; "
        "docs/how-to/bring-your-data.md makes one event of them"
    )


# ---------------------------------------------------------------- times


def _of_times(guess: Guess, fields: Fields) -> Iterator[str]:
    if guess.time is None or guess.time_form is None:
        return
    name, form = path_text(guess.time), guess.time_form
    if not form.has_zone and not says_utc(guess.time):
        yield f"{name} has no zone: the shape says UTC; write the zone of the shop's clock, such as Europe/Berlin"
    if not form.has_clock:
        yield f"{name} is a date only: every event is at midnight, and waits of hours mean nothing"
    if is_ambiguous(form, fields[guess.time].values):
        yield f"{name} may be day/month or month/day: no number beyond 12 says which; the shape says {form.format}"


def _of_range(outcome: Outcome) -> Iterator[str]:
    future = sum(number for (reason, _), number in outcome.dead.items() if reason == "time_in_future")
    if future:
        yield f"{counted(future, 'record')} in the future, no events until then: is the zone, or the unit, right?"
    if outcome.first_us is not None and outcome.first_us < NINETIES_US:
        yield f"the first event is of {format_instant(outcome.first_us)[:10]}: a 0, or seconds read as milliseconds?"


# ---------------------------------------------------------------- values


def _of_values(guess: Guess, fields: Fields) -> Iterator[str]:
    texts = {path_text(path): _is_read(guess, path) for path, field in fields.items() if _has_texts(field)}
    if read := [path for path, is_read in texts.items() if is_read]:
        yield f"amounts are texts that say numbers: {_listed(read)}; the shape reads them as numbers"
    if left := [path for path, is_read in texts.items() if not is_read]:
        yield f"some texts say numbers and others none: {_listed(left)}; they stay texts, which no rule counts"
    if money := [path_text(path) for path, field in fields.items() if _is_money(field)]:
        yield (
            f"amounts with a currency are texts, which no rule compares or sums: {_listed(money)}; "
            "docs/how-to/bring-your-data.md#money-as-text makes numbers of them"
        )
    negative = [path_text(path) for path, field in fields.items() if AMOUNT.search(field.name) and _is_negative(field)]
    if negative:
        yield f"some values are negative: {_listed(negative)}; returns? only: leaves them out, or give them a type"
    for path, field in fields.items():
        if any(isinstance(one, dict) and "key" not in one for elements in field.lists for one in elements):
            yield f"{path_text(path)} is a list: rules read its elements by derive, or each: makes an event of each"


def _listed(paths: list[str]) -> str:
    return ", ".join(paths[:10]) + (" and more" if len(paths) > 10 else "")


def _is_read(guess: Guess, path: FieldPath) -> bool:
    """Whether the shape makes numbers of a field's texts, or leaves the field out."""
    if guess.whole is None:
        return all(one.is_number for one in guess.properties if one.path == path)
    inside = path[len(guess.whole) :] if path[: len(guess.whole)] == guess.whole else ()
    return not inside or path_text(inside) in guess.numbers


def _has_texts(field: Field) -> bool:
    return AMOUNT.search(field.name) is not None and field.number_texts > 0


def _is_money(field: Field) -> bool:
    """Whether all texts of an amount say a number beside a sign or the code of a currency."""
    texts = [value for value in field.values if isinstance(value, str)]
    return AMOUNT.search(field.name) is not None and bool(texts) and all(map(_MONEY.fullmatch, texts))


_MONEY: Final = re.compile(r"\s*-?(?:([^\w\s.,+-]|[A-Z]{3})\s?-?\d[\d.,' ]*|-?\d[\d.,' ]*\s?([^\w\s.,+-]|[A-Z]{3}))\s*")
"""`$1,005.50`, `12,50 €`, `EUR 9`."""


def _is_negative(field: Field) -> bool:
    return any(str(value).startswith("-") and str(value)[1:2].isdigit() for value in field.values)
