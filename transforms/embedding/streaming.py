"""Steps over an unbounded stream: messages in, decisions, dead letters and late events out.

Public through `kittiwake.beam`. `ParseMessages`, then `EvaluateRules`; both are given the same rules. How messages are
read is said to `ParseMessages` alone: the collection of its events carries it on.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import apache_beam as beam
from apache_beam.io.gcp.pubsub import PubsubMessage
from apache_beam.pvalue import PBegin, PCollection

from kittiwake.api import shape_of
from kittiwake.errors import UnusableError
from kittiwake.rules.versions import RuleSetHistory
from kittiwake.settings import Duration, Paths, duration_us, texts_of
from kittiwake.shape_files.naming import message_shape
from kittiwake.stream.contact.timer_grid import TIMER_US, TimerSettings
from kittiwake.stream.intake import IntakeSettings
from kittiwake.stream.items.records import VIRTUAL_SHARDS
from kittiwake.stream.items.routing import SHARDS
from kittiwake.stream.recorded_schedule import AS_FAST_AS_CAN_BE, Disorder, parse_pace
from kittiwake.stream.records import (
    DeadLetterRecord,
    DecisionRecord,
    LateEventRecord,
    dead_letter_of,
    decision_of,
    late_event_of,
)
from kittiwake.stream.rules_source.source import rules_source
from kittiwake.stream.rules_source.view import RulesSource, StaticRules
from kittiwake.transforms.clock import now_us
from kittiwake.transforms.embedding.inputs import MESSAGE_ADVICE, check_element, check_type, check_windows, is_certain
from kittiwake.transforms.input_files import input_files
from kittiwake.transforms.stream import evaluate, items, parse, recorded_source, seed
from kittiwake.transforms.stream.recorded_files import refuse_packed
from kittiwake.transforms.stream.snapshot_sources import find_snapshots

StreamRules: TypeAlias = RuleSetHistory | RulesSource
"""What `kittiwake.load_rules` has read, which never changes while the job runs; or `published_rules`."""

_INTAKE: Final = "kittiwake_intake"
"""The attribute of `ParsedMessages.events` that holds how they were read. Beam rebuilds a tuple that is piped,
and keeps the collections in it."""

_ITEM_SHARDS: Final = "kittiwake_item_shards"
"""The attribute of collections of what comes to items that holds into how many parts contacts fall there."""


def published_rules(target: str | Path, *, allowed_lateness: Duration = "1h") -> RulesSource:
    """The rules of a target that people publish to (`kittiwake publish`) while the job runs.

    Every worker polls the target; a version comes into force at its instant in event time.

    Args:
        target: a folder or `gs://bucket/prefix`; reads nothing yet.
        allowed_lateness: how late an event may come and still correct what was decided.

    Raises:
        UnusableError: `allowed_lateness` is no duration.
        RulesError: `target` is a local folder that nobody published to, and holds no rules.
    """
    return rules_source(target, allowed_lateness_us=duration_us("allowed_lateness", allowed_lateness))


class ParsedMessages(NamedTuple):
    """What comes of parsing. Pipe it whole into `EvaluateRules`."""

    events: PCollection[tuple[bytes, bytes]]
    """Events that some rule may need, keyed by contact; their bytes are nobody's business."""
    dead_letters: PCollection[DeadLetterRecord]
    """Messages that are no events, with the reason."""
    of_items: PCollection[tuple[bytes, bytes]]
    """What events bring to items, for catalogue rules; their bytes are nobody's business."""


