"""A contact for which nothing is due costs a firing a day where rules are polled, and hardly ever an evaluation."""

from __future__ import annotations

from collections import Counter
from itertools import count
from typing import Any, NamedTuple

import msgspec
import pytest

from kittiwake.input.shapes.base import InputShape
from kittiwake.rules.compile import accounts
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load_files
from kittiwake.rules.versions import RuleSetHistory, RuleSetVersion, always
from kittiwake.stream.contact import timers
from kittiwake.stream.contact.cell import cell_of, encode_cell
from kittiwake.stream.contact.outlook import Outlook
from kittiwake.stream.contact.sealing import sealed, unsealed
from kittiwake.stream.contact.timer_grid import REEVALUATE_EVERY_US, TimerSettings
from kittiwake.stream.records import buffered_event_of, key_of
from kittiwake.stream.rules_source.view import RulesView
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US, SECOND_US
from tests.stream.fault_injecting_runner import Bundle, FaultInjectingRunner, Timer
from tests.stream.generated_cases import Streamed, decisions_in, differences, emitted_by_key, expected_by_key
from tests.stream.test_faults import RULES, START_US, Host
from tests.stream.test_watching_laws import Clock, drawn

KEY = key_of("acme", "c1")
LEAD_US = 2 * MINUTE_US
KNOWN_US = 90 * SECOND_US
STEP_US = 8 * HOUR_US
WAITS = TimerSettings(0, SECOND_US)
CASES = [0, 1, *(pytest.param(number, marks=pytest.mark.nightly) for number in range(2, 40))]


class Published:
    """Rules as one process knows them that polls all the time: a version from two minutes before it begins."""

    def __init__(self, history: RuleSetHistory, lateness_us: int = HOUR_US) -> None:
        self.freezes_us: int | None = None
        self.read_last_us: int | None = None
        """When the target was read last; None: it is read all the time."""
        self._starts = [one.effective_us or 0 for one in history.versions]
        prefixes = [RuleSetHistory(history.versions[: number + 1]) for number in range(len(history.versions))]
        self._programs = [Programs(one, lateness_us, whole_history=False) for one in prefixes]

    def of_shape(self, _: InputShape) -> Published:
        return self

    def view(self, clock_us: int) -> RulesView:
        read_us = clock_us if self.read_last_us is None else min(clock_us, self.read_last_us)
        programs = self._programs[sum(start_us - LEAD_US <= read_us for start_us in self._starts[1:])]
        if self.freezes_us is not None and read_us >= self.freezes_us:
            programs = programs.frozen_at(self.freezes_us)
        return RulesView(programs, read_us + KNOWN_US)


def published(*texts: bytes, starts_us: tuple[int, ...] = ()) -> Published:
    versions = zip((None, *starts_us), texts, strict=True)
    return Published(RuleSetHistory(tuple(RuleSetVersion(at, load_files({"a.yaml": text})) for at, text in versions)))


