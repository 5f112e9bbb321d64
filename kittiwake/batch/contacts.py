"""From the events of contacts to their decisions, contact by contact: sort, drop duplicates, decide once.

Pure. What both hosts do with every contact, so that they cannot differ. Events travel as rows,
their properties as text: only those of events whose properties a rule reads are ever parsed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from typing import Final

from kittiwake.batch.counts import Counts, count_decision, count_pending, count_silent, count_unusable
from kittiwake.batch.deciding.contacts import decide as decide_natively
from kittiwake.batch.differing_duplicates import DifferingDuplicates, same_of
from kittiwake.batch.event_rows import Row, event_of, key_of_row
from kittiwake.batch.feeds.late import late_by_feeds
from kittiwake.event_types import is_item_change
from kittiwake.kernel import (
    DecidedHistory,
    State,
    decide_history,
    decide_sorted_history,
    new_state,
    pending_in,
    unfinished,
)
from kittiwake.model import Decision, Event, rest_of
from kittiwake.rules.compile.accounts import Plan
from kittiwake.values import parse_sound

ITEM_CHANGES_KEPT: Final = 1_024
"""Changes of items that are kept as events, for the next contact that is given them: those of the items that
very many watch. Of ordinary changes a few MB."""


def decide_at_once(plan: Plan, contact_id: str, rows: list[Row], until_us: int, counts: Counts) -> list[Decision]:
    """Decide everything of one contact up to the end of the run, and count it.

    The rows are its wanted ones, in any order, with duplicates; they are sorted in place. Returned are the final
    decisions and those still deferred at the end, by due time, rule and instance.
    """
    rows = _prepare(plan, rows, until_us, counts)
    if _have_distinct_ids(rows):
        whole = _decide(plan, contact_id, rows, until_us)
    else:
        _count_differing(plan, contact_id, rows, until_us, counts)
        whole = _decide_without_duplicates(plan, contact_id, rows, until_us, counts)
    return _counted(plan, whole, counts)


def decide_at_once_with_state(
    plan: Plan, contact_id: str, rows: list[Row], until_us: int, counts: Counts, start: State | None = None
) -> tuple[list[Decision], State]:
    """As `decide_at_once`, and the state in which the contact is left. It starts with nothing, or from a state."""
    from kittiwake.kernel import advance  # noqa: PLC0415 - 20 ms, for runs that keep states only

    rows = _prepare(plan, rows, until_us, counts)
    if not _have_distinct_ids(rows):
        _count_differing(plan, contact_id, rows, until_us, counts)
    events = [event_of(row) for row in rows[: bisect_left(rows, (until_us,))]]
    if start is not None:
        events += late_by_feeds(plan, start)
    advanced = advance(plan.versions, start or new_state(contact_id), events, until_us)
    counts.unsettled += len(advanced.late)
    decisions = [*advanced.decisions, *unfinished(plan.versions, advanced.state)]
    whole = DecidedHistory(
        decisions,
        advanced.duplicates,
        advanced.forgotten,
        advanced.unusable,
        advanced.ids_forgotten,
        advanced.repeats,
        advanced.repeats_forgotten,
        pending_in(plan.versions, advanced.state),
        advanced.silent,
    )
    return _counted(plan, whole, counts), advanced.state


def _prepare(plan: Plan, rows: list[Row], until_us: int, counts: Counts) -> list[Row]:
    """The rows that are needed, in order."""
    counts.contacts += 1
    if plan.catalog is not None:
        counts.concerned += any(is_item_change(row[2]) for row in rows)
    if plan.changing:
        rows = list(select_needed(plan, rows, counts))
    rows.sort()
    if rows and rows[-1][0] >= until_us:
        counts.unsettled += len(rows) - bisect_left(rows, (until_us,))
    return rows


def _counted(plan: Plan, whole: DecidedHistory, counts: Counts) -> list[Decision]:
    """The decisions in their order."""
    decisions, duplicates, forgotten, unusable, ids_forgotten, repeats, repeats_forgotten, pending, silent = whole
    if pending:
        count_pending(counts, plan.versions.newest.account_id, pending)
    if silent:
        count_silent(counts, plan.versions.newest.account_id, silent)
    if unusable:
        count_unusable(counts, plan.versions.newest.account_id, unusable)
    if duplicates or forgotten or ids_forgotten:
        counts.duplicates += duplicates
        counts.forgotten += forgotten
        counts.ids_forgotten += ids_forgotten
    if repeats or repeats_forgotten:
        counts.repeats += repeats
        counts.repeats_forgotten += repeats_forgotten
    if len(decisions) > 1:
        decisions.sort(key=order_key)
    for decision in decisions:
        count_decision(counts, decision)
    return decisions


def select_needed(plan: Plan, rows: Iterable[Row], counts: Counts) -> Iterator[Row]:
    """The rows that the version in force at their time wants; the others are counted only."""
    for row in rows:
        if plan.versions.at(row[0]).wants(row[2]):
            yield row
        elif not is_item_change(row[2]):
            counts.unneeded += 1


def count_concerned(rows: Iterable[Row], counts: Counts) -> Iterator[Row]:
    """The rows of a contact, which is counted if a change of an item is among them."""
    concerned = False
    for row in rows:
        if not concerned and is_item_change(row[2]):
            concerned = True
            counts.concerned += 1
        yield row


def order_key(decision: Decision) -> tuple[int, str, str, int, str]:
    """By which a contact's decisions are ordered."""
    return decision.time_us, decision.rule_id, decision.instance, decision.reminder or 0, decision.trigger_id


