"""What steps count beside what others assert of them: delays, and what passes a bound. Without a pipeline."""

from __future__ import annotations

from collections import Counter

import pytest

from kittiwake.model import Decision
from kittiwake.reasons import DeadLetterReason
from kittiwake.stream.contact.timer_counts import TimerCounts
from kittiwake.stream.metrics import (
    DECISION_SLOW_US,
    SEND_SLOW_US,
    STATE_LARGE_BYTES,
    WAITING_MANY,
    Metric,
)
from kittiwake.stream.records import Stage, decision_record
from kittiwake.transforms import metrics as counting
from kittiwake.transforms.sinks import pubsub
from kittiwake.transforms.stream import metrics as firing
from tests.stream import sample_records
from tests.stream.sample_records import AT_US


class Seen:
    """What a step has counted and observed, by the name of the metric."""

    def __init__(self) -> None:
        self.counted: Counter[str] = Counter()
        self.observed: dict[str, list[int]] = {}

    def count(self, metric: Metric, number: int = 1) -> None:
        self.counted[metric.name] += number

    def observe(self, metric: Metric, value: int) -> None:
        self.observed.setdefault(metric.name, []).append(value)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    found = Seen()
    for module in (firing, pubsub, counting):
        for name in ("count", "observe"):
            monkeypatch.setattr(module, name, getattr(found, name))
    return found


def decided(late: bool = False) -> Decision:
    return sample_records.decision(late=late)


@pytest.mark.parametrize(("over", "slow"), [(0, 0), (1, 1)])
def test_a_decision_is_slow_from_two_minutes_on_and_a_late_one_has_no_delay(seen: Seen, over: int, slow: int) -> None:
    counts = TimerCounts(evaluated=1, decisions=(decided(), decided(late=True)))
    firing.count_firing(counts, AT_US + DECISION_SLOW_US + over)
    assert seen.observed["decision_delay_ms"] == [DECISION_SLOW_US // 1_000]
    assert seen.counted["decisions_slow"] == slow
    assert seen.counted["decisions_fired"] == 2


@pytest.mark.parametrize("over", [0, 1])
def test_a_state_is_large_and_a_contact_waits_long_beyond_the_bound(seen: Seen, over: int) -> None:
    counts = TimerCounts(evaluated=1, state_bytes=STATE_LARGE_BYTES + over, waiting=WAITING_MANY + over)
    firing.count_firing(counts, AT_US)
    assert (seen.counted["states_large"], seen.counted["waiting_long"]) == (over, over)


@pytest.mark.parametrize(("over", "slow"), [(0, 0), (1, 1)])
def test_what_is_sent_is_counted_with_its_delay_from_when_it_fell_due(seen: Seen, over: int, slow: int) -> None:
    counts = pubsub.SendCounts()
    for one in (decided(), decided(late=True)):
        counts.add_sent(decision_record(one).due_us, AT_US + SEND_SLOW_US + over)
    counts.report()
    assert seen.observed == {"send_delay_ms": [SEND_SLOW_US // 1_000]}
    assert (seen.counted["triggers_sent"], seen.counted["triggers_slow"]) == (2, slow)
    assert not seen.counted["dead_letters"]


def test_dead_letters_count_together_and_by_reason_and_are_logged(seen: Seen, caplog: pytest.LogCaptureFixture) -> None:
    refused = {DeadLetterReason.NOT_JSON: 3, DeadLetterReason.TOO_OLD: 2}
    counting.count_dead_letters(Stage.INTAKE, refused)
    assert seen.counted == {"dead_letters": 5, "dead_letters_not_json": 3, "dead_letters_too_old": 2}
    assert [record.message.count("messages_refused") for record in caplog.records] == [1, 1]
