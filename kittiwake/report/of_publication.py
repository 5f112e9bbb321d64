"""The page of `kittiwake publish`: what a version does to what is pending, and what its rules change.

Pure. Its tables are those of the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final, NamedTuple

from kittiwake.report import charts
from kittiwake.report.asked import input_facts, summary_facts
from kittiwake.report.charts import NAMES_MAX, Parted
from kittiwake.report.markup import Child, Markup, element
from kittiwake.report.of_difference import READING, READING_TITLE, Compared, headlines_of, sections_of
from kittiwake.report.page import Section, chart, headlines, name, page, paragraphs, table
from kittiwake.simulate.difference.model import Difference
from kittiwake.simulate.difference.pending import FATES, Fate, PendingPlan, known_by, pending_table
from kittiwake.simulate.report import name_of
from kittiwake.time.instants import format_instant


class Publishing(NamedTuple):
    """What is to be published, and who says so."""

    target: str
    ruleset_version: str
    before: str
    """The version that it replaces."""
    words: tuple[tuple[str, str], ...]
    """Message, author, commit, as far as they were said."""


def publication_page(plan: PendingPlan, found: Difference, compared: Compared, publishing: Publishing) -> str:
    """The page."""
    facts: list[tuple[str, Child]] = [
        ("Target", name(publishing.target)),
        ("In force from", format_instant(plan.effective_us)),
        ("Replaces", publishing.before),
        *((title, name(text)) for title, text in publishing.words),
        *input_facts(compared.run.inputs),
        *summary_facts(found.new),
    ]
    checks = [*found.new.empty, *found.new.findings]
    heads = headlines([*_of_pending(plan), *headlines_of(found, compared.run)], checks)
    sections = [
        Section("findings", "What stands out", heads),
        Section("pending", "What becomes of what is pending", _pending(plan)),
        *sections_of(found, compared),
        Section("reading", READING_TITLE, paragraphs(READING_PENDING + READING)),
    ]
    title = f"What publishing rule set {publishing.ruleset_version} does"
    lead = "What waits when the version comes into force, and what its rules would have done otherwise."
    return page(title, lead, facts, sections, "kittiwake publish")


def _of_pending(plan: PendingPlan) -> Iterator[Child]:
    waiting = [fate for fate in Fate if fate is not Fate.ADDED and plan.number(fate)]
    if not waiting:
        yield f"Nothing is pending when the version comes into force, {known_by(plan)}."
        return
    parts = ", ".join(f"{plan.number(fate):,} {fate}" for fate in waiting)
    number = sum(map(plan.number, waiting))
    rest = f" messages are pending when the version comes into force, {known_by(plan)}: {parts}."
    yield [element("strong", f"{number:,}"), rest]
    if plan.number(Fate.CANCELLED):
        cancelled = element("strong", f"{plan.number(Fate.CANCELLED):,}")
        yield [cancelled, " of them never go out, for the version ends them."]


def _pending(plan: PendingPlan) -> Child:
    if not plan.rules:
        return element("p", "Nothing is pending.")
    several = len({one.account_id for one in plan.rules}) > 1
    largest = sorted(plan.rules, key=lambda one: (-sum(one.number.values()), one.account_id, one.rule_id))[:NAMES_MAX]
    kinds = [fate for fate in Fate if any(one.number.get(fate) for one in largest)]
    rows = [
        Parted(
            name_of(one.account_id, one.rule_id, several=several),
            f"{sum(one.number.values()):,}",
            {str(fate): one.number.get(fate, 0) for fate in kinds},
        )
        for one in largest
    ]
    more = "" if len(largest) == len(plan.rules) else f" ({len(largest)} of {len(plan.rules):,} rules)"
    words = [[str(fate), FATES[fate]] for fate in kinds]
    return [
        chart(f"What becomes of the messages that are pending, by rule{more}", partial(charts.in_parts, rows), ()),
        _table(plan),
        table("Words of this chart", ("Word", "Meaning"), words, ()),
    ]


def _table(plan: PendingPlan) -> Markup:
    header, *rows = pending_table(plan)
    made = [[name(row[0]), *row[1:]] for row in rows]
    return table("Messages that are pending, by rule", header, made, range(1, len(header)), wide=len(header) > 5)


READING_PENDING: Final = """
Pending is what has begun and not fallen due when the version comes into force, by the events of the history, as if
nobody did anything more.
"""
