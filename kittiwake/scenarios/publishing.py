"""What a step of a scenario publishes: rules of another file, or the present ones edited, and from when on.

Reads the rules files that are named. Called by `scenario_cases`.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from kittiwake.rules.errors import Code, KeyPath, RulesError
from kittiwake.rules.ruleset import EVERY_ACCOUNT
from kittiwake.scenarios.edits import EDITS, edited
from kittiwake.scenarios.models import PublishPart, StepPart
from kittiwake.scenarios.reader import Reader
from kittiwake.scenarios.rules import Edition, edition_at, load_edition
from kittiwake.scenarios.times import moment_us
from kittiwake.time.instants import format_instant


class Published(NamedTuple):
    """Rules that a step publishes."""

    edition: Edition
    effective_us: int | None
    """None: now."""


def published_by(reader: Reader, path: KeyPath, step: StepPart) -> Published | None:
    """What a step publishes, which the reader goes on with; None, and errors added, if it is nothing that can be."""
    if step.publish is None:
        return None
    path = (*path, "publish")
    effective_us = _effective_us(reader, path, step.publish)
    edition = _edition(reader, path, step.publish)
    if edition is None:
        return None
    if edition.ruleset.version == reader.book.newest.version:
        reader.report(path, Code.CLAUSE, "these rules say what those before say", "Change something, or delete it")
    reader.book = reader.book.publish(effective_us or reader.clock_us, edition)
    try:
        reader.rule_ids = list(dict.fromkeys([*reader.rule_ids, *reader.book.rule_ids()]))
    except RulesError as error:
        reader.errors.extend(error.errors)
    return Published(edition, effective_us)


def _effective_us(reader: Reader, path: KeyPath, written: PublishPart) -> int | None:
    """When the rules come into force; None: now."""
    if written.effective_from is None:
        effective_us = reader.clock_us
    else:
        effective_us, path = moment_us(written.effective_from, reader.clock_us, reader.zone), (*path, "effective_from")
    before_us = reader.book.published[-1][0]
    if effective_us < reader.clock_us:
        message = f"the clock already stands at {format_instant(reader.clock_us)}"
        reader.report(path, Code.OUT_OF_RANGE, message, "Rules come into force now or later")
    elif before_us is not None and before_us >= max(effective_us, reader.clock_us + (written.effective_from is None)):
        message = f"the rules published before come into force at {format_instant(before_us)}"
        reader.report(path, Code.OUT_OF_RANGE, message, "Let these come into force after them")
    return effective_us if effective_us > reader.clock_us else None


def _edition(reader: Reader, path: KeyPath, written: PublishPart) -> Edition | None:
    """The rules that are published; None, and errors added, if they cannot be used."""
    said = [key for key in EDITS if getattr(written, key) is not None]
    if written.rules is not None and said:
        message = f"rules names other rules, and {said[0]} changes the present ones"
        reader.report((*path, said[0]), Code.CLAUSE, message, "Keep one of them", at_key=True)
        return None
    location = reader.location.at(*reader.path, *path)
    assert location is not None
    try:
        if said:
            return edited(reader.book, location)
        if isinstance(written.rules, str):
            return _edition_of_file(reader, path, written.rules)
        if written.rules is not None:
            rules = location.at("rules")
            assert rules is not None
            return edition_at(rules, reader.book.account_id)
    except RulesError as error:
        reader.errors.extend(error.errors)
        return None
    reader.report(
        path, Code.MISSING_KEY, "nothing is published", f"Write rules, {', '.join(EDITS[:-1])} or {EDITS[-1]}"
    )
    return None


def _edition_of_file(reader: Reader, path: KeyPath, name: str) -> Edition | None:
    rules = Path(reader.location.file).parent / name
    if not rules.exists():
        message = f"there is no {rules}"
        reader.report((*path, "rules"), Code.UNREADABLE, message, "Write the path of rules, from this file")
        return None
    edition = load_edition(rules)
    if not {reader.book.account_id, EVERY_ACCOUNT} & edition.ruleset.accounts.keys():
        message = f"the rules have none for account {reader.book.account_id}"
        own = ", ".join(sorted(edition.ruleset.accounts))
        reader.report((*path, "rules"), Code.NOT_A_CHOICE, message, f"Name rules of it; these are of {own}")
        return None
    return edition
