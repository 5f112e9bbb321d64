"""What two rule sets decide differently, as data, as plain text, and as Markdown for a pull request.

Pure. Printed by `kittiwake diff`; its page has the same tables.
In Markdown names from outside stand in code font and begin nothing of their own.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple, TypeAlias

from kittiwake.batch.report import event_lines, rules_text, table_lines
from kittiwake.batch.summary import to_json
from kittiwake.printable import visible, visible_lines
from kittiwake.rules.publishing.changes import Change
from kittiwake.simulate.difference.model import Became, CauseFigures, Difference, Example, RuleTotals
from kittiwake.simulate.report import name_of
from kittiwake.time.instants import format_instant

CAUSES_SHOWN: Final = 40
"""Rows of causes that a person reads; the JSON has all."""


class Run(NamedTuple):
    """How the command was asked, for the commands that explain an example."""

    new: str
    inputs: tuple[str, ...]
    sample_percent: Decimal | None = None
    """Part of the contacts that was decided; None: all."""
    only_affected: bool = False
    """Whether contacts without an event that could matter were left out."""


Table: TypeAlias = list[Sequence[str]]
"""A header, and rows."""


# ---------------------------------------------------------------- parts


def sum_words(found: Difference) -> str:
    """What differs, in one line."""
    numbers = [f"{found.number(one):,} {_WORDS[one]}" for one in Became if found.number(one)]
    old, new = found.old.triggers, found.new.triggers
    return f"{old:,} triggers before, {new:,} after: " + (", ".join(numbers) or "nothing differs")


_WORDS: Final = {
    Became.GAINED: "gained",
    Became.LOST: "lost",
    Became.MOVED: "moved",
    Became.ALTERED: "carry something else",
    Became.REASON: "did not fire for another reason",
}


def sample_words(run: Run) -> str:
    """That only a part of the contacts was decided, if so."""
    percent = run.sample_percent
    affected = ", of contacts to whom an edit can matter" if run.only_affected else ""
    return affected + ("" if percent is None else f", of a sample of {percent:f} % of the contacts, as it was counted")


def alike_words(found: Difference) -> str:
    """How many contacts an edit cannot matter to; empty: that is known of none."""
    have = "contact has" if found.alike == 1 else "contacts have"
    return f"{found.alike:,} {have} no event that can matter to an edit" if found.alike else ""


def edit_words(edits: Sequence[Change]) -> Iterator[str]:
    """How the texts of the rules differ, a line each."""
    for one in edits:
        what = f"rule {one.rule_id}" + (f", {one.setting}" if one.setting else "") if one.rule_id else str(one.setting)
        yield f"{what} of account {one.account_id}: {one.what}"


def totals_table(rules: Sequence[RuleTotals]) -> Table:
    """What rules fired under both, of those of which anything differs; from column 2 on numbers."""
    several = len({one.account_id for one in rules}) > 1
    rows: Table = [("rule", "its text", "before", "after", *(str(one) for one in Became))]
    for one in rules:
        if one.number:
            numbers = [one.before, one.after, *(one.number.get(became, 0) for became in Became)]
            name = name_of(one.account_id, one.rule_id, several=several)
            rows.append((name, str(one.why), *(f"{number:,}" for number in numbers)))
    return rows


def causes_table(found: Difference) -> Table:
    """How much differs of each cause; columns 5 and 6 are numbers."""
    several = len({one.cause.account_id for one in found.causes}) > 1
    rows: Table = [("rule", "became", "before", "after", "because of", "candidates", "contacts")]
    for one in found.causes[:CAUSES_SHOWN]:
        cause = one.cause
        name = name_of(cause.account_id, cause.rule_id, several=several)
        because = _BECAUSE[str(cause.why)]
        rows.append(
            (name, str(cause.became), cause.before, cause.after, because, f"{one.number:,}", f"{one.contacts:,}")
        )
    return rows


_BECAUSE: Final = {
    "added": "the rule is new",
    "removed": "the rule is gone",
    "changed": "its own text",
    "settings": "settings of the account",
    "others": "other rules",
}


def through_table(found: Difference) -> Table:
    """Through whose triggers it differs; column 3 is a number."""
    rows: Table = [("rule", "became", "through triggers of", "candidates")]
    rows += [(one.rule_id, str(one.became), one.by, f"{one.number:,}") for one in found.through]
    return rows


def example_words(found: Difference, run: Run) -> Iterator[tuple[str, str]]:
    """What happened to a contact, and the command that explains it."""
    for one in found.causes:
        for example in one.examples:
            yield _example(one, example), explaining(one, example, run)


def _example(one: CauseFigures, example: Example) -> str:
    cause = one.cause
    before, after = (
        f"fired at {format_instant(at)}" if at is not None else "no candidate" if became == "none" else became
        for at, became in ((example.before_us, cause.before), (example.after_us, cause.after))
    )
    return f"{cause.rule_id} {cause.became} for {example.contact_id}: {before}, now {after}"


def explaining(one: CauseFigures, example: Example, run: Run) -> str:
    """The command that explains a contact by the new rules."""
    inputs = [word for name in run.inputs for word in ("--input", name)]
    whose = ["--account", one.cause.account_id, "--contact", example.contact_id, "--rule", one.cause.rule_id]
    return shlex.join(["kittiwake", "explain", "--rules", run.new, *inputs, *whose])


# ---------------------------------------------------------------- as text


def render(found: Difference, run: Run) -> str:
    """For a terminal, with its lines' ends."""
    return visible_lines(
        [
            *(f"EMPTY: {visible(text)}" for text in found.new.empty),
            *event_lines(found.new, "diff"),
            *(_body(found, run) if found.new.stopped is None else ()),
            *(f"FINDING: {visible(text)}" for text in found.new.findings),
        ]
    )


