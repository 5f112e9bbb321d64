"""Plays the cases of scenario files, and says of each what was not as expected.

Pure. Called by `kittiwake test` and `kittiwake.testing.scenario_files`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from kittiwake.explain.model import Explanation, only_rules
from kittiwake.explain.wording import counted, moment_words
from kittiwake.kernel.run.outputs import Unusable
from kittiwake.rules.source.tree import Mark
from kittiwake.scenarios.cases import Case, Step
from kittiwake.scenarios.expect import Comparison, Expectation, compare, decision_words
from kittiwake.scenarios.player import Player
from kittiwake.scenarios.rules import RuleBook


class Surprise(NamedTuple):
    """An `expect` that was not met."""

    mark: Mark
    clock_us: int
    since_us: int
    """When decisions were compared before."""
    expected: tuple[Expectation, ...]
    comparison: Comparison
    zone: str
    """The contact's then, by whose clock it is shown."""


class Result(NamedTuple):
    """What came of a case."""

    case: Case
    surprises: tuple[Surprise, ...]
    explanation: Explanation
    """All that happened, of the rules the case is about."""
    unusable: Mapping[Unusable, int]
    """Values that rules needed and could not use, and how often."""

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.surprises


def play(case: Case) -> Result:
    """Play a case to its end; one surprise does not hide the next."""
    player, book = Player(case.book.versions(), case.contact_id, case.start_us), case.book
    if case.contact is not None:
        player.add_event("contact.updated", case.contact, event_id="e0000")
    surprises: list[Surprise] = []
    compared_us = case.start_us
    for step in case.steps:
        book = act(player, book, step)
        if step.expected is not None:
            surprises.extend(_compared(player, case, step, step.expected, compared_us))
            compared_us = step.clock_us
    whole = player.explanation()
    about = only_rules(whole, case.about) if case.about else whole
    return Result(case, tuple(surprises), about, player.unusable)


def act(player: Player, book: RuleBook, step: Step) -> RuleBook:
    """Let happen what a step says; the rules published by then."""
    if step.clock_us > player.clock_us:
        player.pass_to(step.clock_us)
    if step.published is not None:
        book = book.publish(player.publishing_us(step.published.effective_us), step.published.edition)
        player.change_rules(book.versions())
    if step.frozen is not None:
        player.freeze() if step.frozen else player.unfreeze()
    if step.event is not None:
        event_type, properties, event_id, ago_us, item_id, other_id = step.event
        player.add_event(event_type, properties, event_id=event_id, ago_us=ago_us, item_id=item_id, other_id=other_id)
    return book


def _compared(
    player: Player, case: Case, step: Step, expected: tuple[Expectation, ...], since_us: int
) -> Iterator[Surprise]:
    decided = [one for one in player.take_decisions() if not case.about or one.rule_id in case.about]
    comparison = compare(expected, decided, player.known)
    if comparison.agrees:
        return
    whole = Surprise(step.mark, step.clock_us, since_us, expected, comparison, player.zone)
    yield from [whole] if any(one.mark is None for one in expected) or not expected else _by_lines(whole)


def _by_lines(whole: Surprise) -> Iterator[Surprise]:
    """A surprise for each line of a timeline that was not met, and one for all that no line expects."""
    comparison = whole.comparison
    for one in comparison.missing:
        yield _of_line(whole, one, Comparison(missing=(one,)))
    for one, decision, differences in comparison.differing:
        yield _of_line(whole, one, Comparison(differing=((one, decision, differences),)))
    if comparison.unexpected:
        yield whole._replace(comparison=Comparison(unexpected=comparison.unexpected))


def _of_line(whole: Surprise, one: Expectation, comparison: Comparison) -> Surprise:
    return whole._replace(mark=one.mark or whole.mark, expected=(one,), comparison=comparison)


def surprise_words(surprise: Surprise) -> list[str]:
    """A surprise in lines: what was expected and not there, what was there and not expected, what differs."""
    zone = surprise.zone
    until = moment_words(surprise.clock_us, zone)
    since = moment_words(surprise.since_us, zone)
    expected = counted(len(surprise.expected), "decision") if surprise.expected else "nothing"
    lines = [f"expected {expected} from {since} to {until}"]
    lines.extend(f"- missing:    {one}" for one in surprise.comparison.missing)
    lines.extend(f"+ unexpected: {decision_words(one, zone)}" for one in surprise.comparison.unexpected)
    for expectation, decision, differences in surprise.comparison.differing:
        lines.append(f"~ differs:    {expectation}")
        lines.append(f"  decided:    {decision_words(decision, zone)}")
        lines.extend(f"    {difference}" for difference in differences)
    return lines