@pytest.fixture
def evaluations(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often a contact was evaluated, and how often it was not though a timer fired."""
    found: Counter[str] = Counter()
    for name in ("evaluate", "_ask_again"):
        monkeypatch.setattr(timers, name, _counted(name, found))
    return found


def _counted(name: str, found: Counter[str]) -> Any:
    real = getattr(timers, name)

    def counted(*arguments: Any) -> Any:
        found[name] += 1
        return real(*arguments)

    return counted


def pass_days(host: Host, days: int, since_us: int) -> None:
    for day in range(1, days + 1):
        host.pass_to(since_us + day * DAY_US)


# ---------------------------------------------------------------- what it costs


def test_a_silent_contact_is_asked_daily_and_evaluated_eight_times_in_a_year(evaluations: Counter[str]) -> None:
    host = Host()
    host.rules = published(RULES)
    host.give("e1", "cart.item_added", START_US)
    host.pass_to(START_US + 2 * HOUR_US)
    evaluations.clear()
    host.runner.firings.clear()
    cells = set()
    for day in range(1, 366):
        host.pass_to(START_US + day * DAY_US)
        cells.add(host.runner.kept[KEY].cell)
    assert 360 <= host.runner.firings[KEY] <= 366
    assert (evaluations["evaluate"], len(cells)) == (8, 9)


def test_what_time_has_passed_goes_by_the_second_evaluation() -> None:
    """Ids and what is kept for corrections: a state at rest is no larger for being read rarely."""
    host = Host()
    host.rules = published(RULES)
    host.give("e1", "cart.item_added", START_US)
    host.pass_to(START_US + 2 * HOUR_US)
    large = len(host.runner.kept[KEY].cell or b"")
    pass_days(host, 3, START_US)
    assert len(host.runner.kept[KEY].cell or b"") < large - 60


def test_a_freeze_costs_a_contact_for_which_nothing_is_due_a_firing_a_day() -> None:
    host = Host()
    rules = host.rules = published(RULES)
    host.give("e1", "cart.item_added", START_US)
    pass_days(host, 3, START_US)
    rules.freezes_us = START_US + 3 * DAY_US
    host.runner.firings.clear()
    pass_days(host, 33, START_US)
    assert host.runner.firings[KEY] <= 32


def test_a_target_that_cannot_be_read_costs_a_contact_for_which_nothing_is_due_a_firing_a_day() -> None:
    host = Host()
    rules = host.rules = published(RULES)
    host.give("e1", "cart.item_added", START_US)
    pass_days(host, 3, START_US)
    rules.read_last_us = START_US + 3 * DAY_US
    host.runner.firings.clear()
    for hour in range(1, 10 * 24 + 1):
        host.pass_to(START_US + 3 * DAY_US + hour * HOUR_US)
    assert 9 <= host.runner.firings[KEY] <= 12


@pytest.mark.parametrize("since", ["freezes_us", "read_last_us"], ids=["frozen", "unreadable"])
def test_what_comes_due_while_rules_are_frozen_or_unreadable_comes_within_the_hour_of_the_end(since: str) -> None:
    host = Host()
    rules = host.rules = published(RULES.replace(b"wait: 1h", b"wait: 5d"))
    host.give("e1", "cart.item_added", START_US)
    pass_days(host, 3, START_US)
    setattr(rules, since, START_US + 3 * DAY_US)
    pass_days(host, 9, START_US)
    assert host.rows == []
    setattr(rules, since, None)
    host.pass_to(START_US + 9 * DAY_US + HOUR_US)
    assert [(one.decision, one.time_us) for one in host.runner.emitted] == [("fired", START_US + 5 * DAY_US)]


# ---------------------------------------------------------------- what versions decide


QUIET = b"""
account: acme
policy: {history_from: effective}
rules:
  - {id: cart, when: cart.item_added, wait: 1h, unless: order.completed, reentry: always}
  - {id: silent, audience: {absent: order.completed, within: 3d}}
"""


def test_a_version_takes_a_silent_contact_into_its_audience_within_a_day(evaluations: Counter[str]) -> None:
    begins_us = START_US + 50 * DAY_US + HOUR_US
    assert entered_by(begins_us, begins_us + DAY_US + MINUTE_US) == [begins_us]
    assert evaluations["_ask_again"] > 40


def test_a_contact_that_does_not_ask_which_rules_there_are_is_taken_into_none(monkeypatch: pytest.MonkeyPatch) -> None:
    begins_us = START_US + 50 * DAY_US + HOUR_US
    monkeypatch.setattr(accounts, "_fingerprint", lambda _: 7)
    assert entered_by(begins_us, begins_us + DAY_US + MINUTE_US) == []


def test_a_version_that_began_while_the_target_could_not_be_read_takes_a_silent_contact_within_a_day() -> None:
    begins_us = START_US + 45 * DAY_US
    host = Host()
    rules = host.rules = published(RULES, QUIET, starts_us=(begins_us,))
    host.give("e1", "cart.item_added", START_US)
    pass_days(host, 40, START_US)
    rules.read_last_us = START_US + 40 * DAY_US
    pass_days(host, 50, START_US)
    assert entered(host) == []
    rules.read_last_us = None
    host.pass_to(START_US + 51 * DAY_US + MINUTE_US)
    assert entered(host) == [begins_us]


def entered_by(begins_us: int, until_us: int) -> list[int]:
    """When a contact that came once entered the audience of a version, as far as is known by then."""
    host = Host()
    host.rules = published(RULES, QUIET, starts_us=(begins_us,))
    host.give("e1", "cart.item_added", START_US)
    pass_days(host, 50, START_US)
    host.pass_to(until_us)
    return entered(host)


def entered(host: Host) -> list[int]:
    return [one.time_us for one in host.runner.emitted if b'"silent"' in one.row]


def test_a_version_for_another_account_evaluates_nobody(evaluations: Counter[str]) -> None:
    begins_us = START_US + 20 * DAY_US
    host = Host()
    other = QUIET.replace(b"account: acme", b"account: other")
    versions = (load_files({"a.yaml": RULES}), load_files({"a.yaml": RULES, "b.yaml": other}))
    host.rules = Published(RuleSetHistory((RuleSetVersion(None, versions[0]), RuleSetVersion(begins_us, versions[1]))))
    host.give("e1", "cart.item_added", START_US)
    pass_days(host, 18, START_US)
    evaluations.clear()
    pass_days(host, 30, START_US)
    assert (evaluations["evaluate"], evaluations["_ask_again"]) == (0, 12)


class Outage(NamedTuple):
    """When the target cannot be read."""

    begins_us: int = 0
    ends_us: int = 0

    def lasts(self, clock_us: int, after_us: int = 0) -> bool:
        return self.begins_us <= clock_us < self.ends_us + after_us


def decided_daily(case: Streamed, outage: Outage) -> tuple[FaultInjectingRunner, list[str]]:
    """A job whose watermark is close to its clock; what it emits more than a day after it could be decided."""
    clock, late = Clock(), []
    rules = Published(case.history, case.horizon_us)
    runner = FaultInjectingRunner(rules, WAITS, clock)
    waiting = [*case.arrivals]
    soon_us = REEVALUATE_EVERY_US + STEP_US + MINUTE_US
    for at_us in count(buffered_event_of(waiting[0][1]).time_us, STEP_US):
        clock.at_us = min(at_us, case.until_us)
        rules.read_last_us = outage.begins_us if outage.lasts(clock.at_us) else None
        came = [pair for pair in waiting if buffered_event_of(pair[1]).time_us < clock.at_us]
        waiting = waiting[len(came) :]
        runner.run(Bundle(came))
        before = len(runner.emitted)
        runner.watermark_us = clock.at_us // 1_000 * 1_000
        runner.rest()
        if not outage.lasts(clock.at_us, soon_us):
            due = [(one.due_us, one) for one in runner.emitted[before:] if one.due_us is not None]
            late += [str(one) for due_us, one in due if due_us < clock.at_us - soon_us]
        if at_us >= case.until_us:
            break
    rules.read_last_us = None
    runner.run(Bundle(timers=[Timer(key, "wake", "", runner.watermark_us) for key in runner.kept]))
    runner.rest()
    return runner, late


def wrong_in(name: str, has_outage: bool = False) -> str:
    case, rng = drawn(name)
    outage = Outage()
    if has_outage:
        begins_us = rng.randrange(buffered_event_of(case.arrivals[0][1]).time_us, case.until_us)
        outage = Outage(begins_us, begins_us + rng.randrange(20) * DAY_US)
    runner, late = decided_daily(case, outage)
    wanted = expected_by_key(case)
    assert decisions_in(wanted) > 0
    return differences(wanted, emitted_by_key(runner.emitted)) or "".join(late[:1])


@pytest.mark.parametrize("number", CASES)
def test_versions_decide_the_same_within_a_day_of_contacts_that_are_hardly_ever_evaluated(
    seed: int, number: int
) -> None:
    name = f"quiet {seed} {number}"
    assert not (wrong := wrong_in(name)), f"{name}\n{wrong}"


@pytest.mark.parametrize("number", CASES[1:])
def test_they_decide_the_same_if_the_target_cannot_be_read_for_some_weeks(seed: int, number: int) -> None:
    name = f"unreadable {seed} {number}"
    assert not (wrong := wrong_in(name, has_outage=True)), f"{name}\n{wrong}"


# ---------------------------------------------------------------- releases, and processes


def test_a_state_of_a_release_that_kept_no_outlook_is_evaluated_and_has_one_then() -> None:
    host = Host()
    host.rules = published(RULES)
    host.give("e1", "cart.item_added", START_US)
    pass_days(host, 2, START_US)
    kept = host.runner.kept[KEY]
    of_before = msgspec.msgpack.decode(unsealed(kept.cell or b""))[:-1]
    kept.cell = sealed(msgspec.msgpack.encode(of_before))
    assert cell_of(kept.cell).outlook is None  # type: ignore[union-attr]
    pass_days(host, 3, START_US)
    kept = host.runner.kept[KEY]
    assert isinstance(cell_of(kept.cell).outlook, Outlook)  # type: ignore[union-attr]


def test_a_release_that_knows_no_outlook_reads_what_this_one_keeps() -> None:
    host = Host()
    host.rules = published(RULES)
    host.give("e1", "cart.item_added", START_US)
    host.pass_to(START_US + HOUR_US)
    cell = cell_of(host.runner.kept[KEY].cell)
    assert cell is not None
    fields = {name: cell.__annotations__[name] for name in cell.__struct_fields__[:-1]}
    before = msgspec.defstruct("Before", list(fields), array_like=True)
    found: Any = msgspec.msgpack.decode(encode_cell(cell), type=before)
    assert found.evaluated_to_us == cell.evaluated_to_us


def test_the_fingerprint_of_an_account_changes_with_its_own_rules_alone() -> None:
    rules, other = (
        load_files({"a.yaml": RULES}),
        load_files({"a.yaml": RULES, "b.yaml": RULES.replace(b"acme", b"other")}),
    )
    changed = load_files({"a.yaml": RULES.replace(b"wait: 1h", b"wait: 2h")})
    later = [RuleSetVersion(START_US, one) for one in (rules, other, changed)]
    histories = [always(rules), *(RuleSetHistory((RuleSetVersion(None, rules), one)) for one in later)]
    one, same, others, own = (Programs(each, whole_history=False).plan("acme").fingerprint for each in histories)
    assert one == same == others != own
    assert Programs(histories[0]).plan("acme").fingerprint == 0