def _body(found: Difference, run: Run) -> Iterator[str]:
    yield f"before: {rules_text(found.old.rules)}; after: {rules_text(found.new.rules)}"
    yield from (f"  {visible(text)}" for text in edit_words(found.edits))
    yield sum_words(found) + sample_words(run)
    if found.alike:
        yield f"  {alike_words(found)}"
    if not found.causes:
        return
    yield from table_lines(totals_table(found.rules), right=range(2, 9))
    yield "causes: what became of a candidate before and after, and what of the rules made the difference"
    yield from table_lines(causes_table(found), right=(5, 6))
    if len(found.causes) > CAUSES_SHOWN:
        yield f"    and {len(found.causes) - CAUSES_SHOWN} more rows, which --json lists"
    if found.through:
        yield "through a cap or a round: whose triggers had used it up, before for gained ones, after for lost ones"
        yield from table_lines(through_table(found), right=(3,))
    for what, command in example_words(found, run):
        yield f"  {visible(what)}"
        yield f"    {visible(command)}"


# ---------------------------------------------------------------- as Markdown


def markdown(found: Difference, run: Run) -> str:
    """For a pull request, with its lines' ends."""
    return "".join(f"{line}\n" for line in _page(found, run))


def _page(found: Difference, run: Run) -> Iterator[str]:
    read, until = found.new.counts, format_instant(found.new.until_us)
    yield f"**{sum_words(found)}{sample_words(run)}**"
    yield ""
    yield f"Over {read.events:,} events of {read.contacts:,} contacts, until {until}."
    if found.alike:
        yield f"{alike_words(found)}."
    yield from (f"- {code(text)}" for text in (*found.new.empty, *found.new.findings))
    if found.edits:
        yield from ("", *(f"- {code(text)}" for text in edit_words(found.edits)))
    if found.causes:
        yield from ("", *_table(totals_table(found.rules)), "", *_table(causes_table(found)))
    if found.through:
        yield from ("", "Through a cap or a round:", "", *_table(through_table(found)))
    examples = list(example_words(found, run))
    if examples:
        yield from ("", "<details><summary>Examples</summary>", "")
        for what, command in examples:
            yield from (f"- {code(what)}", f"  {code(command)}")
        yield from ("", "</details>")


def code(text: str) -> str:
    r"""A text in code font, whatever it holds.

    >>> code("a`b|<img>")
    "`a'b\\|<img>`"
    """
    return "`" + visible(text).replace("`", "'").replace("|", "\\|") + "`"


def _table(rows: Table) -> Iterator[str]:
    header, *others = rows
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    yield from (f"| {' | '.join(map(code, row))} |" for row in others)


# ---------------------------------------------------------------- as data

_Row: TypeAlias = dict[str, Any]


def as_data(found: Difference, run: Run) -> _Row:
    """All of it."""
    instant: Callable[[int | None], str | None] = lambda at: None if at is None else format_instant(at)  # noqa: E731
    return {
        "sample_percent": None if run.sample_percent is None else float(run.sample_percent),
        "before": {"ruleset_version": found.old.rules.ruleset_version, "triggers": found.old.triggers},
        "after": {"ruleset_version": found.new.rules.ruleset_version, "triggers": found.new.triggers},
        "edits": [{**one._asdict(), "what": str(one.what)} for one in found.edits],
        **{str(one): found.number(one) for one in Became},
        "of_other_rules": found.number_of_others(),
        "contacts_unaffected": found.alike,
        "only_affected": run.only_affected,
        "rules": [
            {
                "account_id": one.account_id,
                "rule_id": one.rule_id,
                "why": None if one.why is None else str(one.why),
                "before": one.before,
                "after": one.after,
                **{str(became): one.number.get(became, 0) for became in Became},
            }
            for one in found.rules
        ],
        "causes": [
            {
                "account_id": one.cause.account_id,
                "rule_id": one.cause.rule_id,
                "became": str(one.cause.became),
                "why": str(one.cause.why),
                "before": one.cause.before,
                "after": one.cause.after,
                "count": one.number,
                "contacts": one.contacts,
                "examples": [
                    {
                        "contact_id": example.contact_id,
                        "trigger_id": example.trigger_id,
                        "fired_at_before": instant(example.before_us),
                        "fired_at_after": instant(example.after_us),
                        "explain": explaining(one, example, run),
                    }
                    for example in one.examples
                ],
            }
            for one in found.causes
        ],
        "through": [
            {
                "account_id": one.account_id,
                "rule_id": one.rule_id,
                "became": str(one.became),
                "by": one.by,
                "count": one.number,
            }
            for one in found.through
        ],
        "empty": list(found.new.empty),
        "findings": list(found.new.findings),
        "replay": to_json(found.new),
    }
