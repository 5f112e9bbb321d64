"""The charts of the pages as specifications of Vega-Lite, by the width that they are drawn in.

Pure. Names are foreign: they stand in the data, made visible and cut, and never in the specification itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from kittiwake.printable import visible
from kittiwake.report.drawing import MEASURED, SHOWN, Spec
from kittiwake.report.page import NARROW, cut
from kittiwake.report.style import COLOURS
from kittiwake.time.instants import DAY_US, format_instant

NAMES_MAX: Final = 12
"""Rules, types and pairs that a chart shows: more are no picture. The table beside it has more."""

MONTHS_FROM: Final = 300
"""Days from which on a chart names months."""

NAME_CHARS: Final = 44
"""Characters of a name in a chart."""

HINT_CHARS: Final = 160
"""Characters of what is shown where a mouse rests on a mark."""

_CHAR_PIXELS: Final = 7.2
"""What a character takes at most, on average."""


class Parted(NamedTuple):
    """Something in parts: its name, what a line says of it, and the parts by their kind, in their order."""

    name: str
    note: str
    parts: Mapping[str, int]


class Interval(NamedTuple):
    """A value and where it lies 19 times of 20."""

    name: str
    value: float
    low: float
    high: float


def short_names(names: Sequence[str]) -> list[str]:
    """Names as a chart shows them, no two of which are the same."""
    found: list[str] = []
    for text in names:
        shown = cut(visible(text), NAME_CHARS)
        found.append(shown if shown not in found else f"{cut(shown, NAME_CHARS - 5)} ({len(found) + 1})")
    return found


# ---------------------------------------------------------------- over time


def over_time(found: Mapping[str, Mapping[int, int]], step_us: int, width: int) -> Spec:
    """How many of each name came when, a row of bars for each name, on a scale of its own.

    By name, the starts of spans that are each `step_us` long, and their numbers.
    """
    names = short_names(list(found))
    values = [
        {
            "name": shown,
            "from": start_us // 1000,
            "to": (start_us + step_us * 5 // 6) // 1000,
            "number": number,
            "hint": f"{shown}, {_when(start_us, step_us)}: {number:,}",
        }
        for shown, by_start in zip(names, found.values(), strict=True)
        for start_us, number in sorted(by_start.items())
    ]
    starts = [start_us for by_start in found.values() for start_us in by_start]
    time_axis = {"title": None, "grid": False, "tickCount": 4 if width <= NARROW else 8, "format": _ticks(starts)}
    number_axis = {"title": None, "tickCount": 2, "format": "~s"}
    bars = {
        "mark": {"type": "bar"},
        "width": width - 50,
        "height": 48,
        "encoding": {
            "x": {"field": "from", "type": "temporal", "scale": {"type": "utc"}, "axis": time_axis},
            "x2": {"field": "to"},
            "y": {"field": "number", "type": "quantitative", "scale": {"domainMin": 0}, "axis": number_axis},
            "y2": {"datum": 0},
            "description": {"field": "hint"},
        },
    }
    header = {"labelOrient": "top", "labelAnchor": "start", "labelPadding": 4}
    return {
        "data": {"values": values},
        "facet": {"row": {"field": "name", "sort": names, "header": header}},
        "spec": bars,
        "spacing": 6,
        "resolve": {"scale": {"y": "independent"}},
    }


def in_steps(by_start: Mapping[int, int], step_us: int, origin_us: int) -> dict[int, int]:
    """The same in longer spans, which begin at `origin_us` or whole steps from it."""
    found = dict[int, int]()
    for start_us, number in by_start.items():
        begin_us = origin_us + (start_us - origin_us) // step_us * step_us
        found[begin_us] = found.get(begin_us, 0) + number
    return found


def _ticks(times_us: Sequence[int]) -> str:
    """How instants beside an axis are written."""
    span_us = max(times_us, default=0) - min(times_us, default=0)
    if span_us > MONTHS_FROM * DAY_US:
        return "%b %Y"
    return "%-d %b" if span_us > 3 * DAY_US else "%-d %b %H:%M"


def _when(start_us: int, step_us: int) -> str:
    text = format_instant(start_us)
    if step_us < DAY_US:
        return f"from {text}"
    return text[:10] if step_us == DAY_US else f"from {text[:10]} on"


# ---------------------------------------------------------------- a row for each name


def _rows(names: Sequence[str], layers: Sequence[Spec], width: int) -> Spec:
    """Layers that share one row for each name, which stands beside it, or above it where the chart is narrow."""
    is_narrow = width <= NARROW
    room = min((max(map(len, names), default=0) + 2) * _CHAR_PIXELS, width * 0.42)
    limit = room * MEASURED / SHOWN
    beside = {"title": None, "domain": False, "ticks": False, "labelPadding": 8, "labelLimit": limit}
    axis = None if is_narrow else {**beside, "minExtent": room + 8}
    above = {
        "transform": [{"aggregate": [], "groupby": ["name"]}],
        "mark": {"type": "text", "align": "left", "dy": -17},
        "encoding": {"x": {"value": 0}, "text": {"field": "name"}},
    }
    return {
        "width": width,
        "height": {"step": 42 if is_narrow else 25},
        "autosize": {"type": "fit-x", "contains": "padding"},
        "encoding": {"y": {"field": "name", "type": "nominal", "sort": list(names), "axis": axis}},
        "layer": [*layers, *([above] if is_narrow else ())],
    }


def _bar(width: int) -> Spec:
    return {"type": "bar", "height": {"band": 0.4 if width <= NARROW else 0.72}}


def _legend(number: int, width: int) -> Spec:
    return {"orient": "top", "columns": 2 if width <= NARROW else min(number, 5), "columnPadding": 18}


def _colours(number: int) -> list[str]:
    """One for each kind: the first is what was hoped for."""
    return [f"var(--c{1 + min(at, COLOURS - 1)})" for at in range(number)]


def _kinds(found: Sequence[Parted]) -> list[str]:
    return list(dict.fromkeys(kind for one in found for kind in one.parts))


def _of_kinds(found: Sequence[Parted], names: Sequence[str], kinds: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {
            "name": shown,
            "kind": kind,
            "at": kinds.index(kind),
            "number": number,
            "hint": f"{shown}: {kind} {abs(number):,}",
        }
        for shown, one in zip(names, found, strict=True)
        for kind, number in one.parts.items()
    ]


def _by_kind(kinds: Sequence[str], width: int) -> Spec:
    return {
        "color": {
            "field": "kind",
            "type": "nominal",
            "scale": {"domain": list(kinds), "range": _colours(len(kinds))},
            "legend": _legend(len(kinds), width),
        },
        "order": {"field": "at", "type": "quantitative"},
        "description": {"field": "hint"},
    }


def in_parts(found: Sequence[Parted], width: int) -> Spec:
    """Bars of equal length, each in its parts: of one hundred, so many became this, and so many that.

    The kinds of the parts are words of ours.
    """
    names, kinds = short_names([one.name for one in found]), _kinds(found)
    axis = {"title": None, "format": ".0%", "tickCount": 3 if width <= NARROW else 5}
    along = {"field": "number", "type": "quantitative", "stack": "normalize", "axis": axis}
    notes = [{"name": shown, "note": one.note} for shown, one in zip(names, found, strict=True)]
    bars = {
        "data": {"values": _of_kinds(found, names, kinds)},
        "mark": _bar(width),
        "encoding": {"x": along, **_by_kind(kinds, width)},
    }
    beside = {
        "data": {"values": notes},
        "mark": {"type": "text", "align": "left", "dx": 8},
        "encoding": {"x": {"value": "width"}, "text": {"field": "note"}},
    }
    spec = _rows(names, [bars, *([beside] if width > NARROW else ())], width)
    return {**spec, "data": {"values": notes}}


def both_ways(found: Sequence[Parted], width: int) -> Spec:
    """Bars to the right of a line for what was gained, and to its left for what was lost: numbers below nothing.

    The kinds of the parts are words of ours.
    """
    names, kinds = short_names([one.name for one in found]), _kinds(found)
    axis = {"title": None, "tickCount": 4 if width <= NARROW else 8, "format": ",d", "tickMinStep": 1}
    along = {"field": "number", "type": "quantitative", "axis": axis}
    bars = {"mark": _bar(width), "encoding": {"x": along, **_by_kind(kinds, width)}}
    zero = {"mark": "rule", "encoding": {"x": {"datum": 0, "type": "quantitative"}, "y": None}}
    return {**_rows(names, [bars, zero], width), "data": {"values": _of_kinds(found, names, kinds)}}


def bars(found: Sequence[tuple[str, int, str]], width: int) -> Spec:
    """Names, a bar for each number, and what is written at its end."""
    names = short_names([one[0] for one in found])
    values = [
        {"name": shown, "number": number, "note": note, "hint": f"{shown}: {note}"}
        for shown, (_, number, note) in zip(names, found, strict=True)
    ]
    most = max((number for _, number, _ in found), default=1)
    along = {"field": "number", "type": "quantitative", "axis": None, "scale": {"domain": [0, most * 1.35 or 1]}}
    drawn = {"mark": _bar(width), "encoding": {"x": along, "description": {"field": "hint"}}}
    noted = {"mark": {"type": "text", "align": "left", "dx": 6}, "encoding": {"x": along, "text": {"field": "note"}}}
    return {**_rows(names, [drawn, noted], width), "data": {"values": values}}


def intervals(found: Sequence[Interval], width: int) -> Spec:
    """Values with the interval around each, in points of a percentage, and a line at none."""
    names = short_names([one.name for one in found])
    values = [
        {
            "name": shown,
            "value": one.value,
            "low": one.low,
            "high": one.high,
            "hint": f"{shown}: {one.value:+.1f} ({one.low:+.1f} to {one.high:+.1f})",
        }
        for shown, one in zip(names, found, strict=True)
    ]
    along = {"type": "quantitative", "axis": {"title": "points of a percentage", "tickCount": 5, "format": "+d"}}
    hint = {"description": {"field": "hint"}}
    none = {"mark": {"type": "rule", "strokeDash": [4, 3]}, "encoding": {"x": {"datum": 0, **along}, "y": None}}
    spans = {
        "mark": {"type": "rule", "color": "var(--c1)", "strokeWidth": 3},
        "encoding": {"x": {"field": "low", **along}, "x2": {"field": "high"}, **hint},
    }
    points = {
        "mark": {"type": "point", "filled": True, "size": 90, "color": "var(--c1)", "opacity": 1},
        "encoding": {"x": {"field": "value", **along}, **hint},
    }
    return {**_rows(names, [none, spans, points], width), "data": {"values": values}}


# ---------------------------------------------------------------- one contact

_LOOKS: Final = {
    "event": ("var(--text)", "circle"),
    "waits": ("var(--c1)", "square"),
    "held back": ("var(--c4)", "square"),
    "fired": ("var(--c3)", "triangle-up"),
    "did not fire": ("var(--c2)", "cross"),
    "did not begin": ("var(--c8)", "diamond"),
}
"""Colour and shape of each kind of mark: nothing is known by its colour alone."""

_LASTING: Final = ("waits", "held back")

BAR_PIXELS: Final = 3
"""What a bar is wide at least: an hour of some months would not be seen."""

LABEL_EVERY: Final = 600
"""Pixels after which the name of a lane stands once more, so that it is seen wherever one has scrolled to."""


class Mark(NamedTuple):
    """Something in a lane: at an instant, or from one to another."""

    lane: str
    kind: str
    """One of `_LOOKS`; `waits` and `held back` last for a while."""
    from_us: int
    to_us: int
    hint: str


def timeline(marks: Sequence[Mark], lanes: Sequence[str], width: int) -> Spec:
    """What happened to a contact, a lane for each rule; times are those of a local clock."""
    shown = dict(zip(lanes, short_names(lanes), strict=True))
    first_us = min((one.from_us for one in marks), default=0)
    last_us = max((one.to_us for one in marks), default=0)
    domain = [first_us // 1000, max(last_us // 1000, first_us // 1000 + 1)]
    least = (domain[1] - domain[0]) * BAR_PIXELS // width
    values = [
        {
            "name": shown[one.lane],
            "kind": one.kind,
            "from": (start := one.from_us // 1000),
            "to": max(one.to_us // 1000, start + least),
            "hint": cut(visible(one.hint), HINT_CHARS),
        }
        for one in marks
    ]
    axis = {
        "title": None,
        "tickCount": max(width // 110, 3),
        "format": _ticks([first_us, last_us]),
        "labelOverlap": True,
    }
    along = {"type": "temporal", "scale": {"type": "utc", "domain": domain, "nice": False}, "axis": axis}
    seen = _looks([kind for kind in _LOOKS if any(one.kind == kind for one in marks)], width)
    lasting = {
        "transform": [{"filter": {"field": "kind", "oneOf": list(_LASTING)}}],
        "mark": {"type": "bar", "height": 9},
        "encoding": {"x": {"field": "from", **along}, "x2": {"field": "to"}, "color": seen["color"], **_HINT},
    }
    instants = {
        "transform": [{"filter": {"not": {"field": "kind", "oneOf": list(_LASTING)}}}],
        "mark": {
            "type": "point",
            "filled": True,
            "size": 130,
            "opacity": 1,
            "stroke": "var(--back)",
            "strokeWidth": 1.5,
        },
        "encoding": {"x": {"field": "from", **along}, **seen, **_HINT},
    }
    return {
        "width": width,
        "height": {"step": 40},
        "autosize": {"type": "fit-x", "contains": "padding"},
        "data": {"values": values},
        "encoding": {"y": {"field": "name", "type": "nominal", "sort": list(shown.values()), "axis": None}},
        "layer": [lasting, instants, _lane_names(list(shown.values()), domain, width, along)],
    }


_HINT: Final[Spec] = {"description": {"field": "hint"}}


def _looks(kinds: Sequence[str], width: int) -> Spec:
    """Colours and shapes, in one legend."""
    legend = {**_legend(len(kinds), width), "columns": 3 if width <= NARROW else 6}
    of_kind = {"field": "kind", "type": "nominal", "legend": legend}
    return {
        "color": {**of_kind, "scale": {"domain": list(kinds), "range": [_LOOKS[kind][0] for kind in kinds]}},
        "shape": {**of_kind, "scale": {"domain": list(kinds), "range": [_LOOKS[kind][1] for kind in kinds]}},
    }


def _lane_names(names: Sequence[str], domain: Sequence[int], width: int, along: Spec) -> Spec:
    times = [
        domain[0] + (domain[1] - domain[0]) * at * LABEL_EVERY // width for at in range(max(width // LABEL_EVERY, 1))
    ]
    return {
        "data": {"values": [{"name": name, "from": time} for name in names for time in times]},
        "mark": {"type": "text", "align": "left", "dy": -14},
        "encoding": {"x": {"field": "from", **along}, "text": {"field": "name"}, "color": {"value": "var(--text)"}},
    }
