"""A profile as a page for people: one file of HTML, without scripts and without anything from a network.

Pure. It can be read on a telephone, in light and dark, by keyboard and by a screen reader. Names and values in it are
foreign, and stay text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from kittiwake.event_plan.model import ElementsObject, EventObject, GapObject, PlanObject, PropertyObject
from kittiwake.event_plan.parts import ValueSeen
from kittiwake.event_types import UPDATED
from kittiwake.profile.measure.profile import Profile
from kittiwake.profile.report.as_properties import share
from kittiwake.profile.report.findings import is_estimated, percent
from kittiwake.profile.report.markup import Markup, element, joined
from kittiwake.profile.report.style import STYLE
from kittiwake.time.instants import parse_instant
from kittiwake.values import Scalar, canonical

VALUES_SHOWN: Final = 8
"""Values of a property that stand in its row; the plan has more."""

BARS: Final = 60
"""Bars of a chart of events over time: what a telephone is wide."""

CHART_HEIGHT: Final = 100


class Spans(NamedTuple):
    """How many events came in spans of time."""

    width_us: int
    """How long the spans are of all events; those of a type are no longer."""
    by_type: Mapping[str, Sequence[tuple[int, int]]]
    """Of each type: the starts of spans, and the number of events in each."""


_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
"""What a browser may load for the page: nothing, but for the style that stands in it."""


def spans_of(profile: Profile) -> Spans:
    """How many events of each type of a profile came in spans of time."""
    by_type = {name: of_type.times.spans() for name, of_type in profile.types.items()}
    return Spans(profile.times.width_us, by_type)


def page(plan: PlanObject, found: Sequence[str], spans: Spans) -> str:
    """The page of a profile: its plan, what to check of it, and when events of each type came."""
    title = "Events" + (f" of {plan.account}" if plan.account else "")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", Markup(STYLE)),
    )
    body = element(
        "body",
        element("a", "To the types of events", href="#types", class_="skip"),
        element("header", element("h1", title), _summary(plan)),
        element("main", _findings(found), _types(plan, spans), _delivery(plan), _sections(plan)),
        element("footer", element("p", "Made by kittiwake profile. Look through it before you pass it on.")),
    )
    return "<!doctype html>\n" + element("html", head, body, lang="en") + "\n"


def _summary(plan: PlanObject) -> Markup:
    history = plan.history
    if history is None:
        return Markup("")
    facts = [
        ("Events", f"{history.events or 0:,}"),
        ("Contacts", f"{history.contacts or 0:,}"),
        ("Types of events", f"{len(plan.events):,}" + ("" if plan.complete else " and more")),
        ("First", _second(history.first)),
        ("Last", _second(history.last)),
    ]
    return _facts(facts)


def _facts(facts: Sequence[tuple[str, str]]) -> Markup:
    return element(
        "dl", [element("div", element("dt", name), element("dd", value)) for name, value in facts], class_="facts"
    )


def _findings(found: Sequence[str]) -> Markup:
    if not found:
        return element("section", element("h2", "To check"), element("p", "Nothing."))
    listed = element("ul", [element("li", text) for text in found])
    return element("section", element("h2", f"To check ({len(found)})"), listed)


# ---------------------------------------------------------------- types


def _anchor(number: int) -> str:
    return f"type-{number}"


def _types(plan: PlanObject, spans: Spans) -> Markup:
    """All types in one table, each with a link to its own section."""
    rows = [
        [
            element("a", _name(name), href=f"#{_anchor(number)}"),
            f"{event.count or 0:,}",
            f"{event.contacts or 0:,}",
            _second(event.first),
            _second(event.last),
            _chart(name, plan, spans),
        ]
        for number, (name, event) in enumerate(plan.events.items())
    ]
    header = ("Type", "Events", "Contacts", "First", "Last", "Over time")
    table = _table("Each type of events, the most frequent first", header, rows, numbers=(1, 2))
    return element("section", element("h2", "Types of events", id="types"), table)


def _chart(name: str, plan: PlanObject, spans: Spans) -> Markup:
    """How many events came when, as bars over the whole history."""
    count, bars = _bars(plan, spans.width_us, spans.by_type.get(name, ()))
    if not bars:
        return Markup("")
    most = max(bars.values())
    rects = [
        element(
            "rect",
            x=str(at),
            width="0.8",
            y=str(CHART_HEIGHT - height),
            height=str(height),
        )
        for at, number in sorted(bars.items())
        if (height := max(number * CHART_HEIGHT // most, 4))
    ]
    label = f"events over the whole time, in {count} parts: at most {most:,} in one, none in {count - len(bars)}"
    box = f"0 0 {count} {CHART_HEIGHT}"
    return element("svg", rects, viewBox=box, preserveAspectRatio="none", role="img", aria_label=label)


def _bars(plan: PlanObject, width_us: int, spans: Sequence[tuple[int, int]]) -> tuple[int, dict[int, int]]:
    """How many bars there are, and of those that are not empty the number of events."""
    history = plan.history
    if history is None or history.first is None or history.last is None:
        return 0, {}
    first, last = (parse_instant(text) // width_us for text in (history.first, history.last))
    count = min(BARS, last - first + 1)
    found: dict[int, int] = {}
    for start, number in spans:
        at = (start // width_us - first) * count // (last - first + 1)
        found[at] = found.get(at, 0) + number
    return count, found


def _sections(plan: PlanObject) -> Iterator[Markup]:
    """A section of each type; the attributes of contacts are those of one of them."""
    for number, (name, event) in enumerate(plan.events.items()):
        heading = element("h2", "Attributes of contacts: " if name == UPDATED else "", _name(name), id=_anchor(number))
        yield element(
            "section", heading, _facts(list(_event_facts(event))), _properties(name, event), _after(name, event)
        )


def _event_facts(event: EventObject) -> Iterator[tuple[str, str]]:
    yield "Events", f"{event.count or 0:,}"
    yield "Contacts", f"{event.contacts or 0:,}"
    if event.per_contact_max is not None:
        yield "Most of one contact", f"{event.per_contact_max:,}"
    yield "First", _second(event.first)
    yield "Last", _second(event.last)
    for gap in event.gaps or ():
        yield "Gap", _gap(gap)


def _gap(gap: GapObject) -> str:
    return f"{_second(gap.from_)} to {_second(gap.to)}"


def _second(text: str | None) -> str:
    """A time in UTC, to the second."""
    return "" if text is None else text[: len("2026-11-01T09:30:00")] + "Z"


def _after(name: str, event: EventObject) -> Markup:
    """What came after events of a type."""
    if not event.followed or not event.followed_by:
        return Markup("")
    rows = [
        [_name(other), f"{number:,}", percent(share(number, event.followed))]
        for other, number in sorted(event.followed_by.items(), key=lambda one: (-one[1], one[0]))
    ]
    header = ("Type", "Contacts", f"Of {event.followed:,}")
    table = _table(f"What came after {name}", header, rows, numbers=(1, 2))
    return element("details", element("summary", "What came after"), table)


# ---------------------------------------------------------------- properties

_HEADER: Final = ("Property", "Present", "Types", "Range", "Different", "Commonest values")


def _properties(name: str, event: EventObject) -> Markup:
    rows = list(_rows(event.properties or {}))
    more = "" if event.complete else element("p", "There are more properties than these.")
    if not rows:
        return element("p", "No properties.")
    return joined([_table(f"Properties of {name}", _HEADER, rows, numbers=(1, 4)), more])


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
        _name(path),
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
        [_name(_value(one)), f" {one.count:,}" if isinstance(one, ValueSeen) and one.count else ""]
        for one in (found.values or ())[:VALUES_SHOWN]
    ]
    if not shown:
        return ""
    return element("ul", [element("li", *parts) for parts in shown], class_="values")


def _value(one: Scalar | ValueSeen) -> str:
    value = one.value if isinstance(one, ValueSeen) else one
    return value if isinstance(value, str) and value else canonical(value)


def _name(text: str) -> Markup:
    """A foreign name or value, which may be written from right to left."""
    return element("bdi", text, class_="name")


# ---------------------------------------------------------------- how they came


def _delivery(plan: PlanObject) -> Markup:
    delivery = plan.delivery
    if delivery is None:
        return Markup("")
    facts = [("Records", f"{delivery.records or 0:,}")]
    facts += [(f"No events: {reason}", f"{number:,}") for reason, number in (delivery.dead_letters or {}).items()]
    if delivery.items:
        facts.append(("Events of items of the catalogue", f"{delivery.items:,}"))
    facts += [(f"Account {name}", f"{number:,}") for name, number in (delivery.accounts or {}).items()]
    received = [
        [_name(one.type), _name(one.property), f"{one.events:,}", f"{one.ahead:,}", *map(_count, one.within.values())]
        for one in delivery.received or ()
    ]
    parts = [element("h2", "How they came"), _facts(facts)]
    if delivery.received and received:
        header = ("Type", "Property", "Events", "Before", *(f"≤ {limit}" for limit in delivery.received[0].within))
        parts.append(_table("How long after their time events were received", header, received, numbers=range(2, 11)))
    return element("section", *parts)


def _count(number: int) -> str:
    return f"{number:,}"


def _table(
    caption: str, header: Sequence[str], rows: Sequence[Sequence[Markup | str]], numbers: Sequence[int]
) -> Markup:
    """A table that scrolls by itself where the window is narrow, by keyboard too."""
    head = element("tr", [_head(text, at in numbers) for at, text in enumerate(header)])
    body = [element("tr", [_entry(at, part, at in numbers) for at, part in enumerate(row)]) for row in rows]
    table = element("table", element("caption", caption), element("thead", head), element("tbody", body))
    return element("div", table, class_="scroll", role="region", tabindex="0", aria_label=caption)


def _head(text: str, is_number: bool) -> Markup:
    return element("th", text, scope="col", class_="number") if is_number else element("th", text, scope="col")


def _entry(at: int, part: Markup | str, is_number: bool) -> Markup:
    if at == 0:
        return element("th", part, scope="row")
    return element("td", part, class_="number") if is_number else element("td", part)
