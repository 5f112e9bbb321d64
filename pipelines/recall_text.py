"""What `kittiwake.pipelines.recall` says: counts by rule, version and day, and what to write instead.

Pure. No contact and no content of a message is in it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from kittiwake.pipelines.decisions.columns import microseconds
from kittiwake.pipelines.decisions.recalling import Count, Known, Standing
from kittiwake.pipelines.options.recall import RecallOptions
from kittiwake.printable import visible, visible_lines
from kittiwake.time.instants import format_instant

_SHOWN: Final = 5
"""Names in an error message: whoever has mistyped one sees what they look like."""
_WORDS: Final = {
    Standing.RECALLED: "recalled already",
    Standing.CORRECTED: "revoked by the stream itself",
    Standing.STALE: "stale, and never sent",
}


def counts_text(options: RecallOptions, found: Sequence[Count], contacts: int) -> str:
    """What would be revoked, for a person."""
    number = sum(one.number for one in found if one.standing is Standing.STANDS)
    lines = [f"{number:,} to be revoked, of {contacts:,} contacts; {asked_words(options)}"]
    head = ("account", "rule", "version", "day", "fired", "contacts", "to be revoked", "not")
    rows = [head, *(_cells([*together]) for _, together in groupby(found, key=lambda one: one[:4]))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for cells in rows:
        texts = [text.ljust(width) for text, width in zip(cells[:4], widths, strict=False)]
        numbers = [text.rjust(width) for text, width in zip(cells[4:7], widths[4:], strict=False)]
        lines.append(f"  {'  '.join([*texts, *numbers, cells[7]])}".rstrip())
    lines += _advice(options, number)
    return visible_lines(lines)


def _cells(of_day: Sequence[Count]) -> tuple[str, ...]:
    """One rule under one version on one day; contacts are those of the largest part, for parts share some."""
    one = of_day[0]
    stands = sum(each.number for each in of_day if each.standing is Standing.STANDS)
    fired, contacts = sum(each.number for each in of_day), max(each.contacts for each in of_day)
    why_not = ", ".join(f"{each.number:,} {_WORDS[each.standing]}" for each in of_day if each.standing in _WORDS)
    names = (visible(one.account_id), visible(one.rule_id), one.ruleset_version, one.day.isoformat())
    return (*names, f"{fired:,}", f"{contacts:,}", f"{stands:,}", why_not)


def _advice(options: RecallOptions, number: int) -> Iterator[str]:
    if options.listed is not None:
        yield f"Which they are, and whom they were sent to: {options.listed}"
    if options.confirmed is not None or not number:
        return
    if options.asked.until_us is None:
        yield "What goes on firing meanwhile is not among them: freeze the stream first, or give --until"
    topic = "" if options.topic is not None else "--topic TOPIC "
    yield f"Nothing was written. To revoke them, add: {topic}--confirm {number}"


def asked_words(options: RecallOptions) -> str:
    """What was asked for, in words."""
    asked = options.asked
    what = f"rule {'/'.join(asked.rule)}" if asked.rule is not None else f"version {asked.version}"
    since = "" if asked.from_us is None else f" from {format_instant(asked.from_us)}"
    until = "" if asked.until_us is None else f" to before {format_instant(asked.until_us)}"
    return f"{what}, fired{since}{until}" if since or until else what


def unknown_text(options: RecallOptions, there: Known) -> str:
    """Nothing of that rule or version was ever sent: what was."""
    asked, since = options.asked, ""
    if asked.from_us is not None:
        since = f" since {format_instant(asked.from_us)}"
    if asked.rule is not None:
        names, wanted, flag = ["/".join(one) for one in there.rules], "/".join(asked.rule), "--rule"
        names = difflib.get_close_matches(wanted, names, _SHOWN, 0.3) or names
    else:
        names, wanted, flag = there.versions, asked.version or "", "--version"
    shown = ", ".join(map(visible, names[:_SHOWN])) or "nothing at all"
    return f"{flag} {wanted} has fired nothing in {options.stream}{since}; there is {shown}"


def empty_text(options: RecallOptions, there: Known) -> str:
    """Nothing fired within the time, and something before or after."""
    first, last = (format_instant(microseconds(at)) for at in (there.first, there.last))
    return f"EMPTY: {asked_words(options)}: nothing; what there is of it fired from {first} to {last}"


def done_text(options: RecallOptions, number: int, too_large: int, problem: str | None) -> str:
    """What was revoked, for a person."""
    if not number and problem is None:
        return visible_lines(["Nothing was left to revoke"])
    sent = "" if options.topic is None else f", published to {options.topic}"
    lines = [f"{number:,} revoked{sent}, and marked in {options.stream}"]
    if too_large:
        lines.append(f"{too_large:,} of them are only marked: no topic takes messages so large")
    if problem is not None:
        lines.append(f"stopped: {problem}. Running it again goes on.")
    return visible_lines(lines)


def counts_data(options: RecallOptions, found: Sequence[Count], contacts: int) -> dict[str, Any]:
    """The same for a program."""
    span = {"from": options.asked.from_us, "until": options.asked.until_us}
    return {
        "stream": options.stream,
        "rule": None if options.asked.rule is None else "/".join(options.asked.rule),
        "version": options.asked.version,
        **{name: None if at is None else format_instant(at) for name, at in span.items()},
        **{one.value: sum(each.number for each in found if each.standing is one) for one in Standing},
        "contacts": contacts,
        "confirmed": options.confirmed,
        "counts": [{**one._asdict(), "day": one.day.isoformat()} for one in found],
    }
