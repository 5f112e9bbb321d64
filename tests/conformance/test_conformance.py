"""Conformance: what every construct of the language does, as data, in every execution mode and by the oracle.

A file holds the cases of one construct: scenario files that `kittiwake test` plays too. Hosts: test_hosts.py.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest
from typer.testing import CliRunner

from kittiwake.cli.main import app
from kittiwake.explain.model import Stage
from kittiwake.kernel.evaluate.decisions import unfinished
from kittiwake.kernel.incremental import advance
from kittiwake.kernel.state.state import new_state
from kittiwake.output.rows import decision_row
from kittiwake.reasons import Kind, Outcome, Reason
from kittiwake.scenarios.expect import Expectation
from kittiwake.scenarios.run import play
from kittiwake.testing import check
from tests.conformance.histories import FOLDER, History, cases, histories
from tests.conformance.rewriting import rewrite
from tests.kernel.execution_modes import CONTACT, decided_in_every_mode
from tests.laws.arrivals import ended, facts, late_schedule, newest, streamed, whole
from tests.oracle.oracle import decide_versions
from tests.properties.comparison import difference_of

HISTORIES = pytest.mark.parametrize("history", histories(), ids=lambda history: history.name)
NAME_CHARS_MAX = 80
UNKNOWN_TO_THE_ORACLE = {
    "wait_repeat: occurrences are dates (FREQ=MONTHLY;BYDAY=1MO,SU from 2026-03-01)": "1MO beside SU",
}
"""Cases that the oracle cannot decide, and what it is of them that it does not speak."""


@pytest.fixture(scope="module")
def wrong(*, update_golden: bool) -> Iterator[list[History] | None]:
    """Cases of which the expected lines are written anew in the end; None: they fail."""
    found: list[History] = []
    yield found if update_golden else None
    rewrite(found)


@HISTORIES
def test_what_is_expected_is_what_is_decided(history: History, wrong: list[History] | None) -> None:
    if wrong is None or play(history.case).passed:
        check(history.case)
    else:
        wrong.append(history)


@HISTORIES
def test_every_execution_mode_decides_the_same(history: History) -> None:
    """And what a clock and late events led to is what one look at the whole history decides."""
    assert history.case.contact_id == CONTACT
    decided = decided_in_every_mode(history.versions, history.events, history.until_us)
    assert facts(newest(history.decided)) == facts(decided)


@HISTORIES
def test_events_that_come_late_decide_the_same(history: History, seed: int) -> None:
    horizon_us = history.book.allowed_lateness_us
    calls = late_schedule(Random(f"{seed} {history.name}"), history.events, history.until_us, horizon_us)
    at_once = whole(history.versions, history.events, history.until_us + horizon_us)
    assert facts(ended(history.versions, streamed(history.versions, calls))) == facts(ended(history.versions, at_once))


@HISTORIES
def test_the_oracle_decides_the_same(history: History, request: pytest.FixtureRequest) -> None:
    if history.name in UNKNOWN_TO_THE_ORACLE:
        request.applymarker(pytest.mark.xfail(reason=UNKNOWN_TO_THE_ORACLE[history.name], strict=True))
    wanted = decide_versions(
        [*history.documents],
        history.raw_events,
        history.until_us,
        account=history.book.account_id,
        contact=history.case.contact_id,
        allowed_lateness_us=history.book.allowed_lateness_us,
        stream=not history.book.whole_history,
    )
    advanced = advance(history.versions, new_state(CONTACT), history.events, history.until_us)
    found = [*advanced.decisions, *unfinished(history.versions, advanced.state)]
    wrong = difference_of(wanted, [decision_row(one) for one in found])
    assert not wrong, wrong


@HISTORIES
def test_the_explanation_tells_of_every_decision(history: History) -> None:
    """Each rule's firings and refusals are all there, and a rule of which nothing fired says why.

    What a digest lists is not refused: the digest fires in its place, or is refused.
    """
    advanced = advance(history.versions, new_state(CONTACT), history.events, history.until_us)
    fired = Counter(one.rule_id for one in advanced.decisions if one.decision is Outcome.FIRED)
    passed = (Outcome.FIRED, Reason.DIGESTED)
    refused = Counter(one.rule_id for one in advanced.decisions if not {one.decision, one.reason} & {*passed})
    for rule in play(history.case).explanation.rules:
        assert rule.fired == fired[rule.rule_id]
        gated = [miss for miss in rule.misses if miss.stage is Stage.GATED and not miss.what.startswith("held by ")]
        assert len(gated) == refused[rule.rule_id]
        assert rule.fired or rule.nearest


@HISTORIES
def test_no_two_decisions_of_a_history_share_an_id(history: History) -> None:
    rows = [(one.trigger_id, one.revision) for one in history.decided]
    assert len(set(rows)) == len(rows)


# ---------------------------------------------------------------- the files


def test_the_command_plays_the_folder() -> None:
    """What it finds beside are the numbers that cases send as text on purpose."""
    ran = CliRunner().invoke(app, ["test", str(FOLDER), "--json"])
    said = json.loads(ran.stdout)
    assert (said["ok"], said["passed"], said["failed"], said["empty"]) == (True, len(cases()), 0, [])
    assert all("sent as text" in text for text in said["unusable"])
    assert ran.exit_code == 1


def test_names_are_short_sentences_and_no_two_of_a_file_are_alike() -> None:
    assert [case.name for case in cases() if len(case.name) > NAME_CHARS_MAX] == []
    assert [name for name, times in Counter(history.name for history in histories()).items() if times > 1] == []


def test_what_the_oracle_does_not_speak_is_of_cases_there_are() -> None:
    assert set(UNKNOWN_TO_THE_ORACLE) - {history.name for history in histories()} == set()


def test_every_kind_outcome_and_reason_is_decided_in_a_case() -> None:
    decided = [one for history in histories() for one in history.decided]
    assert {one.kind for one in decided} == set(Kind)
    assert {one.decision for one in decided} == set(Outcome)
    assert {one.reason for one in decided} - {None} == set(Reason)


# ---------------------------------------------------------------- each case can fail


@HISTORIES
def test_a_case_fails_if_one_decision_is_not_expected_or_expected_elsewhere(history: History) -> None:
    """The first of each kind of mistake in each look of a case; where nothing is decided, one decision too many."""
    for number, step in enumerate(history.case.steps):
        for wrong in _wrongly_expected(step.expected, history.book.rule_ids()[0]):
            steps = list(history.case.steps)
            steps[number] = step._replace(expected=wrong)
            assert not play(history.case._replace(steps=tuple(steps))).passed, wrong


def _wrongly_expected(expected: tuple[Expectation, ...] | None, rule_id: str) -> list[tuple[Expectation, ...]]:
    if expected is None:
        return []
    if not expected:
        return [(Expectation("fired", rule_id, {}),)]
    first, *others = expected
    other_verb = "suppressed" if first.verb != "suppressed" else "fired"
    return [
        tuple(others),
        (*expected, first),
        (first._replace(rule_id=f"not {first.rule_id}"), *others),
        (first._replace(verb=other_verb), *others),
        *(
            (first._replace(fields={**first.fields, name: "1999-12-31T00:00:00Z"}), *others)
            for name in ("at", "due")
            if name in first.fields
        ),
    ]
