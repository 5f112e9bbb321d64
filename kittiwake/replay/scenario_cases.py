"""From what a scenario's author wrote to cases that can be played: checked, clock times resolved.

Pure but for the rules files that a step publishes. Called by `scenario_files`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from kittiwake.replay.scenario_edits import EDITS, edited
from kittiwake.replay.scenario_expect import FIELDS, Expectation
from kittiwake.replay.scenario_models import VERBS, CasePart, Expected, PublishPart, ScenarioPart, StepPart
from kittiwake.replay.scenario_player import CONTACT, BadEventError, default_start_us, event_of
from kittiwake.replay.scenario_rules import Edition, RuleBook, load_edition
from kittiwake.replay.scenario_times import moment_us, whole_instant
from kittiwake.rules.errors import Code, KeyPath, RuleError, RulesError
from kittiwake.rules.nodes import Mark, Place
from kittiwake.rules.ruleset import EVERY_ACCOUNT
from kittiwake.time.durations import parse_duration
from kittiwake.time.instants import format_instant, parse_instant
from kittiwake.time.zones import is_zone


class Told(NamedTuple):
    """An event of a step."""

    event_type: str
    properties: dict[str, Any]
    event_id: str | None
    ago_us: int


class Published(NamedTuple):
    """Rules that a step publishes."""

    edition: Edition
    effective_us: int | None
    """None: now."""


class Step(NamedTuple):
    """One step: the clock stands at `clock_us`, rules change, an event happens, what was decided is looked at."""

    mark: Mark
    clock_us: int
    published: Published | None
    frozen: bool | None
    """None: as before."""
    told: Told | None
    expected: tuple[Expectation, ...] | None
    """None: it does not look."""


class Case(NamedTuple):
    """One test of a scenario file."""

    file: str
    mark: Mark
    name: str
    book: RuleBook
    """The rules at the start."""
    about: frozenset[str]
    """Rules whose decisions are looked at; empty: all."""
    contact_id: str
    start_us: int
    contact: dict[str, Any] | None
    """Attributes set at the start."""
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        return self.name


def cases_of(place: Place, written: ScenarioPart, book: RuleBook, errors: list[RuleError]) -> list[Case]:
    """The cases of a file; errors are added for all that makes no sense.

    Reads the files that a step publishes.
    """
    if not written.tests:
        errors.append(place.error(("tests",), Code.EMPTY_LIST, "tests is empty", "Write a test: - name: …"))
    errors.extend(_same_names(place, written.tests))
    readers = [_Reader(place, i, written, book, errors) for i in range(len(written.tests))]
    cases = [_case(reader) for reader in readers]
    known = dict.fromkeys([*book.rule_ids(), *(name for reader in readers for name in reader.rule_ids)])
    errors.extend(_unknown_rules(place, ("about",), written.about, book.account_id, list(known)))
    return cases


def _same_names(place: Place, cases: Iterable[CasePart]) -> Iterator[RuleError]:
    first: dict[str, int] = {}
    for i, case in enumerate(cases):
        if first.setdefault(case.name, i) != i:
            line = place.mark(("tests", first[case.name], "name")).line
            message = f"the test in line {line} has the same name"
            yield place.error(("tests", i, "name"), Code.DUPLICATE_ID, message, "Say what is different about this one")


def _unknown_rules(
    place: Place, path: KeyPath, about: str | list[str] | None, account_id: str, ids: list[str]
) -> Iterator[RuleError]:
    for rule_id in _listed(about):
        if rule_id not in ids:
            close = difflib.get_close_matches(rule_id, ids, 1)
            advice = f"Did you mean {close[0]}?" if close else f"Write one of {', '.join(ids)}"
            message = f"account {account_id} has no rule {rule_id} that is not off"
            yield place.error(path, Code.NOT_A_CHOICE, message, advice)


def _listed(about: str | list[str] | None) -> list[str]:
    return [] if about is None else [about] if isinstance(about, str) else about


class _Reader:
    """One test as it is read: its clock, zone and rules as the steps go by."""

    def __init__(
        self, place: Place, index: int, written: ScenarioPart, book: RuleBook, errors: list[RuleError]
    ) -> None:
        self.case = written.tests[index]
        self.place = place
        self.path: KeyPath = ("tests", index)
        self.begun = self.book = book
        """The rules at the start, and those published so far."""
        self.rule_ids = book.rule_ids()
        """Of all versions so far."""
        self.frozen = False
        self.errors = errors
        self.about = frozenset(_listed(self.case.about or written.about))
        self.contact = self.case.contact if self.case.contact is not None else written.contact
        start = self.case.start or written.start
        self.start_us = parse_instant(whole_instant(start)) if start else default_start_us(book.versions())
        self.clock_us = self.start_us
        self.own_zone: str | None = None

    def tell(self, path: KeyPath, code: Code, message: str, advice: str, *, at_key: bool = False) -> None:
        """Add an error."""
        self.errors.append(self.place.error((*self.path, *path), code, message, advice, at_key=at_key))

    @property
    def zone(self) -> str:
        """The contact's zone, else that of the account at this time."""
        return self.own_zone or self.book.timezone_at(self.clock_us)

    def see(self, event_type: str, properties: dict[str, Any]) -> None:
        """Follow the contact's zone, in which `HH:MM` is read."""
        if event_type == "contact.updated" and "timezone" in properties:
            name = properties["timezone"]
            self.own_zone = name if is_zone(name) else None


