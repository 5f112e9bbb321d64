"""The page of `kittiwake profile`: which events come, and what is in them.

Pure. Names and values in it are foreign, and stay text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

from kittiwake.event_plan.model import ElementsObject, EventObject, GapObject, PlanObject, PropertyObject
from kittiwake.event_plan.parts import ValueSeen
from kittiwake.event_types import UPDATED
from kittiwake.profile.measure.profile import Profile
from kittiwake.profile.report.as_properties import share
from kittiwake.profile.report.findings import is_estimated, percent
from kittiwake.profile.report.proposal import lines_left_out, policy_lines, proposal
from kittiwake.report import charts
from kittiwake.report.charts import NAMES_MAX
from kittiwake.report.markup import Child, Markup, element, joined
from kittiwake.report.page import Section, chart, details, facts_list, name, page, table
from kittiwake.time.instants import format_instant
from kittiwake.values import Scalar, canonical

VALUES_SHOWN: Final = 8
"""Values of a property that stand in its row; the plan has more."""


BARS: Final = 60
"""Bars of a row of the chart of events over time, at most: what a telephone is wide."""


class Spans(NamedTuple):
    """How many events came in spans of time."""

    width_us: int
    """How long the spans are of all events; those of a type are no longer."""
    by_type: Mapping[str, Sequence[tuple[int, int]]]
    """Of each type: the starts of spans, and the number of events in each."""


def spans_of(profile: Profile) -> Spans:
    """How many events of each type of a profile came in spans of time."""
    by_type = {name: of_type.times.spans() for name, of_type in profile.types.items()}
    return Spans(profile.times.width_us, by_type)


def profile_page(plan: PlanObject, found: Sequence[str], spans: Spans) -> str:
    """The page of a profile: its plan, what to check of it, and when events of each type came."""
    title = "Events" + (f" of {plan.account}" if plan.account else "")
    check = f"To check ({len(found)})" if found else "To check"
    sections = [
        Section("check", check, _findings(found)),
        Section("types", "Types of events", _types(plan, spans)),
        Section("delivery", "How they came", _delivery(plan)),
        Section("proposed", "Feeds and breakers", _proposed(plan)),
        Section("each", "Each type of events", list(_each(plan))),
    ]
    return page(title, "Which events really come, and what is in them.", _facts(plan), sections, "kittiwake profile")


def _facts(plan: PlanObject) -> list[tuple[str, Child]]:
    history = plan.history
    if history is None:
        return []
    return [
        ("Events", f"{history.events or 0:,}"),
        ("Contacts", f"{history.contacts or 0:,}"),
        ("Types of events", f"{len(plan.events):,}" + ("" if plan.complete else " and more")),
        ("First", _second(history.first)),
        ("Last", _second(history.last)),
    ]


def _findings(found: Sequence[str]) -> Markup:
    return element("ul", [element("li", text) for text in found]) if found else element("p", "Nothing.")


# ---------------------------------------------------------------- types


def _anchor(number: int) -> str:
    return f"type-{number}"


def _types(plan: PlanObject, spans: Spans) -> list[Markup]:
    """All types in one table, each with a link to its own section, and when the most frequent came."""
    rows = [
        [
            element("a", name(of_type), href=f"#{_anchor(number)}"),
            f"{event.count or 0:,}",
            f"{event.contacts or 0:,}",
            _second(event.first),
            _second(event.last),
        ]
        for number, (of_type, event) in enumerate(plan.events.items())
    ]
    header = ("Type", "Events", "Contacts", "First", "Last")
    numbers = table("Each type of events, the most frequent first", header, rows, (1, 2), wide=True)
    return [numbers, _over_time(list(plan.events), spans)]


def _over_time(types: Sequence[str], spans: Spans) -> Markup:
    shown = [of_type for of_type in types if spans.by_type.get(of_type)][:NAMES_MAX]
    if not shown:
        return Markup("")
    starts = [start_us for of_type in shown for start_us, _ in spans.by_type[of_type]]
    first_us, last_us = min(starts), max(starts)
    step_us = -(-((last_us - first_us) // spans.width_us + 1) // BARS) * spans.width_us
    found = {
        of_type: charts.in_steps(dict(spans.by_type[of_type]), step_us, first_us - first_us % spans.width_us)
        for of_type in shown
    }
    more = "" if len(shown) == len(types) else f" ({len(shown)} of {len(types):,} types)"
    return chart(
        f"Events over time, each type on a scale of its own{more}",
        partial(charts.over_time, found, step_us),
        _spans_table(found),
    )


def _spans_table(found: Mapping[str, Mapping[int, int]]) -> Markup:
    starts = sorted({start_us for of_type in found.values() for start_us in of_type})
    rows = [[format_instant(at), *(f"{of_type.get(at, 0):,}" for of_type in found.values())] for at in starts]
    return table("Events from each time on", ["From", *found], rows, range(1, len(found) + 1), wide=len(found) > 4)


def _each(plan: PlanObject) -> Iterator[Markup]:
    """What is known of each type; the attributes of contacts are those of one of them."""
    for number, (of_type, event) in enumerate(plan.events.items()):
        of_contacts = "Attributes of contacts: " if of_type == UPDATED else ""
        yield element("h3", of_contacts, name(of_type), id=_anchor(number))
        yield from (facts_list(list(_event_facts(event))), _properties(of_type, event), _after(of_type, event))


def _event_facts(event: EventObject) -> Iterator[tuple[str, Child]]:
    yield "Events", f"{event.count or 0:,}"
    yield "Contacts", f"{event.contacts or 0:,}"
    if event.per_contact_max is not None:
        yield "Most of one contact", f"{event.per_contact_max:,}"
    yield "First", _second(event.first)
    yield "Last", _second(event.last)
    for gap in event.gaps or ():
        yield "Gap", _gap(gap)
    if event.pause is not None:
        yield "Longest pause", _gap(event.pause)
    if event.volume is not None:
        yield f"Most in {event.volume.per}", f"{event.volume.max:,} from {_second(event.volume.from_)}"


def _gap(gap: GapObject) -> str:
    return f"{_second(gap.from_)} to {_second(gap.to)}"


def _second(text: str | None) -> str:
    """A time in UTC, to the second."""
    return "" if text is None else text[: len("2026-11-01T09:30:00")] + "Z"


def _after(of_type: str, event: EventObject) -> Markup:
    """What came after events of a type."""
    if not event.followed or not event.followed_by:
        return Markup("")
    rows = [
        [name(other), f"{number:,}", percent(share(number, event.followed))]
        for other, number in sorted(event.followed_by.items(), key=lambda one: (-one[1], one[0]))
    ]
    header = ("Type", "Contacts", f"Of {event.followed:,}")
    return details("What came after", table(f"What came after {of_type}", header, rows, (1, 2)))


# ---------------------------------------------------------------- properties

_HEADER: Final = ("Property", "Present", "Types", "Range", "Different", "Commonest values")


def _properties(of_type: str, event: EventObject) -> Markup:
    rows = list(_rows(event.properties or {}))
    more = "" if event.complete else element("p", "There are more properties than these.")
    if not rows:
        return element("p", "No properties.")
    return joined([table(f"Properties of {of_type}", _HEADER, rows, (1, 4), wide=True), more])


def _rows(properties: Mapping[str, PropertyObject], before: str = "") -> Iterator[list[Markup | str]]:
    """A row of each property; elements of lists, and what is in them, after their list."""
    for path, found in properties.items():
        yield _row(before + path, found)
        if found.elements is not None:
            yield from _element_rows(found.elements, f"{before}{path}[]")


def _element_rows(found: ElementsObject, path: str) -> Iterator[list[Markup | str]]:
    yield _row(path, found)
    if found.elements is not None:
        yield from _element_rows(found.elements, f"{path}[]")
    yield from _rows(found.properties or {}, f"{path}.")


def _row(path: str, found: PropertyObject) -> list[Markup | str]:
    return [
        name(path),
        percent(found.present or 0),
        ", ".join(_kinds(found)),
        _range(found),
        (("about " if is_estimated(found) else "") + f"{found.distinct:,}") if found.distinct else "",
        _values(found),
    ]


def _kinds(found: PropertyObject) -> Iterator[str]:
    for word, number in (found.types or {}).items():
        yield f"{word} {number:,}" if len(found.types or {}) > 1 else word
    for word, number in (found.formats or {}).items():
        yield f"of these {number:,} as {word.replace('_', ' ')}"
    if found.without_offset:
        yield f"of these {found.without_offset:,} as time without offset"
    if found.blank:
        yield f"of these {found.blank:,} blank"


def _range(found: PropertyObject) -> str:
    parts = []
    if found.min is not None and found.max is not None:
        parts.append(f"{canonical(found.min)} to {canonical(found.max)}")
    if found.earliest is not None and found.latest is not None:
        parts.append(f"{found.earliest} to {found.latest}")
    if found.offsets:
        parts.append("offsets " + ", ".join(found.offsets))
    if found.elements_max is not None:
        parts.append(f"up to {found.elements_max:,} elements")
    return "; ".join(parts)


def _values(found: PropertyObject) -> Markup | str:
    if found.personal:
        return "looks personal: left out"
    shown = [
        [name(_value(one)), f" {one.count:,}" if isinstance(one, ValueSeen) and one.count else ""]
        for one in (found.values or ())[:VALUES_SHOWN]
    ]
    if not shown:
        return ""
    return element("ul", [element("li", *parts) for parts in shown], class_="values")


def _value(one: Scalar | ValueSeen) -> str:
    value = one.value if isinstance(one, ValueSeen) else one
    return value if isinstance(value, str) and value else canonical(value)


# ---------------------------------------------------------------- how they came


def _delivery(plan: PlanObject) -> Markup:
    delivery = plan.delivery
    if delivery is None:
        return Markup("")
    facts: list[tuple[str, Child]] = [("Records", f"{delivery.records or 0:,}")]
    facts += [(f"No events: {reason}", f"{number:,}") for reason, number in (delivery.dead_letters or {}).items()]
    if delivery.items:
        facts.append(("Events of items of the catalogue", f"{delivery.items:,}"))
    facts += [(f"Account {account_id}", f"{number:,}") for account_id, number in (delivery.accounts or {}).items()]
    received = [
        [name(one.type), name(one.property), f"{one.events:,}", f"{one.ahead:,}", *map(_count, one.within.values())]
        for one in delivery.received or ()
    ]
    parts = [facts_list(facts)]
    if delivery.received and received:
        header = ("Type", "Property", "Events", "Before", *(f"≤ {limit}" for limit in delivery.received[0].within))
        parts.append(table("How long after their time events were received", header, received, range(2, 11), wide=True))
    return joined(parts)


def _proposed(plan: PlanObject) -> list[Markup]:
    """What the policy of an account may say of its types."""
    found = proposal(plan)
    lines = policy_lines(found)
    left_out = [element("li", line) for line in lines_left_out(found)]
    return [
        element("p", "For the policy of its rules: what is silent or flooded is counted, and held with mode: hold."),
        element("pre", "\n".join(lines)) if lines else element("p", "Nothing is proposed."),
        *([element("ul", left_out)] if left_out else []),
    ]


def _count(number: int) -> str:
    return f"{number:,}"
