"""Coverage: whether the events of a run and its rules have met, and the words for where they have not.

Pure. Part of a run's summary; a rule whose events never came decides nothing, which must not look like success.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import Final

import msgspec

from kittiwake.batch.counts import Counts
from kittiwake.event_types import UNMATCHED_BY_ANY
from kittiwake.rules.compile.needs import RuleNeeds
from kittiwake.rules.ruleset import EVERY_ACCOUNT

NAMES_SHOWN: Final = 10
"""Names in one message: enough to see what is wrong."""


class RuleWithoutEvents(msgspec.Struct, frozen=True):
    """A rule that could decide nothing: of what arms it, nothing came."""

    account_id: str
    rule_id: str
    types: list[str]
    """Of which none came."""


class Coverage(msgspec.Struct, frozen=True):
    """What of the rules had events, and what of the events had rules."""

    accounts_without_events: list[str] = []
    """Accounts that have rules of their own and no event."""
    accounts_without_rules: list[str] = []
    """Accounts that have events and no rule; the first by name."""
    rules_without_events: list[RuleWithoutEvents] = []
    """Of accounts that have events."""
    types_missing: list[str] = []
    """Types that rules of accounts with events need, and that never came."""
    types_unneeded: list[str] = []
    """Types that came and no rule needs; the first by name."""
    fields_unread: list[str] = []
    """Fields at the top of canonical records that nobody reads; the first by name."""


def coverage_of(needs: Sequence[RuleNeeds], counts: Counts) -> Coverage:
    """What the rules need, compared with what came."""
    everywhere = frozenset[str]().union(*counts.types.values())
    own_accounts = {one.account_id for one in needs} - {EVERY_ACCOUNT}
    for_every_account = any(one.account_id == EVERY_ACCOUNT for one in needs)
    came = {one: counts.types.get(one, set()) for one in own_accounts} | {EVERY_ACCOUNT: everywhere}
    met = [one for one in needs if one.account_id == EVERY_ACCOUNT or one.account_id in counts.types]
    return Coverage(
        accounts_without_events=sorted(own_accounts - counts.types.keys()),
        accounts_without_rules=[] if for_every_account else sorted(counts.other_accounts),
        rules_without_events=list(_without_events(met, came)),
        types_missing=sorted({name for one in met for name in one.types - came[one.account_id]}),
        types_unneeded=sorted(counts.other_types),
        fields_unread=sorted(counts.other_fields),
    )


def _without_events(
    needs: Iterable[RuleNeeds], came: dict[str, frozenset[str] | set[str]]
) -> Iterator[RuleWithoutEvents]:
    for one in needs:
        missing = [types for types in one.arms if came[one.account_id].isdisjoint(types)]
        if missing:
            yield RuleWithoutEvents(one.account_id, one.rule_id, sorted({name for types in missing for name in types}))


# ---------------------------------------------------------------- words


def empty_messages(coverage: Coverage, counts: Counts) -> Iterator[str]:
    """Why a run did nothing, or a part of it did nothing, the gravest first; nothing of a run that did all."""
    dead = sum(counts.dead_letters.values())
    if not counts.records:
        yield "the input has no record"
    elif not counts.events:
        left_out = f" or left out by the shape ({counts.left_out:,})" if counts.left_out else ""
        yield f"no record of the input is an event: all {counts.records:,} are dead letters ({dead:,}){left_out}"
    elif counts.events == counts.catalogue:
        yield "no event of the input is of a contact: all are of items"
    else:
        yield from unmet_messages(coverage)


def unmet_messages(coverage: Coverage) -> Iterator[str]:
    """Which accounts and rules had no event, and which accounts had no rule."""
    without_events, without_rules = coverage.accounts_without_events, coverage.accounts_without_rules
    if without_events:
        others = f"; events are of {_names(without_rules)}, for which there is no rule" if without_rules else ""
        yield f"no event is of {_accounts(without_events)}, which the rules are for{others}"
    elif without_rules:
        yield f"there is no rule for {_accounts(without_rules)}, which events are of"
    for one in coverage.rules_without_events:
        whose = "" if one.account_id == EVERY_ACCOUNT else f" of account {one.account_id}"
        never = f"{_names(one.types)} never came{_meant(one.types, coverage.types_unneeded)}"
        yield f"rule {one.rule_id}{whose} saw no event of its type: {never}"


def _meant(types: Sequence[str], came: Sequence[str]) -> str:
    found = [near for name in types for near in get_close_matches(name, came, 1, 0.8)]
    return f" (did you mean {found[0]}, which came?)" if found else ""


def _accounts(names: Sequence[str]) -> str:
    return f"account{'' if len(names) == 1 else 's'} {_names(names)}"


def _names(names: Sequence[str]) -> str:
    more = len(names) - NAMES_SHOWN
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def coverage_lines(coverage: Coverage) -> Iterator[str]:
    """What else is to be said of types and fields, for people."""
    unneeded = [name for name in coverage.types_unneeded if not name.startswith(UNMATCHED_BY_ANY)]
    if unneeded:
        yield f"types that came and no rule needs: {_names(unneeded)}"
    if coverage.types_missing:
        yield f"types that rules need and never came: {_names(coverage.types_missing)}"
    if coverage.fields_unread:
        names = _names(coverage.fields_unread)
        yield f"fields beside `properties` that nothing reads: {names}: put into it what rules are to read"