class ParseMessages(beam.PTransform):
    """Messages of Pub/Sub to events, keyed by contact; a message that is no event becomes a dead letter.

    Input: `PCollection[PubsubMessage]`. What no rule needs is counted and goes no further.
    """

    def __init__(
        self,
        rules: StreamRules,
        *,
        shape: str = "canonical",
        account_id: str | None = None,
        max_age: Duration | None = None,
        item_shards: int = SHARDS,
        clock: Callable[[], int] = now_us,
    ) -> None:
        """Prepare the step.

        Args:
            rules: those of `EvaluateRules`.
            shape: how messages are written: "canonical", another name of a shape, or the path of a shape file
                (docs/reference/shapes.md).
            account_id: the account of messages that name none.
            max_age: how far back from the clock an event may lie, at least the allowed lateness; None: any time.
            item_shards: into how many parts the contacts of an item fall, for catalogue rules; it stays what it was
                for as long as the job is updated.
            clock: the time in microseconds since 1970.

        Raises:
            UnusableError: a setting cannot be used.
            RulesError: a rule is of a kind that this release does not run.
        """
        super().__init__()
        self._rules = _source_of(rules, "1h")
        max_age_us = None if max_age is None else duration_us("max_age", max_age)
        self._intake = IntakeSettings(message_shape(shape_of(shape, account_id), "shape"), max_age_us)
        self._item_shards = _shards_of(item_shards)
        self._clock = clock

    def expand(self, messages: PCollection[PubsubMessage]) -> ParsedMessages:
        """No message is lost.

        Raises:
            UnusableError: the messages are of another type, or windowed.
        """
        check_type("messages", messages, PubsubMessage, MESSAGE_ADVICE)
        check_windows("messages", messages)
        if not is_certain(messages, PubsubMessage):
            check = beam.Map(check_element, "messages", PubsubMessage, MESSAGE_ADVICE)
            messages = messages | "Check" >> check.with_output_types(PubsubMessage)
        parsed = messages | "Parse" >> parse.ParseMessages(self._rules, *self._intake, self._clock, self._item_shards)
        setattr(parsed.arrivals, _INTAKE, self._intake)
        setattr(parsed.of_items, _ITEM_SHARDS, self._item_shards)
        return ParsedMessages(parsed.arrivals, dead_letter_records(parsed.dead, "Refused"), parsed.of_items)


class LoadSnapshots(beam.PTransform):
    """What a backfill has written of contacts, items and feeds (`--snapshots`), from which a new job starts.

    Input: the pipeline. Output: for `EvaluateRules(initial_states=…)`. Nothing is decided before all of them are there.
    """

    def __init__(
        self, files: Paths, rules: StreamRules, *, item_shards: int = SHARDS, clock: Callable[[], int] = now_us
    ) -> None:
        """Find the files, and hold them to their manifests.

        Args:
            files: paths or globs.
            rules: those of `ParseMessages`.
            item_shards: that of `ParseMessages`.
            clock: the time in microseconds since 1970.

        Raises:
            UnusableError: one is missing, altered, or holds no snapshots; or a setting cannot be used.
            RulesError: a rule is of a kind that this release does not run.
        """
        super().__init__()
        self._rules, self._clock = _source_of(rules, "1h"), clock
        self._item_shards = _shards_of(item_shards)
        self._sources = find_snapshots(texts_of(files)).sources

    def expand(self, pbegin: PBegin) -> seed.Seeds:
        """A file that is not what its manifest says fails its bundle."""
        found: seed.Seeds = pbegin | "Load" >> seed.LoadSnapshots(
            self._sources, self._rules, self._item_shards, self._clock
        )
        setattr(found.items, _ITEM_SHARDS, self._item_shards)
        return found


class Evaluated(NamedTuple):
    """What comes of evaluating. Pipe it whole into `WriteTables` or `WriteJsonLines`."""

    triggers: PCollection[DecisionRecord]
    """Those of `decisions` to be sent: what fired and is not stale, and corrections of what may have been sent."""
    decisions: PCollection[DecisionRecord]
    """Everything that was decided, corrections too; of one `trigger_id` the newest `revision` counts."""
    dead_letters: PCollection[DeadLetterRecord]
    """Messages that are no events, events that could not be evaluated, and rows of files that are no snapshots."""
    late_events: PCollection[LateEventRecord]
    """Events beyond the allowed lateness: they changed nothing."""


