"""A noisy neighbour: an account with a hundred times the events of another takes nothing of its work, and little time.

State, timers and evaluation are of one contact of one account. So what is done for the contacts of a quiet account is
the same, to the byte, whatever a loud one sends. What they share is the watermark, the workers, and the bundle in hand.
"""

from __future__ import annotations

import json
import time
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from benchmarks.generate import TYPES
from benchmarks.load.messages import messages
from benchmarks.load.settings import LoadSettings
from benchmarks.rulesets import TWELVE, write_rules
from benchmarks.runners.behind import Clocked, marked, schedule_of
from benchmarks.streaming.lean import Lean
from kittiwake.input.shapes.base import CANONICAL
from kittiwake.rules.publishing.loading import load_rules
from kittiwake.stream.contact.timer_grid import USUAL
from kittiwake.stream.intake import Brought, IntakeSettings, Message, take
from kittiwake.stream.recorded_schedule import Disorder
from kittiwake.stream.records import decision_of, encode
from kittiwake.stream.rules_source.view import StaticRules
from kittiwake.time.instants import HOUR_US, MINUTE_US, SECOND_US, parse_instant
from kittiwake.transforms.stream.evaluate import EvaluateDoFn
from tests.runners.jobs import LOOPBACK, stream_on_engine

LOUD, QUIET = "shop-0", "shop-1"
START_US: Final = parse_instant("2025-11-03T12:00:00Z")
LOAD: Final = LoadSettings(
    START_US, rate=0.2, accounts=2, loud=100.0, contacts=2_000, session_us=HOUR_US // 2, poison=0.0, late=0.0
)
"""One event in five seconds, so that what waits an hour falls due: a hundred of the loud one for one of the other."""
ONE_CONTACT: Final = 4.0
"""Of Zipf's law: nine of ten events of an account are of one contact, who is a key with one thread."""
HOLDS_S: Final = 10.0
"""The bound: from when the watermark allows a decision of the quiet account to when it is written. Before it come the
bundle in hand and what has fallen due of others: some seconds of events. docs/explanation/scale.md says why."""
PER_SECOND: Final = 20
"""A tenth of what Prism takes of such events on two cores (docs/explanation/benchmarks.md)."""
EVENTS: Final = 600
FAIR_S: Final = 2.0
"""By so much the quiet account may wait longer than the loud one ever does: one is first in a bundle, one last."""
RULES_OF_QUIET: Final = f"account: {QUIET}\nrules:\n" + "".join(
    f"  - id: after-{name.replace('.', '-').replace('_', '-')}\n    when: {name}\n    wait: 1m\n" for name in TYPES
)
"""So that each of its few events is a decision."""
A_TENTH: Final = 250
SLOW_S: Final = 25.0
"""A runner that takes so much longer than the schedule, its start included, cannot keep up with what both send."""


class Work(NamedTuple):
    """What the stateful step did."""

    fired: int
    bytes_read: int
    bytes_written: int
    outputs: int

    def __add__(self, other: object) -> Work:
        assert isinstance(other, Work)
        return Work(*map(sum, zip(self, other, strict=True)))


@pytest.mark.parametrize("exponent", [LOAD.contact_exponent, ONE_CONTACT], ids=["many contacts", "one contact"])
def test_what_is_done_for_two_accounts_is_the_sum_to_the_byte(exponent: float, tmp_path: Path) -> None:
    """Nothing is read, written or fired for the quiet account because there is a loud one, nor decided otherwise."""
    load = LOAD._replace(contact_exponent=exponent, loud=10.0)
    sent = [(one.due_us, one.data) for one in islice(messages(load), A_TENTH)]
    quiet = [one for one in sent if QUIET.encode() in one[1]]
    assert 5 < len(quiet) < len(sent) / 4
    rules = StaticRules(load_rules(write_rules(TWELVE, tmp_path)), HOUR_US)
    alone, rows = played(rules, quiet)
    loud, _ = played(rules, [one for one in sent if one not in quiet])
    beside, all_rows = played(rules, sent)
    assert beside == alone + loud
    assert rows
    assert [row for row in all_rows if row["account_id"] == QUIET] == rows


