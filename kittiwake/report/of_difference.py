"""The page of `kittiwake diff`: what an edit changes, for whoever approves it.

Pure. Its tables are those of the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Final, NamedTuple

from kittiwake.batch.report import rules_text
from kittiwake.describe.document import DescribedAccount
from kittiwake.report import charts
from kittiwake.report.asked import accounts_in_words, glossary, input_facts, stopped_words, summary_facts
from kittiwake.report.charts import NAMES_MAX, Parted
from kittiwake.report.markup import Child, Markup, element, joined
from kittiwake.report.page import Section, chart, details, headlines, name, page, paragraphs, table
from kittiwake.simulate.difference.model import Became, Difference, RuleTotals
from kittiwake.simulate.difference.report import (
    CAUSES_SHOWN,
    Run,
    Table,
    alike_words,
    causes_table,
    edit_words,
    example_words,
    sample_words,
    sum_words,
    through_table,
    totals_table,
)
from kittiwake.simulate.report import name_of

EXAMPLES_SHOWN: Final = 60
"""Contacts that are named; the JSON has all."""


class Compared(NamedTuple):
    """What the command was given, as it was typed; the rules in plain sentences."""

    old: str
    run: Run
    before: tuple[DescribedAccount, ...]
    after: tuple[DescribedAccount, ...]


def difference_page(found: Difference, compared: Compared) -> str:
    """The page."""
    facts: list[tuple[str, Child]] = [("Before", name(compared.old)), ("After", name(compared.run.new))]
    facts += [
        *input_facts(compared.run.inputs),
        ("Rule set before", rules_text(found.old.rules).removeprefix("rule set ")),
    ]
    findings = Section("findings", "What stands out", _findings(found, compared.run))
    sections = [findings, *sections_of(found, compared), Section("reading", READING_TITLE, paragraphs(READING))]
    lead = "The same events decided by both sets of rules. Nothing was sent."
    return page("What new rules would change", lead, [*facts, *summary_facts(found.new)], sections, "kittiwake diff")


def sections_of(found: Difference, compared: Compared) -> Iterator[Section]:
    """What differs, and the new rules."""
    is_decided = found.new.stopped is None
    yield Section("edits", "What was edited", _edits(found, compared))
    yield Section("totals", "What changes by rule", _totals(found) if is_decided else ())
    yield Section("causes", "Why", _causes(found) if is_decided else ())
    yield Section("through", "Through shared caps and rounds", _through(found))
    yield Section("examples", "Contacts to look up", _examples(found, compared.run))
    yield Section("rules", "The new rules in plain sentences", accounts_in_words(compared.after))


def _findings(found: Difference, run: Run) -> Markup:
    checks = [*found.new.empty, *found.new.findings]
    if found.new.stopped is not None:
        return headlines([stopped_words(found.new)], checks)
    return headlines(headlines_of(found, run), checks)


def headlines_of(found: Difference, run: Run) -> Iterator[Child]:
    """What differs, for a reader in a hurry."""
    yield [element("strong", sum_words(found) + sample_words(run)), "."]
    others = found.number_of_others()
    if others:
        rest = " of the differences are of rules that nobody edited: they share caps, rounds or audiences."
        yield [element("strong", f"{others:,}"), rest]
    elif found.causes:
        yield "No rule differs but those whose text or settings were edited."
    most = max(found.rules, key=lambda one: abs(one.after - one.before), default=None)
    if most is not None and most.after != most.before:
        change = f"{most.after - most.before:+,}"
        yield [name(most.rule_id), " changes most: ", element("strong", change), f" messages, now {most.after:,}."]
    if found.alike:
        yield f"{alike_words(found)}."


# ---------------------------------------------------------------- edits


def _edits(found: Difference, compared: Compared) -> Child:
    texts = [element("li", text) for text in edit_words(found.edits)]
    if not texts:
        return element("p", "The texts of both say the same.")
    return [element("ul", texts), *_said(found, compared)]


def _said(found: Difference, compared: Compared) -> Iterator[Markup]:
    """The sentences that were taken away and added, rule by rule."""
    for account_id, rule_id in sorted({(one.account_id, one.rule_id or "") for one in found.edits}):
        before, after = (_says(side, account_id, rule_id) for side in (compared.before, compared.after))
        gone = [element("del", "- ", text) for text in before if text not in after]
        new = [element("ins", "+ ", text) for text in after if text not in before]
        if gone or new:
            yield joined([element("h3", name(rule_id) if rule_id else "Settings of the account"), gone, new])


def _says(accounts: Sequence[DescribedAccount], account_id: str, rule_id: str) -> list[str]:
    for account in accounts:
        if account.account_id == account_id:
            rules = [text for rule in account.rules if rule.rule_id == rule_id for text in rule.says]
            return rules if rule_id else list(account.says)
    return []


# ---------------------------------------------------------------- what differs


def _same_table(caption: str, rows: Table, numbers: Sequence[int]) -> Markup:
    header, *others = rows
    made = [[name(row[0]), *row[1:]] for row in others]
    return table(caption, header, made, numbers, wide=len(header) > 5)


def _totals(found: Difference) -> Child:
    differing = [one for one in found.rules if one.number]
    if not differing:
        return element("p", "Nothing differs.")
    largest = sorted(differing, key=lambda one: (-sum(one.number.values()), one.account_id, one.rule_id))[:NAMES_MAX]
    several = len({one.account_id for one in found.rules}) > 1
    kinds = [one for one in _SIGNS if any(rule.number.get(one) for rule in largest)]
    rows = [Parted(name_of(one.account_id, one.rule_id, several=several), "", _parts(one, kinds)) for one in largest]
    more = "" if len(largest) == len(differing) else f" ({len(largest)} of {len(differing):,} rules)"
    label = f"Messages gained and changed to the right of the line, lost ones to the left{more}"
    numbers = _same_table("What rules fired before and after", totals_table(found.rules), range(2, 9))
    picture = [chart(label, partial(charts.both_ways, rows), ())] if kinds else []
    return [*picture, numbers]


_SIGNS: Final = {Became.GAINED: 1, Became.LOST: -1, Became.MOVED: 1, Became.ALTERED: 1}
"""What a person would notice; lost ones are below nothing."""


def _parts(one: RuleTotals, kinds: Sequence[Became]) -> dict[str, int]:
    return {str(became): _SIGNS[became] * one.number.get(became, 0) for became in kinds}


def _causes(found: Difference) -> Child:
    if not found.causes:
        return ()
    hidden = len(found.causes) - CAUSES_SHOWN
    more = [element("p", f"And {hidden:,} more rows, which --json lists.")] if hidden > 0 else []
    words = {one.cause.before for one in found.causes} | {one.cause.after for one in found.causes}
    caption = "What became of a candidate before and after, and what of the rules made the difference"
    return [_same_table(caption, causes_table(found), (5, 6)), *more, glossary(words)]


def _through(found: Difference) -> Child:
    if not found.through:
        return ()
    caption = "Whose messages had used up the cap or the round: before for gained ones, after for lost ones"
    return _same_table(caption, through_table(found), (3,))


def _examples(found: Difference, run: Run) -> Child:
    number = sum(len(one.examples) for one in found.causes)
    shown = [
        element("div", element("p", what), element("pre", command))
        for what, command in islice(example_words(found, run), EXAMPLES_SHOWN)
    ]
    if not shown:
        return ()
    more = (
        [element("p", f"And {number - EXAMPLES_SHOWN:,} more, which --json lists.")] if number > EXAMPLES_SHOWN else []
    )
    hint = element("p", "Each command shows what happened to one contact, and why. Ids of contacts may be personal.")
    return [hint, details(f"{len(shown)} contacts and the commands that explain them", shown), *more]


READING_TITLE: Final = "How to read this report"

READING: Final = """
Gained messages go out only by the new rules, lost ones only by the old. Moved ones go out at another time; altered
ones carry something else.

A row with reason is a candidate that becomes no message either way, and for another reason than before.

Rules that nobody edited can change too: a message of one rule uses up a cap that others share.
"""
