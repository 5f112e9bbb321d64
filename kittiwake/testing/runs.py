"""`run`: rules and one contact's events in, decisions as the job writes them out.

The smallest host there is. What tests of the product itself are written with; users who
test a rule want `Story`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from kittiwake.kernel import Program, Versions, advance, new_state, unfinished
from kittiwake.kernel.evaluate.feeds import silences_in
from kittiwake.kernel.items.join import of_contact
from kittiwake.kernel.plan.limits import DEFAULT_LIMITS
from kittiwake.kernel.plan.versions import as_versions
from kittiwake.model import Decision, Event
from kittiwake.output.rows import decision_row
from kittiwake.rules.compile.account import compile_account
from kittiwake.rules.errors import RuleError
from kittiwake.rules.loader import read_locations
from kittiwake.rules.ruleset import EVERY_ACCOUNT, RuleSet
from kittiwake.rules.source.tree import Location, node_of
from kittiwake.scenarios.player import ACCOUNT, CONTACT, BadEventError, event_of
from kittiwake.scenarios.rules import Edition, edition_of, load_edition
from kittiwake.time.instants import HOUR_US

Rules = Mapping[str, Any] | str | Path
"""A rules file by its path, as YAML text (of several lines, or in braces) or as data, where `account` may be left out
and one rule may stand for all."""


def run(
    document: Rules,
    events: Sequence[Mapping[str, Any]],
    until_us: int | None = None,
    *,
    account: str | None = None,
    contact: str | None = None,
    allowed_lateness_us: int = HOUR_US,
    limits: Mapping[str, int] | None = None,
    slices: Sequence[int] = (),
) -> list[dict[str, Any]]:
    """The decisions of one contact, in the fields of rules.md section 5; those still deferred at the end come last.

    Events of items may stand among those of the contact, and those of other contacts, which feeds hear of. `events`
    are in the product's shape and in any order; `account_id`, `contact_id` and `event_id` may be left out. Decides as a
    batch does: events strictly before `until_us`, deadlines up to and at it; default: the newest event plus 1 µs.
    `slices` are instants to decide up to on the way, which must change nothing. `limits` replaces fields of the
    kernel's `Limits`.

    Raises:
        ValueError: an event is malformed, or the events are of several contacts.
        RulesError: the rules are not usable.
    """
    everyones = [_event(index, raw, account or ACCOUNT, contact or CONTACT) for index, raw in enumerate(events, 1)]
    parsed = _mine(everyones, account, contact)
    account_id = parsed[0].account_id if parsed else account or ACCOUNT
    contact_id = next((event.contact_id for event in parsed if event.contact_id is not None), contact or CONTACT)
    kernel_limits = DEFAULT_LIMITS._replace(**(limits or {}))
    program = compile_account(
        ruleset_of(document), account_id, allowed_lateness_us=allowed_lateness_us, limits=kernel_limits
    )
    end_us = max((event.time_us for event in parsed), default=0) + 1 if until_us is None else until_us
    versions = as_versions(program)
    silences = silences_in(versions, (event for event in everyones if event.account_id == account_id))
    parsed = of_contact(program, parsed, contact_id)
    stops_us = [*sorted(one for one in slices if one < end_us), end_us]
    versions = replace(versions, silences=silences)
    return [decision_row(decision) for decision in decide_in_steps(versions, contact_id, parsed, stops_us)]


def ruleset_of(document: Rules) -> RuleSet:
    """The rule set of a document, in any of the ways to write one.

    Raises:
        RulesError: it is not usable.
    """
    return edition_of_rules(document).ruleset


def edition_of_rules(document: Rules) -> Edition:
    """As `ruleset_of`, with what is written."""
    if isinstance(document, str) and ("\n" in document or document.startswith("{")):
        errors: list[RuleError] = []
        return edition_of(read_locations({"rules.yaml": document.encode()}, errors), errors)
    if isinstance(document, (str, Path)):
        return load_edition(Path(document))
    rules = document if "rules" in document else {"rules": [dict(document)]}
    return edition_of([Location("<document>", node_of({"account": EVERY_ACCOUNT, **rules}))])


def decide_in_steps(
    program: Program | Versions, contact_id: str, events: Sequence[Event], stops_us: Sequence[int]
) -> list[Decision]:
    """The decisions of one contact up to each of the rising `stops_us` in turn; an event comes just in time."""
    state = new_state(contact_id)
    decisions: list[Decision] = []
    before_us = -sys.maxsize
    for stop_us in stops_us:
        due = [event for event in events if before_us <= event.time_us < stop_us]
        advanced = advance(program, state, due, stop_us)
        assert not advanced.late, "an event given in time is never late"
        state, before_us = advanced.state, stop_us
        decisions.extend(advanced.decisions)
    return [*decisions, *unfinished(program, state)]


def _mine(parsed: Sequence[Event], account: str | None, contact: str | None) -> list[Event]:
    """The events of the one contact that is asked for, or that they are of, and those of items."""
    subjects = {(event.account_id, event.contact_id) for event in parsed if event.contact_id is not None}
    mine = {(a, c) for a, c in subjects if account in (None, a) and contact in (None, c)}
    if len(mine) > 1:
        raise ValueError(f"the events are of several contacts; say which with account= and contact=: {sorted(mine)}")
    accounts = {account_id for account_id, _ in mine} or {account or ACCOUNT}
    return [
        event
        for event in parsed
        if (event.account_id, event.contact_id) in mine or (event.item_id is not None and event.account_id in accounts)
    ]


def _event(index: int, raw: Mapping[str, Any], account_id: str, contact_id: str) -> Event:
    try:
        return event_of(account_id, contact_id, {"event_id": f"e{index:04d}", **raw})
    except BadEventError as error:
        raise ValueError(f"event {index}: {error}") from None
