"""`python -m benchmarks.scale.stages`: what each stage of the stream takes for an event, measured on this machine.

The DoFns of the streaming job, by the dozen rules of `benchmarks/rules`, over a load of `benchmarks.load`; the stateful
one on the minimal runner of `benchmarks.streaming`, so that CPU is that of our own code. Counts and bytes are the same
on every machine; CPU is of the thread, the least of several runs.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby, takewhile
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple

import msgspec
from apache_beam.io.gcp.pubsub import PubsubMessage

from benchmarks import machine
from benchmarks.load.messages import messages
from benchmarks.load.settings import LoadSettings
from benchmarks.rulesets import SHIPPED, TWELVE
from benchmarks.streaming.lean import Lean
from kittiwake.input.shapes.base import CANONICAL
from kittiwake.rules.loader import load_files
from kittiwake.rules.versions import always
from kittiwake.stream.contact.timer_grid import USUAL
from kittiwake.stream.intake import IntakeSettings, Message, take
from kittiwake.stream.records import decision_of, encode
from kittiwake.stream.rules_source.view import RulesView, StaticRules
from kittiwake.stream.tables.rows import decision_table_row
from kittiwake.stream.trigger_message import trigger_message
from kittiwake.time.instants import DAY_US, HOUR_US, SECOND_US, parse_instant
from kittiwake.transforms.stream.evaluate import EvaluateDoFn

ROOT: Final = Path(__file__).parents[2]
START_US: Final = parse_instant("2026-11-02T12:00:00Z")
CLOCK_US: Final = START_US + 400 * DAY_US
LOAD: Final = LoadSettings(START_US, rate=0.5, accounts=1, contacts=20_000, swing=0.6)
"""A shop with half an event a second: 43,200 a day, of 3,000 contacts, each of whom comes back now and then."""
ONE_DAY_US: Final = DAY_US
QUIET_DAYS: Final = 40
"""After the load nothing comes for so long: what contacts' own timers do is seen, and what is left of them."""

HOURS_MIN: Final = 1.0

Keyed = tuple[bytes, bytes]


class Stages(NamedTuple):
    """Of each event that is sent, if nothing else is said. CPU in microseconds."""

    parse_us: float
    """Of a message: decode, validate, find its rules, encode."""
    buffer_us: float
    """Of a needed event: into the bag state, its timer set."""
    firing_us: float
    """Of a timer firing: everything read, evaluated, written."""
    row_us: float
    """Of a decision: its row for a table."""
    trigger_us: float
    """Of a trigger: its message."""
    needed: float
    """Events that some rule needs."""
    firings: float
    """Timer firings while events come."""
    quiet_firings: float
    """Timer firings of a contact after its last event, in all."""
    decisions: float
    """In the end, those of the quiet days too."""
    triggers: float
    message_bytes: float
    shuffled_bytes: float
    """Of a needed event: key and value."""
    read_bytes: float
    """From state, of a firing."""
    written_bytes: float
    """Into state, of a firing, with the event buffered for it."""
    row_bytes: float
    """Of a decision: its row as JSON."""
    trigger_bytes: float
    """Of a trigger: its message, attributes too."""
    state_bytes: float
    """Of a contact that came within the day, the median, at the end of the day."""
    left_bytes: float
    """Of a contact forty days after."""


def measure(lasts_us: int = ONE_DAY_US, repeats: int = 3) -> Stages:
    """Run all stages."""
    rules = _rules()
    view = rules.view(CLOCK_US)
    sent = list(takewhile(lambda one: one.due_us < lasts_us, messages(LOAD)))
    parse_us, buffered = _least(lambda: _parsed([one.data for one in sent], view), repeats)
    runs = [_evaluated(rules, [(one.due_us, key, value) for one, found in zip(sent, buffered, strict=True)
                               for key, value in found]) for _ in range(repeats)]  # fmt: skip
    run = runs[0]
    events, needed = len(sent), sum(map(len, buffered))
    decisions = [decision_of(record) for record in run.decisions]
    triggers = [one for one in decisions if one.is_sent]
    row_us, rows = _least(lambda: [decision_table_row(one, CLOCK_US) for one in decisions], repeats)
    trigger_us, sends = _least(lambda: [trigger_message(one) for one in triggers], repeats)
    return Stages(
        parse_us / events,
        min(one.buffer_us for one in runs) / needed,
        min(one.firing_us for one in runs) / run.fired,
        row_us / len(rows),
        trigger_us / len(sends),
        needed / events,
        run.fired / events,
        run.quiet_fired / run.contacts,
        len(decisions) / events,
        len(triggers) / events,
        sum(len(one.data) for one in sent) / events,
        sum(len(key) + len(value) for found in buffered for key, value in found) / needed,
        run.read_bytes / run.fired,
        run.written_bytes / run.fired,
        sum(len(msgspec.json.encode(row)) for row in rows) / len(rows),
        sum(len(one.data) + _attribute_bytes(one.attributes) for one in sends) / len(sends),
        median(run.kept),
        median(run.left) if run.left else 0.0,
    )