class EvaluateRules(beam.PTransform):
    """Every contact's events to decisions, as far as the watermark has come; the stateful step.

    Input: `ParsedMessages`, by whose settings events are read. Global window; a contact is a key.
    """

    def __init__(
        self,
        rules: StreamRules,
        *,
        allowed_lateness: Duration | None = None,
        evaluation_delay: Duration = "10s",
        timer_resolution: Duration = "1s",
        initial_states: seed.Seeds | None = None,
        clock: Callable[[], int] = now_us,
    ) -> None:
        """Prepare the step.

        Args:
            rules: those of `ParseMessages`.
            allowed_lateness: how late an event may come and still correct what was decided; None: 1h. What
                `published_rules` returns has been given its own, and none is said here.
            evaluation_delay: how far the watermark has to be past an event before it is evaluated.
            timer_resolution: timers of a contact that lie closer together share a firing.
            initial_states: what `LoadSnapshots` has read; None: contacts start with nothing.
            clock: the time in microseconds since 1970.

        Raises:
            UnusableError: a setting cannot be used.
            RulesError: a rule is of a kind that this release does not run.
        """
        super().__init__()
        self._rules = _source_of(rules, "1h" if allowed_lateness is None else allowed_lateness)
        if allowed_lateness is not None and not isinstance(rules, RuleSetHistory):
            raise UnusableError("allowed_lateness: it was given to published_rules(); leave it out here")
        self._timers = TimerSettings(
            duration_us("evaluation_delay", evaluation_delay), _resolution_us(timer_resolution)
        )
        self._initial_states = initial_states
        self._clock = clock

    def expand(self, parsed: ParsedMessages) -> Evaluated:
        """A contact's events meet on one worker.

        Raises:
            UnusableError: it is not what `ParseMessages` returned, its events were windowed, or it has other
                `item_shards` than the snapshots.
        """
        intake = _intake_of(parsed)
        events = parsed.events
        check_windows("events", events)
        of_items, seeds = parsed.of_items, self._initial_states
        if seeds is not None:
            _check_shards(of_items, seeds.items)
            events = (events, seeds.contacts) | "Events" >> beam.Flatten()
            of_items = (of_items, seeds.items) | "OfItems" >> beam.Flatten()
        joined = of_items | "JoinItems" >> items.JoinItems(self._rules, self._clock)
        events = (events, joined.changes) | "WithItemChanges" >> beam.Flatten()
        step = evaluate.EvaluateRules(self._rules, self._timers, *intake, self._clock)
        found = events | "Evaluate" >> step
        decisions = decision_records(found.decisions, "Decisions")
        triggers = decisions | "Triggers" >> beam.Filter(_is_sent).with_output_types(DecisionRecord)
        dead = dead_letter_records(found.dead_letters, "NotEvaluated")
        of_items = dead_letter_records(joined.dead_letters, "NotJoined")
        all_dead = [parsed.dead_letters, of_items, dead]
        if seeds is not None:
            all_dead.append(dead_letter_records(seeds.dead, "NoSnapshots"))
        dead_letters = all_dead | "DeadLetters" >> beam.Flatten()
        return Evaluated(triggers, decisions, dead_letters, late_event_records(found.late_events, "LateEvents"))