def played(rules: StaticRules, sent: list[tuple[int, bytes]]) -> tuple[Work, list[dict[str, Any]]]:
    """On the minimal runner, message by message, the watermark behind each; two days more, and the rows."""
    clock_us = [START_US]
    rows: list[dict[str, Any]] = []
    keep = lambda one: rows.append(json.loads(decision_of(one).row)) if isinstance(one, bytes) else None  # noqa: E731
    lean = Lean(EvaluateDoFn(rules, USUAL, CANONICAL, None, lambda: clock_us[0]), keep)
    for due_us, data in sent:
        clock_us[0] = START_US + due_us
        found = take(Message(data), clock_us[0], rules.view(clock_us[0]), IntakeSettings())
        assert isinstance(found, Brought)
        lean.pass_to(clock_us[0])
        lean.give([(key, encode(event)) for key, event in found.needed])
    for _ in range(48):
        clock_us[0] += HOUR_US
        lean.pass_to(clock_us[0])
    counts = lean.counts
    return Work(counts.fired, counts.bytes_read, counts.bytes_written, counts.outputs), rows


@pytest.mark.nightly
@pytest.mark.parametrize("endpoint", ["prism"], indirect=True)
@pytest.mark.parametrize("exponent", [LOAD.contact_exponent, ONE_CONTACT], ids=["many contacts", "one contact"])
def test_decisions_of_the_quiet_account_are_written_within_the_bound(
    endpoint: str, exponent: float, tmp_path: Path
) -> None:
    lines = [one.data for one in islice(messages(LOAD._replace(contact_exponent=exponent)), EVENTS)]
    events, output = marked(lines, tmp_path / "events.jsonl"), tmp_path / "out"
    rules = write_rules(TWELVE, tmp_path / "rules")
    (rules / f"{QUIET}.yaml").write_text(RULES_OF_QUIET, encoding="utf-8")
    flags = ("--pace", f"{PER_SECOND}/s", "--disorder", "1m", *LOOPBACK)
    began = time.monotonic()
    stream_on_engine(endpoint, rules, events, output, *flags)
    took_s = time.monotonic() - began
    clocked = Clocked(schedule_of(events, Disorder(MINUTE_US, 0)), PER_SECOND, output)
    behind_s = _behind_s(clocked, output)
    quiet_s, loud_s = sorted(behind_s[QUIET]), sorted(behind_s[LOUD])
    print(f"quiet: {_said(quiet_s)}; loud: {_said(loud_s)}; {took_s:.0f} s in all")
    assert len(quiet_s) > 2
    assert quiet_s[-1] <= loud_s[-1] + FAIR_S, "both wait for the same bundles"
    if quiet_s[-1] > HOLDS_S and took_s > len(lines) / PER_SECOND + SLOW_S:
        pytest.skip(f"the runner did not keep up: {took_s:.0f} s")
    assert quiet_s[-1] <= HOLDS_S


def _said(behind_s: list[float]) -> str:
    return f"{len(behind_s)} decisions, behind by {behind_s[len(behind_s) // 2]:.2f} s, {behind_s[-1]:.2f} s at most"


def _behind_s(clocked: Clocked, output: Path) -> dict[str, list[float]]:
    """By account: of each decision that the watermark allowed while events came."""
    assert clocked.look()
    found: dict[str, list[float]] = {LOUD: [], QUIET: []}
    for path in (output / "decisions").glob("*.jsonl"):
        written_us = path.stat().st_mtime_ns // 1_000
        for line in path.read_bytes().splitlines():
            row = json.loads(line)
            allowed_us = clocked.allowed_us(parse_instant(row["time"]))
            if allowed_us < clocked.over_us:
                found[row["account_id"]].append((written_us - allowed_us) / SECOND_US)
    return found
