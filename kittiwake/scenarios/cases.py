"""From what a scenario's author wrote to cases that can be played: checked, clock times resolved.

Pure but for the rules files that a step publishes. Called by `files`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from kittiwake.input.events import TIME_MIN_US
from kittiwake.rules.errors import Code, KeyPath, RuleError
from kittiwake.rules.source.tree import Location, Mark
from kittiwake.scenarios.expect import FIELDS, Expectation
from kittiwake.scenarios.models import VERBS, CasePart, Expected, ScenarioPart, StepPart
from kittiwake.scenarios.player import CONTACT, BadEventError, event_of
from kittiwake.scenarios.publishing import Published, published_by
from kittiwake.scenarios.reader import Reader, unknown_rules
from kittiwake.scenarios.rules import RuleBook
from kittiwake.scenarios.timeline import TIMELINE
from kittiwake.scenarios.times import moment_us
from kittiwake.time.durations import parse_duration
from kittiwake.time.instants import format_instant, parse_instant

CLOCK_MAX_US: Final = parse_instant("9000-01-01T00:00:00Z")
"""Where a clock can stand: a deadline after it is still in a year that can be written."""


class StepEvent(NamedTuple):
    """An event of a step."""

    event_type: str
    properties: dict[str, Any]
    event_id: str | None
    ago_us: int
    item_id: str | None = None
    """Of an event of an item."""
    other_id: str | None = None
    """Of an event of another contact."""


class Step(NamedTuple):
    """One step: the clock stands at `clock_us`, rules change, an event happens, decisions are compared."""

    mark: Mark
    clock_us: int
    published: Published | None
    frozen: bool | None
    """None: as before."""
    event: StepEvent | None
    expected: tuple[Expectation, ...] | None
    """None: nothing is compared."""


class Case(NamedTuple):
    """One test of a scenario file."""

    file: str
    mark: Mark
    name: str
    book: RuleBook
    """The rules at the start."""
    about: frozenset[str]
    """Rules whose decisions are compared; empty: all."""
    contact_id: str
    start_us: int
    contact: dict[str, Any] | None
    """Attributes set at the start."""
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        return self.name


def cases_of(
    location: Location, written: ScenarioPart, books: Sequence[RuleBook], errors: list[RuleError]
) -> list[Case]:
    """The cases of a file, each by the rules of a book; errors are added for all that makes no sense.

    Reads the files that a step publishes.
    """
    if not written.tests:
        errors.append(location.error(("tests",), Code.EMPTY_LIST, "tests is empty", "Write a test: - name: …"))
    errors.extend(_same_names(location, written.tests))
    readers = [Reader(location, i, written, book, errors) for i, book in enumerate(books)]
    cases = [_case(reader) for reader in readers]
    known = dict.fromkeys(name for reader in readers for name in reader.rule_ids)
    for book in books[:1]:
        errors.extend(unknown_rules(location, ("about",), written.about, book.account_id, list(known)))
    return cases


def _same_names(location: Location, cases: Iterable[CasePart]) -> Iterator[RuleError]:
    first: dict[str, int] = {}
    for i, case in enumerate(cases):
        if first.setdefault(case.name, i) != i:
            line = location.mark(("tests", first[case.name], "name")).line
            message = f"the test in line {line} has the same name"
            yield location.error(
                ("tests", i, "name"), Code.DUPLICATE_ID, message, "Say what is different about this one"
            )


def _case(reader: Reader) -> Case:
    case = reader.case
    if reader.contact is not None:
        reader.see("contact.updated", reader.contact)
    steps = tuple(_steps_of(reader) if case.timeline is None else _timeline_of(reader, case.timeline))
    about, account_id = (*reader.path, "about"), reader.book.account_id
    reader.errors.extend(unknown_rules(reader.location, about, case.about, account_id, reader.rule_ids))
    return Case(
        reader.location.file,
        reader.location.mark(reader.path),
        case.name,
        reader.begun,
        reader.about,
        case.contact_id or CONTACT,
        reader.start_us,
        reader.contact,
        steps,
    )


def _steps_of(reader: Reader) -> list[Step]:
    if reader.case.steps is None:
        reader.report((), Code.MISSING_KEY, "steps is missing", "Add steps: a list of steps")
        return []
    steps = [_step(reader, ("steps", i), step) for i, step in enumerate(reader.case.steps)]
    if not steps:
        reader.report(("steps",), Code.EMPTY_LIST, "steps is empty", "Write a step: - event: cart.item_added")
    elif steps[-1].expected is None:
        advice = "Add expect: to it, say expect: nothing"
        reader.report(("steps", len(steps) - 1), Code.CLAUSE, "nothing is expected of the last step", advice)
    return steps


def _timeline_of(reader: Reader, lines: Sequence[StepPart]) -> list[Step]:
    """A step for each line, of which the last compares all that was decided."""
    if reader.case.steps is not None:
        message = "steps and a timeline are two ways to say what happens"
        reader.report(("timeline",), Code.CLAUSE, message, "Keep one of them", at_key=True)
    if not lines:
        advice = "Write a line: 10:00  cart.item_added"
        reader.report(("timeline",), Code.EMPTY_LIST, "the timeline is empty", advice)
        return []
    steps = [_step(reader, ("timeline", i), line) for i, line in enumerate(lines)]
    expected = tuple(one for step in steps for one in step.expected or ())
    comparing = steps[-1]._replace(mark=reader.location.mark((*reader.path, "timeline")), expected=expected)
    return [*(step._replace(expected=None) for step in steps[:-1]), comparing]


# ---------------------------------------------------------------- steps


def _step(reader: Reader, path: KeyPath, step: StepPart) -> Step:
    _check_step(reader, path, step)
    _move(reader, path, step)
    published = published_by(reader, path, step)
    _freeze(reader, path, step)
    event = _event(reader, path, step)
    expected = _expected(reader, path, step)
    mark = reader.location.mark((*reader.path, *path))
    return Step(mark, reader.clock_us, published, step.frozen, event, expected)


def _check_step(reader: Reader, path: KeyPath, step: StepPart) -> None:
    done = (step.after, step.at, step.publish, step.frozen, step.event, step.expect)
    if all(one is None for one in done):
        reader.report(path, Code.MISSING_KEY, "this step does nothing", "Write after, at, event or expect")
    if step.after is not None and step.at is not None:
        reader.report((*path, "at"), Code.CLAUSE, "after and at both move the clock", "Keep one of them", at_key=True)
    for name, value in (("with", step.with_), ("id", step.id), ("ago", step.ago), ("item", step.item), ("by", step.by)):
        if value is not None and step.event is None:
            message, advice = f"{name} tells of an event, and there is none here", "Add event: to this step"
            reader.report((*path, name), Code.CLAUSE, message, advice, at_key=True)


def _move(reader: Reader, path: KeyPath, step: StepPart) -> None:
    if step.after is not None:
        reader.clock_us += parse_duration(step.after) or 0
        if reader.clock_us > CLOCK_MAX_US:
            message = "the clock would stand beyond the year 9000"
            reader.report((*path, "after"), Code.OUT_OF_RANGE, message, "Write a shorter time")
            reader.clock_us = CLOCK_MAX_US
    elif step.at is not None:
        at_us = moment_us(step.at, reader.clock_us, reader.zone)
        if at_us < reader.clock_us:
            message = f"the clock already stands at {format_instant(reader.clock_us)}"
            advice = "Put the step earlier; an event that arrives late is written ago: 10m"
            reader.report((*path, "at"), Code.OUT_OF_RANGE, message, advice)
        reader.clock_us = max(reader.clock_us, at_us)


def _freeze(reader: Reader, path: KeyPath, step: StepPart) -> None:
    if step.frozen is None:
        return
    if step.frozen is reader.frozen:
        message = "the rules are frozen already" if step.frozen else "the rules are not frozen"
        reader.report((*path, "frozen"), Code.CLAUSE, message, "Delete it", at_key=True)
    reader.frozen = step.frozen


def _event(reader: Reader, path: KeyPath, step: StepPart) -> StepEvent | None:
    if step.event is None:
        return None
    ago_us = (parse_duration(step.ago) or 0) if step.ago else 0
    event = StepEvent(step.event, step.with_ or {}, step.id, ago_us, step.item, step.by)
    if step.item is not None and step.by is not None:
        message = "an event is of an item or of a contact"
        reader.report((*path, "by"), Code.CLAUSE, message, "Keep one of item and by", at_key=True)
    if event.ago_us and reader.clock_us - event.ago_us < TIME_MIN_US:
        message = "so long ago lies before the year 1900"
        reader.report((*path, "ago"), Code.OUT_OF_RANGE, message, "Write a shorter time")
    raw = {"event_id": event.event_id or "e", "properties": event.properties, "time": format_instant(reader.clock_us)}
    subject = {} if event.item_id is None else {"item_id": event.item_id}
    try:
        event_of(reader.book.account_id, CONTACT, {**raw, **subject, "type": event.event_type})
    except BadEventError as error:
        reader.report((*path, "event"), Code.WRONG_SHAPE, f"the job would not read this event: {error}", "Mend it")
    if event.item_id is None and event.other_id is None:
        reader.see(event.event_type, event.properties)
    return event


# ---------------------------------------------------------------- expectations


def _expected(reader: Reader, path: KeyPath, step: StepPart) -> tuple[Expectation, ...] | None:
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


def _one_expected(reader: Reader, path: KeyPath, written: Expected) -> Iterator[Expectation]:
    verbs = [verb for verb in VERBS if getattr(written, verb) is not None]
    if len(verbs) != 1:
        message = f"{' and '.join(verbs)} are two decisions" if verbs else "it does not say what is decided"
        advice = "Write each on its own" if verbs else f"Add one of {', '.join(VERBS)} with the rule's id"
        reader.report(path, Code.CLAUSE if verbs else Code.MISSING_KEY, message, advice)
        return
    verb = verbs[0]
    rule_id = getattr(written, verb)
    unknown = list(
        unknown_rules(reader.location, (*reader.path, *path, verb), rule_id, reader.book.account_id, reader.rule_ids)
    )
    reader.errors.extend(unknown)
    if reader.about and rule_id not in reader.about and not unknown:
        advice = f"Add {rule_id} to about, or expect it elsewhere"
        reader.report((*path, verb), Code.CLAUSE, f"the test is not about {rule_id}", advice)
    fields = {name: getattr(written, name) for name in FIELDS if getattr(written, name) is not None}
    mark = reader.location.mark((*reader.path, *path)) if path[0] == TIMELINE else None
    yield Expectation(verb, rule_id, fields, mark)