class _Clock:
    """Goes with the watermark, as the clock of a job that keeps up."""

    now_us = START_US


class Run(NamedTuple):
    """The stateful step over a day."""

    buffer_us: float
    firing_us: float
    fired: int
    quiet_fired: int
    contacts: int
    read_bytes: int
    written_bytes: int
    decisions: list[bytes]
    kept: list[int]
    left: list[int]


def _rules() -> StaticRules:
    text = (SHIPPED / f"{TWELVE}.yaml").read_bytes()
    return StaticRules(always(load_files({"rules.yaml": text})), HOUR_US)


def _parsed(data: Sequence[bytes], view: RulesView) -> list[list[Keyed]]:
    """As the step `Parse` does, without Beam."""
    settings = IntakeSettings()
    found = []
    for one in data:
        element = PubsubMessage(one, {})
        brought = take(Message(element.data, element.attributes), CLOCK_US, view, settings)
        found.append([(key, encode(event)) for key, event in getattr(brought, "needed", ())])
    return found


def _evaluated(rules: StaticRules, elements: Sequence[tuple[int, bytes, bytes]]) -> Run:
    """Second by second, the watermark behind them; then the quiet days."""
    decisions: list[bytes] = []
    clock = _Clock()
    dofn = EvaluateDoFn(rules, USUAL, CANONICAL, None, lambda: clock.now_us)
    lean = Lean(dofn, lambda record: decisions.append(record) if isinstance(record, bytes) else None)
    buffer_us = firing_us = 0.0
    for second, group in groupby(elements, lambda one: one[0] // SECOND_US):
        given = [(key, value) for _, key, value in group]
        clock.now_us = START_US + (second + 1) * SECOND_US
        buffer_us += _cpu_us(partial(lean.give, given))
        firing_us += _cpu_us(partial(lean.pass_to, clock.now_us))
    counts = lean.counts
    fired, read, written = counts.fired, counts.bytes_read, counts.bytes_written
    kept = sorted(lean.kept_bytes().values())
    for _ in range((QUIET_DAYS + 1) * DAY_US // HOUR_US):
        clock.now_us += HOUR_US
        lean.pass_to(clock.now_us)
    left = sorted(lean.kept_bytes().values())
    contacts = len({key for _, key, _ in elements})
    return Run(buffer_us, firing_us, fired, counts.fired - fired, contacts, read, written, decisions, kept, left)


def _attribute_bytes(attributes: dict[str, str]) -> int:
    return sum(len(name) + len(value) for name, value in attributes.items())


def _cpu_us(work: Callable[[], object]) -> float:
    began_ns = time.thread_time_ns()
    work()
    return (time.thread_time_ns() - began_ns) / 1_000


def _least(work: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """The least CPU of some runs, and what the last one came to."""
    costs, found = [], None
    for _ in range(repeats):
        began_ns = time.thread_time_ns()
        found = work()
        costs.append((time.thread_time_ns() - began_ns) / 1_000)
    return min(costs), found


def _lines(found: Stages) -> Iterator[str]:
    for name, value in found._asdict().items():
        yield f"{name:16} {value:12,.3f}"


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale.stages", description=__doc__)
    parser.add_argument("--hours", type=float, default=24.0, help="of a shop's day (24)")
    parser.add_argument("--repeats", type=int, default=3, help="runs, of which the least CPU counts (3)")
    parser.add_argument("--json", action="store_true", help="one line, for `measured.py`")
    asked = parser.parse_args(argv)
    if not HOURS_MIN <= asked.hours <= 24 or asked.repeats < 1:
        parser.error(f"--hours has to be {HOURS_MIN:g} to 24, so that rules fall due, and --repeats 1 or more")
    facts = machine.facts(ROOT)
    found = measure(int(asked.hours * HOUR_US), asked.repeats)
    if asked.json:
        print(json.dumps(found._asdict()))
        return
    print(f"{facts['date']}, {facts['cpu']}, load {facts['load_before']}, Python {facts['python']}, {facts['commit']}")
    print("\n".join(_lines(found)))


if __name__ == "__main__":
    main()
