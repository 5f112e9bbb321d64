"""What a run was asked, as facts at the top of its page; and its rules in plain sentences.

Pure. Called by the pages of `simulate`, `diff` and `explain`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from kittiwake.batch.report import rules_text
from kittiwake.batch.summary import Summary
from kittiwake.describe.document import DescribedAccount, account_title
from kittiwake.report.markup import Child, Markup, element, joined
from kittiwake.report.page import details, name, table
from kittiwake.report.words import meanings
from kittiwake.time.instants import format_instant

INPUTS_SHOWN: Final = 5
"""Files or globs that are named."""

RULES_SHOWN: Final = 100
"""Rules whose sentences a page has; `kittiwake describe` has all."""

RULES_OPEN: Final = 5
"""Rules up to which their sentences are shown at once."""


class Asked(NamedTuple):
    """What the command was given, as it was typed."""

    rules: str
    inputs: tuple[str, ...]
    accounts: tuple[DescribedAccount, ...]
    """The rules in plain sentences."""


def input_facts(inputs: Sequence[str]) -> Iterator[tuple[str, Child]]:
    """What was read."""
    parts: list[Child] = [element("div", name(one)) for one in inputs[:INPUTS_SHOWN]]
    more = len(inputs) - INPUTS_SHOWN
    yield "Events of", [*parts, element("div", f"and {more:,} more")] if more > 0 else parts


def summary_facts(summary: Summary) -> Iterator[tuple[str, Child]]:
    """What was read and decided, and when."""
    counts = summary.counts
    yield "Rule set", rules_text(summary.rules).removeprefix("rule set ")
    yield "Records", f"{counts.records:,}"
    yield "Events", f"{counts.events:,}"
    yield "Contacts", f"{counts.contacts:,}"
    if summary.dead_letters:
        yield "Records that are no events", f"{summary.dead_letters:,}"
    yield "Decided up to", _second(summary.until_us)
    yield "Made", _second(summary.start_us)


def _second(time_us: int) -> str:
    return format_instant(time_us - time_us % 1_000_000)


def accounts_in_words(accounts: Sequence[DescribedAccount], rule_ids: frozenset[str] | None = None) -> Markup:
    """The rules in plain sentences; None: all of them."""
    parts: list[Child] = []
    number = sum(rule_ids is None or one.rule_id in rule_ids for account in accounts for one in account.rules)
    shown = 0
    for account in accounts:
        rules = [one for one in account.rules if rule_ids is None or one.rule_id in rule_ids]
        if rules:
            parts.append(element("h3", account_title(account)))
            parts.append(element("ul", [element("li", text) for text in account.says]))
        for rule in rules[: RULES_SHOWN - shown]:
            shown += 1
            says = element("ul", [element("li", text) for text in rule.says])
            parts.append(details(name(rule.rule_id), says, is_open=number <= RULES_OPEN))
    if number > shown:
        parts.append(element("p", f"And {number - shown:,} more rules, which kittiwake describe has."))
    return joined(parts)


def glossary(words: set[str]) -> Markup:
    """What the words of this page mean."""
    rows = [[name(word), meaning] for word, meaning in meanings(words)]
    return table("Words of this report", ("Word", "Meaning"), rows, ())


def stopped_words(summary: Summary) -> str:
    """Why nothing was decided."""
    why = f"{summary.dead_letters:,} records are no events"
    return f"The run was stopped ({summary.stopped}), and nothing was decided: {why}."