def _decide(plan: Plan, contact_id: str, rows: list[Row], until_us: int) -> DecidedHistory:
    """Decide sorted rows without duplicates."""
    unread = plan.unread
    if rows and rows[-1][0] >= until_us:
        rows = rows[: bisect_left(rows, (until_us,))]
    whole = decide_natively(plan.versions, contact_id, rows, until_us)
    if whole is not None:
        return whole
    if plan.catalog is not None:
        events = [_event_of(row, unread) for row in rows]
    else:
        events = [
            Event(time_us, event_id, event_type, {} if event_type in unread else parse_sound(properties))
            for time_us, event_id, event_type, properties in rows
        ]
    return decide_sorted_history(plan.versions, contact_id, events, until_us, plan.sweep_plan)


def _event_of(row: Row, unread: Collection[str]) -> Event:
    """The event of a row, of an account whose contacts are given changes of items."""
    if is_item_change(row[2]):
        return _change_of(row)
    time_us, event_id, event_type, properties = row
    return Event(time_us, event_id, event_type, {} if event_type in unread else parse_sound(properties))


@lru_cache(maxsize=ITEM_CHANGES_KEPT)
def _change_of(row: Row) -> Event:
    """An item change, shared by the contacts that are given it: nobody changes its properties."""
    return event_of(row)


# ---------------------------------------------------------------- duplicates


def _decide_without_duplicates(
    plan: Plan, contact_id: str, rows: list[Row], until_us: int, counts: Counts
) -> DecidedHistory:
    """Decide sorted rows of which some share id and type.

    Duplicates of one time are dropped here. Where they come back at another time, the kernel is asked: it knows how
    long ids are remembered.
    """
    number = len(rows)
    rows = [pick_counted(list(duplicates)) for _, duplicates in groupby(rows, key=key_of_row)]
    counts.duplicates += number - len(rows)
    if _have_distinct_ids(rows):
        return _decide(plan, contact_id, rows, until_us)
    return decide_history(plan.versions, contact_id, [event_of(row) for row in rows], until_us, plan.sweep_plan)


def _count_differing(plan: Plan, contact_id: str, rows: list[Row], until_us: int, counts: Counts) -> None:
    """Count the duplicates that say something else than the event that counts, of rows in order."""
    differing = DifferingDuplicates(counts, plan.versions, contact_id, until_us)
    if len(rows) <= plan.versions.newest.limits.ids:  # no id has to make room: the others need not be asked
        numbers = Counter(row[1:3] for row in rows)
        rows = [row for row in rows if numbers[row[1:3]] > 1]
    for _, same in groupby(rows, key=key_of_row):
        differing.count(same_of(same))


def _have_distinct_ids(rows: list[Row]) -> bool:
    """Whether no two rows share id and type. Mostly ids alone say so."""
    return len({row[1] for row in rows}) == len(rows) or len({row[1:3] for row in rows}) == len(rows)


def pick_counted(duplicates: list[Row]) -> Row:
    """Of rows that share time, id and type the one that counts, as in `advance`."""
    if len(duplicates) == 1 or duplicates[0] == duplicates[-1]:  # they are sorted
        return duplicates[0]
    return min(duplicates, key=lambda row: rest_of(event_of(row)))