def _case(reader: _Reader) -> Case:
    case = reader.case
    if reader.contact is not None:
        reader.see("contact.updated", reader.contact)
    steps = tuple(_step(reader, i, step) for i, step in enumerate(case.steps))
    about, account_id = (*reader.path, "about"), reader.book.account_id
    reader.errors.extend(_unknown_rules(reader.place, about, case.about, account_id, reader.rule_ids))
    if not steps:
        reader.tell(("steps",), Code.EMPTY_LIST, "steps is empty", "Write a step: - event: cart.item_added")
    elif steps[-1].expected is None:
        advice = "Add expect: to it, say expect: nothing"
        reader.tell(("steps", len(steps) - 1), Code.CLAUSE, "nothing is expected of the last step", advice)
    return Case(
        reader.place.file,
        reader.place.mark(reader.path),
        case.name,
        reader.begun,
        reader.about,
        case.contact_id or CONTACT,
        reader.start_us,
        reader.contact,
        steps,
    )


# ---------------------------------------------------------------- steps


def _step(reader: _Reader, index: int, step: StepPart) -> Step:
    path: KeyPath = ("steps", index)
    _check_step(reader, path, step)
    _move(reader, path, step)
    published = _published(reader, path, step)
    _freeze(reader, path, step)
    told = _told(reader, path, step)
    expected = _expected(reader, path, step)
    mark = reader.place.mark((*reader.path, *path))
    return Step(mark, reader.clock_us, published, step.frozen, told, expected)


def _check_step(reader: _Reader, path: KeyPath, step: StepPart) -> None:
    done = (step.after, step.at, step.publish, step.frozen, step.event, step.expect)
    if all(one is None for one in done):
        reader.tell(path, Code.MISSING_KEY, "this step does nothing", "Write after, at, event or expect")
    if step.after is not None and step.at is not None:
        reader.tell((*path, "at"), Code.CLAUSE, "after and at both move the clock", "Keep one of them", at_key=True)
    for name, value in (("with", step.with_), ("id", step.id), ("ago", step.ago)):
        if value is not None and step.event is None:
            message, advice = f"{name} tells of an event, and there is none here", "Add event: to this step"
            reader.tell((*path, name), Code.CLAUSE, message, advice, at_key=True)


def _move(reader: _Reader, path: KeyPath, step: StepPart) -> None:
    if step.after is not None:
        reader.clock_us += parse_duration(step.after) or 0
    elif step.at is not None:
        at_us = moment_us(step.at, reader.clock_us, reader.zone)
        if at_us < reader.clock_us:
            message = f"the clock already stands at {format_instant(reader.clock_us)}"
            advice = "Put the step earlier; an event that arrives late is written ago: 10m"
            reader.tell((*path, "at"), Code.OUT_OF_RANGE, message, advice)
        reader.clock_us = max(reader.clock_us, at_us)


def _freeze(reader: _Reader, path: KeyPath, step: StepPart) -> None:
    if step.frozen is None:
        return
    if step.frozen is reader.frozen:
        message = "the rules are frozen already" if step.frozen else "the rules are not frozen"
        reader.tell((*path, "frozen"), Code.CLAUSE, message, "Delete it", at_key=True)
    reader.frozen = step.frozen


def _told(reader: _Reader, path: KeyPath, step: StepPart) -> Told | None:
    if step.event is None:
        return None
    told = Told(step.event, step.with_ or {}, step.id, (parse_duration(step.ago) or 0) if step.ago else 0)
    raw = {"event_id": told.event_id or "e", "properties": told.properties, "time": format_instant(reader.clock_us)}
    try:
        event_of(reader.book.account_id, CONTACT, {**raw, "type": told.event_type})
    except BadEventError as error:
        reader.tell((*path, "event"), Code.WRONG_SHAPE, f"the job would not read this event: {error}", "Mend it")
    reader.see(told.event_type, told.properties)
    return told


# ---------------------------------------------------------------- rules that change