class ReadRecordedEvents(beam.PTransform):
    """Files of events as a stream that takes its time: for demos, load tests and tests of a pipeline.

    Input: the pipeline. Output: `PCollection[PubsubMessage]`, with the time of the event as its timestamp.
    """

    def __init__(
        self,
        files: Paths,
        *,
        pace: str | None = None,
        disorder: Duration = "0s",
        late: Duration = "0s",
        random_seed: int = 0,
        shape: str = "canonical",
        account_id: str | None = None,
        stays_open: bool = False,
    ) -> None:
        """Find the files: plain JSON lines.

        Args:
            files: paths or globs.
            pace: "500/s" for events a second, "60x" for that many seconds of event time a second; None: at once.
            disorder: each event comes up to so much after its time, and the watermark waits for it.
            late: one of ten comes up to so much later again, and the watermark does not wait.
            random_seed: of the disorder: the same each time.
            shape: how records are written, for their times.
            account_id: the account of records that name none.
            stays_open: whether event time goes on after the last event; else it ends, and everything falls due.

        Raises:
            UnusableError: a setting or a file cannot be used.
        """
        super().__init__()
        found = input_files(texts_of(files))
        for file in found:
            refuse_packed(file, "files")
        paced = AS_FAST_AS_CAN_BE if pace is None else parse_pace(pace)
        if paced is None:
            raise UnusableError(f"pace: {pace!r} is no pace: write 500/s or 60x")
        order = Disorder(duration_us("disorder", disorder), duration_us("late", late), random_seed)
        read_as = message_shape(shape_of(shape, account_id), "shape")
        events = recorded_source.RecordedEvents(found, now_us(), order, read_as)
        self._step = recorded_source.ReadRecordedEvents(events, paced, stays_open=stays_open)

    def expand(self, pbegin: PBegin) -> PCollection[PubsubMessage]:
        """Each record once."""
        return pbegin | "Read" >> self._step


def _source_of(rules: StreamRules, allowed_lateness: Duration) -> RulesSource:
    lateness_us = duration_us("allowed_lateness", allowed_lateness)
    if isinstance(rules, RuleSetHistory):
        return StaticRules(rules, lateness_us)
    if not callable(getattr(rules, "view", None)):
        raise UnusableError(f"rules: give what kittiwake.load_rules or published_rules returned, not {rules!r:.80}")
    return rules


def _resolution_us(value: Duration) -> int:
    found = duration_us("timer_resolution", value)
    if not found or found % TIMER_US:
        raise UnusableError(f"timer_resolution: {value!r}: write whole milliseconds, one or more")
    return found


def _intake_of(parsed: Any) -> IntakeSettings:
    found = getattr(getattr(parsed, "events", None), _INTAKE, None)
    if not isinstance(found, IntakeSettings):
        raise UnusableError("EvaluateRules: pipe what ParseMessages returned into it, whole and as it is")
    return found


def _shards_of(item_shards: int) -> int:
    if type(item_shards) is int and 1 <= item_shards <= VIRTUAL_SHARDS:
        return item_shards
    raise UnusableError(f"item_shards: {item_shards!r:.80}: write a whole number from 1 to {VIRTUAL_SHARDS}")


def _check_shards(of_items: PCollection[Any], seeds: PCollection[Any]) -> None:
    """What a snapshot knows of an item has to lie where the item's events go."""
    parsed, loaded = getattr(of_items, _ITEM_SHARDS, SHARDS), getattr(seeds, _ITEM_SHARDS, SHARDS)
    if parsed != loaded:
        what = f"item_shards: ParseMessages was given {parsed}, LoadSnapshots {loaded}"
        raise UnusableError(f"{what}: give both the same, else what snapshots know of items is never found")


def _is_sent(record: DecisionRecord) -> bool:
    return record.is_sent


def decision_records(encoded: PCollection[bytes], label: str) -> PCollection[DecisionRecord]:
    """Decoded; a decoder itself does not travel to workers, a function that knows it does."""
    return encoded | label >> beam.Map(_decision).with_output_types(DecisionRecord)


def dead_letter_records(encoded: PCollection[bytes], label: str) -> PCollection[DeadLetterRecord]:
    """As `decision_records`."""
    return encoded | label >> beam.Map(_dead_letter).with_output_types(DeadLetterRecord)


def late_event_records(encoded: PCollection[bytes], label: str) -> PCollection[LateEventRecord]:
    """As `decision_records`."""
    return encoded | label >> beam.Map(_late_event).with_output_types(LateEventRecord)


def _decision(data: bytes) -> DecisionRecord:
    return decision_of(data)


def _dead_letter(data: bytes) -> DeadLetterRecord:
    return dead_letter_of(data)


def _late_event(data: bytes) -> LateEventRecord:
    return late_event_of(data)
