"""The page of `kittiwake explain`: one contact's timeline, and for what did not fire what it would have taken.

Pure. Its lines are those of the text and of the JSON. It holds the contact's data, which was asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import Final, NamedTuple

from kittiwake.explain.model import Explanation, Line, Miss, RuleExplanation, SpanKind, Tone
from kittiwake.explain.rendering import MISSES_SHOWN, about_words
from kittiwake.explain.spans import PENDING
from kittiwake.explain.wording import clock_words, counted, date_words, moment_words
from kittiwake.kernel.state.trace import StepKind
from kittiwake.report import charts
from kittiwake.report.asked import Asked, accounts_in_words, input_facts
from kittiwake.report.charts import Mark
from kittiwake.report.drawing import Spec, draw
from kittiwake.report.markup import Child, Markup, element
from kittiwake.report.page import BROAD, NARROW, Section, details, headlines, name, page, paragraphs
from kittiwake.time.zones import local_us

LINES_SHOWN: Final = 1_500
"""Lines of the timeline in words, the newest; the JSON has all."""

MARKS_SHOWN: Final = 300
"""Events of the chart, the newest; and as many waits, and as many decisions."""

LANES_SHOWN: Final = 20
"""Rules, and instances of rules, that have a lane: those of which most happened."""

ZOOMS: Final = ((1, BROAD), (3, 3 * BROAD), (10, 10 * BROAD))
"""How often wider, and the pixels: one picture each, of which the page shows one. So it needs no script."""

VERDICTS_SHOWN: Final = 8
"""Rules that are headlines."""

EVENTS: Final = "events of the contact"


def explanation_page(explanation: Explanation, asked: Asked) -> str:
    """The page."""
    rule_ids = frozenset(rule.rule_id for rule in explanation.rules)
    facts: list[tuple[str, Child]] = [
        ("Account", name(explanation.account_id)),
        ("Rules", name(asked.rules)),
        *input_facts(asked.inputs),
        ("Events", f"{explanation.events:,}"),
        ("Decided up to", moment_words(explanation.evaluated_to_us, explanation.zone)),
        ("By the clock of", explanation.zone),
    ]
    accounts = [one for one in asked.accounts if one.account_id in (explanation.account_id, "*")]
    own = [one for one in accounts if one.account_id == explanation.account_id] or accounts
    sections = [
        Section("findings", "What came of it", _findings(explanation)),
        Section("timeline", "Timeline", _timeline(explanation)),
        Section("misses", "What did not fire, and what it would have taken", list(_missed(explanation))),
        Section("lines", "Line by line", _lines(explanation)),
        Section("rules", "The rules in plain sentences", accounts_in_words(own, rule_ids)),
        Section("reading", "How to read this report", paragraphs(READING)),
    ]
    title = f"What happened to contact {explanation.contact_id}"
    lead = "Everything that rules made of this contact's events. This page holds personal data."
    return page(title, lead, facts, sections, "kittiwake explain")


def _findings(explanation: Explanation) -> Child:
    """What fired, then what came nearest to it."""
    ordered = sorted(explanation.rules, key=lambda rule: (-rule.fired, -max(_stages(rule), default=0)))
    return [headlines(map(_verdict, ordered[:VERDICTS_SHOWN])), [element("p", text) for text in _more(ordered)]]


def _more(ordered: Sequence[RuleExplanation]) -> Iterator[str]:
    """What is said of rules that are no headlines."""
    hidden = ordered[VERDICTS_SHOWN:]
    fired = sum(rule.fired > 0 for rule in hidden)
    if fired:
        yield f"{counted(fired, 'more rule')} fired too; line by line, below, says when."
    if len(hidden) > fired:
        others = counted(len(hidden) - fired, "more rule")
        yield f"{others} did not come nearer to firing; below stands what it would have taken."


def _stages(rule: RuleExplanation) -> list[int]:
    return [miss.stage for miss in rule.nearest]


def _verdict(rule: RuleExplanation) -> Child:
    about = [element("br"), element("span", about_words(rule.about), class_="soft")] if rule.about else []
    if rule.fired:
        times = "once" if rule.fired == 1 else f"{rule.fired:,} times"
        return [name(rule.rule_id), " fired ", element("strong", times), ".", *about]
    nearest = rule.nearest[-1] if rule.nearest else None
    why = f": {nearest.what}. It would have taken: {nearest.needed}." if nearest else "."
    return [name(rule.rule_id), element("strong", " did not fire"), why, *about]


# ---------------------------------------------------------------- the chart


class _Lanes(NamedTuple):
    """The lanes of a chart, and how many more there are."""

    names: list[str]
    hidden: int


def _lane(rule_id: str, instance: str | None) -> str:
    return rule_id if instance in (None, "{}") else f"{rule_id} {instance}"


def _lanes(marks: Sequence[Mark]) -> _Lanes:
    numbers: dict[str, int] = {}
    for one in marks:
        numbers[one.lane] = numbers.get(one.lane, 0) + 1
    numbers.pop(EVENTS, None)
    most = sorted(numbers, key=lambda lane: (-numbers[lane], lane))
    return _Lanes([EVENTS, *sorted(most[:LANES_SHOWN])], max(len(most) - LANES_SHOWN, 0))


def _timeline(explanation: Explanation) -> Child:
    every = [*_newest(_events(explanation)), *_newest(_spans(explanation)), *_newest(_outcomes(explanation))]
    lanes = _lanes(every)
    marks = [one for one in every if one.lane in lanes.names]
    if not marks:
        return ()
    label = (
        f"{counted(explanation.events, 'event')}, and in a lane for each rule when it waited, was held back, fired and"
        f" did not; times by the clock of {explanation.zone}"
    )
    cuts = [f"Left out are {lanes.hidden:,} lanes of which less happened."] if lanes.hidden else []
    if any(len(list(of(explanation))) > MARKS_SHOWN for of in (_events, _spans, _outcomes)):
        cuts.append(f"The chart shows the newest {MARKS_SHOWN} events, waits and decisions.")
    inputs = [_zoom(at, times) for at, (times, _) in enumerate(ZOOMS, 1)]
    drawn = [
        _zoomed(at, label, partial(charts.timeline, marks, lanes.names), wide) for at, (_, wide) in enumerate(ZOOMS, 1)
    ]
    zoom = element("fieldset", element("legend", "Zoom: "), inputs, drawn, class_="zoom")
    hint = (
        "Zoomed in, the chart scrolls to the sides, by the arrow keys too. Line by line, below, says the same in words."
    )
    return [element("p", label + "."), element("p", hint, class_="soft"), [element("p", cut) for cut in cuts], zoom]


def _zoom(at: int, times: int) -> list[Markup]:
    checked = {"checked": ""} if at == 1 else {}
    button = element("input", type="radio", name="zoom", id=f"zoom-{at}", **checked)
    return [button, element("label", "whole time" if times == 1 else f"{times} times", for_=f"zoom-{at}")]


def _zoomed(at: int, label: str, spec_of: partial[Spec], wide: int) -> Markup:
    pictures: Child = draw(spec_of(wide), label)
    if at == 1:
        narrow = element("div", draw(spec_of(NARROW), label), class_="narrow")
        pictures = [element("div", pictures, class_="broad"), narrow]
    region = {"role": "region", "tabindex": "0", "aria_label": f"Timeline, {ZOOMS[at - 1][0]} times as wide"}
    return element("div", pictures, class_=f"zoomed zoomed-{at}", **region)


def _newest(marks: Iterator[Mark]) -> list[Mark]:
    return list(marks)[-MARKS_SHOWN:]


def _events(explanation: Explanation) -> Iterator[Mark]:
    for line in explanation.lines:
        if line.kind is StepKind.EVENT:
            yield _instant(explanation, line, EVENTS, "event")


def _spans(explanation: Explanation) -> Iterator[Mark]:
    for one in explanation.spans:
        kind = "waits" if one.kind is SpanKind.WAIT else "held back"
        lane = _lane(one.rule_id, one.instance)
        times = [local_us(explanation.zone, time_us) for time_us in (one.from_us, one.to_us)]
        until = "ends" if one.to_us < one.due_us else "is over"
        how = "it goes on" if one.ended == PENDING else f"it {until}: {one.ended}"
        moments = f"{moment_words(one.from_us, explanation.zone)} to {moment_words(one.to_us, explanation.zone)}"
        yield Mark(lane, kind, times[0], times[1], f"{lane} {kind}, {moments}; {how}")


def _outcomes(explanation: Explanation) -> Iterator[Mark]:
    for line in explanation.lines:
        if line.rule_id is not None and (kind := _outcome(line)) is not None:
            yield _instant(explanation, line, _lane(line.rule_id, line.instance), kind)


def _outcome(line: Line) -> str | None:
    if line.kind is StepKind.DECISION:
        return {Tone.FIRED: "fired", Tone.STOPPED: "did not fire"}.get(line.tone)
    return "did not begin" if line.kind in (StepKind.REFUSED, StepKind.LACKS, StepKind.NO_ROOM) else None


def _instant(explanation: Explanation, line: Line, lane: str, kind: str) -> Mark:
    at_us = local_us(explanation.zone, line.time_us)
    return Mark(lane, kind, at_us, at_us, f"{moment_words(line.time_us, explanation.zone)} {line.text}")


# ---------------------------------------------------------------- in words

_SIGNS: Final = {Tone.EVENT: "•", Tone.FIRED: "▲", Tone.STOPPED: "×", Tone.HELD: "‖"}
"""So that no line is known by its colour alone."""


def _lines(explanation: Explanation) -> Child:
    shown = explanation.lines[-LINES_SHOWN:]
    hidden = len(explanation.lines) - len(shown)
    more = [element("p", f"{hidden:,} earlier lines are left out; --json has them.")] if hidden else []
    days = [
        element("li", element("h3", day), element("ol", [_line(line) for line in lines], class_="lines"))
        for day, lines in groupby(shown, key=lambda line: f"{date_words(line.time_us, line.zone)} ({line.zone})")
    ]
    return details(f"All {len(shown):,} lines", [*more, element("ol", days, class_="days")])


def _line(line: Line) -> Markup:
    sign = element("span", _SIGNS.get(line.tone, ""), class_="sign", aria_hidden="true")
    whose = [element("span", f"{_lane(line.rule_id, line.instance)}: ", class_="rule")] if line.rule_id else []
    words = element("span", line.text, class_=str(line.tone))
    zone = f"; the clock is now that of {line.new_zone}" if line.new_zone else ""
    return element(
        "li", element("time", clock_words(line.time_us, line.zone)), element("div", sign, whose, words, zone)
    )


def _missed(explanation: Explanation) -> Iterator[Markup]:
    for rule in explanation.rules:
        hidden = len(rule.nearest) - MISSES_SHOWN
        if rule.nearest:
            yield element("h3", name(rule.rule_id))
            more = [element("li", f"and {hidden:,} more, earlier; --json has them all")] if hidden > 0 else []
            yield element("ul", more, [_miss(explanation, miss) for miss in rule.nearest[-MISSES_SHOWN:]])


def _miss(explanation: Explanation, miss: Miss) -> Markup:
    zone = "" if miss.zone == explanation.zone else f" {miss.zone}"
    when = "" if miss.time_us is None else f" ({moment_words(miss.time_us, miss.zone)}{zone})"
    what = f"{_lane(miss.rule_id, miss.instance)}{when}: {miss.what}"
    return element("li", what, element("br"), element("strong", "It would have taken: "), miss.needed)


READING: Final = """
A rule waits from the event that begins it until it falls due. What calls it off in that time ends the wait, and nothing
is sent.

What falls due is a candidate. Gates are asked in their order, and the first that refuses says why it did not fire. One
that is held back is asked again when it is released.

Times are those of the contact's own clock; without one they are those of the account's.
"""