def _published(reader: _Reader, path: KeyPath, step: StepPart) -> Published | None:
    if step.publish is None:
        return None
    path = (*path, "publish")
    effective_us = _effective_us(reader, path, step.publish)
    edition = _edition(reader, path, step.publish)
    if edition is None:
        return None
    if edition.ruleset.version == reader.book.newest.version:
        reader.tell(path, Code.CLAUSE, "these rules say what those before say", "Change something, or delete it")
    reader.book = reader.book.publish(effective_us or reader.clock_us, edition)
    try:
        reader.rule_ids = list(dict.fromkeys([*reader.rule_ids, *reader.book.rule_ids()]))
    except RulesError as error:
        reader.errors.extend(error.errors)
    return Published(edition, effective_us)


def _effective_us(reader: _Reader, path: KeyPath, written: PublishPart) -> int | None:
    """When the rules come into force; None: now."""
    if written.effective_from is None:
        effective_us = reader.clock_us
    else:
        effective_us, path = moment_us(written.effective_from, reader.clock_us, reader.zone), (*path, "effective_from")
    before_us = reader.book.published[-1][0]
    if effective_us < reader.clock_us:
        message = f"the clock already stands at {format_instant(reader.clock_us)}"
        reader.tell(path, Code.OUT_OF_RANGE, message, "Rules come into force now or later")
    elif before_us is not None and before_us >= max(effective_us, reader.clock_us + (written.effective_from is None)):
        message = f"the rules published before come into force at {format_instant(before_us)}"
        reader.tell(path, Code.OUT_OF_RANGE, message, "Let these come into force after them")
    return effective_us if effective_us > reader.clock_us else None


def _edition(reader: _Reader, path: KeyPath, written: PublishPart) -> Edition | None:
    """The rules that are published; None, and errors added, if they cannot be used."""
    said = [key for key in EDITS if getattr(written, key) is not None]
    if written.rules is not None and said:
        message = f"rules names other rules, and {said[0]} changes the present ones"
        reader.tell((*path, said[0]), Code.CLAUSE, message, "Keep one of them", at_key=True)
        return None
    place = reader.place.at(*reader.path, *path)
    assert place is not None
    try:
        if said:
            return edited(reader.book, place)
        if written.rules is not None:
            return _edition_of_file(reader, path, written.rules)
    except RulesError as error:
        reader.errors.extend(error.errors)
        return None
    reader.tell(path, Code.MISSING_KEY, "nothing is published", f"Write rules, {', '.join(EDITS[:-1])} or {EDITS[-1]}")
    return None


def _edition_of_file(reader: _Reader, path: KeyPath, name: str) -> Edition | None:
    rules = Path(reader.place.file).parent / name
    if not rules.exists():
        message = f"there is no {rules}"
        reader.tell((*path, "rules"), Code.UNREADABLE, message, "Write the path of rules, from this file")
        return None
    edition = load_edition(rules)
    if not {reader.book.account_id, EVERY_ACCOUNT} & edition.ruleset.accounts.keys():
        message = f"the rules have none for account {reader.book.account_id}"
        own = ", ".join(sorted(edition.ruleset.accounts))
        reader.tell((*path, "rules"), Code.NOT_A_CHOICE, message, f"Name rules of it; these are of {own}")
        return None
    return edition


# ---------------------------------------------------------------- expectations


def _expected(reader: _Reader, path: KeyPath, step: StepPart) -> tuple[Expectation, ...] | None:
    if step.expect is None:
        return None
    if isinstance(step.expect, str):
        return ()
    if isinstance(step.expect, Expected):
        return tuple(_one_expected(reader, (*path, "expect"), step.expect))
    return tuple(
        expectation
        for i, one in enumerate(step.expect)
        for expectation in _one_expected(reader, (*path, "expect", i), one)
    )


def _one_expected(reader: _Reader, path: KeyPath, written: Expected) -> Iterator[Expectation]:
    verbs = [verb for verb in VERBS if getattr(written, verb) is not None]
    if len(verbs) != 1:
        message = f"{' and '.join(verbs)} are two decisions" if verbs else "it does not say what is decided"
        advice = "Write each on its own" if verbs else f"Add one of {', '.join(VERBS)} with the rule's id"
        reader.tell(path, Code.CLAUSE if verbs else Code.MISSING_KEY, message, advice)
        return
    verb = verbs[0]
    rule_id = getattr(written, verb)
    unknown = list(
        _unknown_rules(reader.place, (*reader.path, *path, verb), rule_id, reader.book.account_id, reader.rule_ids)
    )
    reader.errors.extend(unknown)
    if reader.about and rule_id not in reader.about and not unknown:
        advice = f"Add {rule_id} to about, or expect it elsewhere"
        reader.tell((*path, verb), Code.CLAUSE, f"the test is not about {rule_id}", advice)
    fields = {name: getattr(written, name) for name in FIELDS if getattr(written, name) is not None}
    yield Expectation(verb, rule_id, fields)
