"""One contact explained out of the rules and the files of a run: read, evaluated with a trace, put into words.

Reads files. Called by `kittiwake explain` and by `kittiwake.explain_contact`, which ends where a replay of the same
files ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kittiwake.batch.counts import Counts
from kittiwake.batch.coverage.comparison import NAMES_SHOWN
from kittiwake.batch.feeds.covered import silences_by_account
from kittiwake.batch.replay import FileIntake
from kittiwake.batch.settings import RunSettings, end_of_run
from kittiwake.errors import UnusableError
from kittiwake.explain.explanation import explain
from kittiwake.explain.input import ContactInput, read_contact, read_items
from kittiwake.explain.model import Explanation
from kittiwake.explain.tables import NO_TABLES, Tables
from kittiwake.input.files import ShapedFile
from kittiwake.input.foreign.beginnings import refuse_foreign
from kittiwake.input.query.inputs import find_inputs
from kittiwake.kernel import Versions, advance, new_state
from kittiwake.kernel.items.join import intervals_of, joined
from kittiwake.kernel.plan.catalog_plan import catalog_of
from kittiwake.model import Event
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.compile.needs import needs_of
from kittiwake.rules.errors import RulesError
from kittiwake.rules.versions import RuleSetHistory


class ContactExplanation(NamedTuple):
    """What the files say of a contact."""

    explanation: Explanation | None
    """None: they have no event of it."""
    found: ContactInput
    empty: str = ""
    """Why no rule could decide anything of its events, in words."""


def explain_files(
    rules: RuleSetHistory,
    inputs: Sequence[str],
    contact_id: str,
    account_id: str,
    settings: RunSettings,
    *,
    rule_ids: Sequence[str] = (),
    all_properties: bool = False,
    tables: Tables = NO_TABLES,
) -> ContactExplanation:
    """The explanation of a contact of an account; an empty `account_id` is the only one that has such a contact.

    Raises:
        UnusableError: a file cannot be used, several accounts have such a contact, or there is no rule of `rule_ids`.
        RulesError: the rules of the account cannot be run.
    """
    is_of_tables = tables.addresses and not inputs and settings.query is None
    files = [] if is_of_tables else find_inputs(inputs, settings.query, settings.shape, settings.shapes)
    if settings.query is None and not settings.allow_empty:
        refuse_foreign(files, settings.start_us)
    found = read_contact(files, contact_id, settings, tables)
    account_id = _account_of(found, contact_id, account_id)
    programs = _programs_of(rules, account_id, settings)
    versions = programs.of(account_id)
    _refuse_unknown(versions, rule_ids)
    events = found.accounts.get(account_id, [])
    if not events:
        return ContactExplanation(None, found)
    end_us = end_of_run(settings, found.counts, versions.frozen_at_us)
    if programs.feeds.of(account_id):
        versions = _with_silences(programs, account_id, files, settings, tables)
    events = [*events, *_item_changes(versions, files, events, contact_id, settings, tables)]
    advanced = advance(versions, new_state(contact_id), events, end_us, trace=True)
    explanation = explain(versions, advanced.state, advanced.trace, all_properties=all_properties)
    return ContactExplanation(explanation, found, _why_empty(account_id, versions, events))


def _why_empty(account_id: str, versions: Versions, events: Sequence[Event]) -> str:
    needs = list(needs_of(account_id, versions))
    if not needs:
        return f"there is no rule for account {account_id}, which these events are of"
    needed = frozenset[str]().union(*(one.types for one in needs))
    takes_any = any(not one.arms for one in needs)
    if takes_any or not needed.isdisjoint(event.type for event in events):
        return ""
    came = ", ".join(sorted({event.type for event in events})[:NAMES_SHOWN])
    return f"no event of the contact is of a type that a rule needs: {came} came"


def _item_changes(
    versions: Versions,
    files: Sequence[ShapedFile],
    events: Sequence[Event],
    contact_id: str,
    settings: RunSettings,
    tables: Tables,
) -> list[Event]:
    """The changes of the items that a contact showed interest in."""
    plan = catalog_of(versions)
    item_ids = frozenset(intervals_of(versions, plan, events)) if plan is not None else frozenset()
    if plan is None or not item_ids:
        return []
    of_items = read_items(files, versions.newest.account_id, item_ids, settings, tables)
    return joined(versions, plan, of_items, events, contact_id)


def _account_of(found: ContactInput, contact_id: str, account_id: str) -> str:
    if account_id or len(found.accounts) <= 1:
        return account_id or next(iter(found.accounts), "")
    several = ", ".join(sorted(found.accounts))
    raise UnusableError(f"contact {contact_id} is of several accounts, {several}: say which with --account")


def _programs_of(rules: RuleSetHistory, account_id: str, settings: RunSettings) -> Programs:
    programs = Programs(rules, settings.allowed_lateness_us, shape=settings.shape)
    if account_id in programs.refused:
        raise RulesError(rules.newest.refused[account_id])
    return programs


def _with_silences(
    programs: Programs, account_id: str, files: Sequence[ShapedFile], settings: RunSettings, tables: Tables
) -> Versions:
    """The rules, where it is known when feeds were silent: the files are read anew, for the events of all contacts."""
    if tables.addresses:
        raise UnusableError(
            f"the policy of account {account_id} has feeds, which are judged by the events of all contacts,"
            " and tables are asked for one contact's: give the files of the run with --input"
        )
    counts = Counts()
    for _ in FileIntake(files, settings, programs, counts):
        pass
    return programs.with_silences(silences_by_account(counts.feeds)).of(account_id)


def _refuse_unknown(versions: Versions, rule_ids: Sequence[str]) -> None:
    known = dict.fromkeys(rule.rule_id for program in versions.programs for rule in program.rules)
    for rule_id in rule_ids:
        if rule_id not in known:
            account_id = versions.newest.account_id
            raise UnusableError(f"account {account_id} has no rule {rule_id}; it has {', '.join(known)}")
