"""Counts add up in any order, and the two questions that only all of them answer."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiwake.batch.counts import (
    ARRIVED_MAX,
    EXAMPLES_MAX,
    Counts,
    LinesOfPart,
    PendingRule,
    Refusal,
    SourceLine,
    Verdict,
    count_dead_letter,
    count_record,
    merged,
    number_lines,
)
from kittiwake.batch.settings import RunSettings, Stop, end_of_run, stop_of
from kittiwake.batch.summary import from_text, summary_of, to_text
from kittiwake.kernel.evaluate.pending import Pending
from kittiwake.model import DeadLetter, Event
from kittiwake.output.rows import Mode
from kittiwake.reasons import DeadLetterReason
from kittiwake.rules.compile.accounts import RulesUsed, VersionUsed

verdicts = st.builds(
    Verdict,
    st.sampled_from(["acme", "globex"]),
    st.sampled_from(["cart", "vip"]),
    st.just("fired"),
    st.sampled_from(["fired", "suppressed"]),
    st.sampled_from(["", "shadow"]),
)
refusals = st.builds(
    Refusal,
    st.sampled_from(["acme", "globex"]),
    st.just("cart"),
    st.sampled_from(["when", "wait"]),
    st.sampled_from(["total", "items.sku"]),
    st.sampled_from(["text", "missing"]),
)
lines = st.builds(
    SourceLine,
    st.sampled_from(["a:1", "a:2", "a:10", "b:1", "b:20"]),
    st.just("why"),
    st.sampled_from([0, 0, 100]),
    st.just("mend it"),
)
names = st.sets(st.sampled_from("abc"))
counts = st.builds(
    Counts,
    files=st.integers(0, 3),
    records=st.integers(0, 9),
    events=st.integers(0, 9),
    newest_us=st.none() | st.integers(-5, 5),
    dead_letters=st.dictionaries(st.sampled_from(["not_json", "bad_time"]), st.integers(1, 9)),
    examples=st.dictionaries(st.sampled_from(["not_json"]), st.lists(lines, max_size=EXAMPLES_MAX, unique=True)),
    unreadable=st.dictionaries(st.sampled_from(["x", "y"]), st.sampled_from(["gone", "torn"])),
    verdicts=st.dictionaries(verdicts, st.integers(1, 9)),
    unusable=st.dictionaries(refusals, st.integers(1, 9)),
    pending=st.dictionaries(
        st.builds(PendingRule, st.sampled_from(["acme", "globex"]), st.sampled_from(["cart", "vip"])),
        st.builds(Pending, st.integers(1, 9), st.integers(0, 9)),
    ),
    types=st.dictionaries(st.sampled_from(["acme", "*"]), names),
    other_types=names | st.just({f"t{at:03}" for at in range(ARRIVED_MAX)}),
)


@given(st.lists(counts, max_size=5), st.randoms(use_true_random=False), st.integers(0, 5))
def test_counts_add_up_to_the_same_in_any_order_and_grouping(parts: list[Counts], dice: object, at: int) -> None:
    shuffled = list(parts)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    assert merged(shuffled) == merged([merged(parts[:at]), merged(parts[at:])]) == merged(parts)


@given(st.permutations([("a.jsonl", 9, 0), ("a.jsonl", 1, 100), ("a.jsonl", 2, 100), ("b.jsonl", 1, 0)]))
def test_in_whatever_order_dead_letters_come_the_first_places_are_kept(found: list[tuple[str, int, int]]) -> None:
    total = Counts()
    for file, number, start in found:
        dead = DeadLetter(DeadLetterReason.NOT_JSON, "why", b"", f"{file}:{number}", 0)
        count_dead_letter(total, dead, start)
    assert [(line.source, line.start) for line in total.examples["not_json"]] == [
        ("a.jsonl:9", 0), ("a.jsonl:1", 100), ("a.jsonl:2", 100),
    ]  # fmt: skip


def test_a_line_is_numbered_by_the_lines_of_the_parts_before_its_own() -> None:
    examples = [SourceLine("a:b:7", "first"), SourceLine("a:b:1", "second", 100), SourceLine("a:b:2", "third", 250)]
    lines = {("a:b", 0): LinesOfPart(100, 8), ("a:b", 100): LinesOfPart(250, 0), ("c", 0): LinesOfPart(100, 3)}
    found = number_lines(Counts(examples={"not_json": examples}, lines=lines))
    assert found == Counts(
        examples={
            "not_json": [SourceLine("a:b:7", "first"), SourceLine("a:b:9", "second"), SourceLine("a:b:10", "third")]
        }
    )


def test_where_a_part_before_could_not_be_read_no_line_is_named() -> None:
    examples = [SourceLine("a:7", "first"), SourceLine("a:1", "second", 100)]
    found = number_lines(Counts(examples={"not_json": examples}, unreadable={"a": "torn"}))
    assert found.examples == {"not_json": [SourceLine("a:7", "first")]}


def test_merging_changes_none_of_the_parts() -> None:
    part = Counts(records=1, dead_letters={"not_json": 1}, examples={"not_json": [SourceLine("a:1", "why")]})
    merged([merged([part]), part])
    assert (part.dead_letters, part.examples) == ({"not_json": 1}, {"not_json": [SourceLine("a:1", "why")]})


def test_of_dead_letters_the_first_places_are_kept_in_reading_order() -> None:
    part = Counts()
    for number in (2, 9, 10, 11):
        count_dead_letter(part, DeadLetter(DeadLetterReason.NOT_JSON, "why", b"", f"b.jsonl:{number}", 0))
    other = Counts(examples={"not_json": [SourceLine("a.jsonl:100", "why")]})
    total = merged([part, other])
    assert [line.source for line in total.examples["not_json"]] == ["a.jsonl:100", "b.jsonl:2", "b.jsonl:9"]
    assert part.dead_letters == {"not_json": 4}


def test_events_of_items_are_events_and_counted_apart() -> None:
    part = Counts()
    count_record(part, [Event(5, "e1", "a.b", contact_id="c1")])
    count_record(part, [Event(7, "e2", "a.b", item_id="p1")])
    count_record(part, [Event(6, "e3", "a.b", contact_id="c1")])
    assert part == Counts(records=3, events=3, catalogue=1, newest_us=7)


def test_events_that_a_record_brings_beside_its_own_are_events_and_counted_apart() -> None:
    part = Counts()
    count_record(part, [Event(5, "e1", "a.b", contact_id="c1"), Event(9, "e1", "c.d", contact_id="c2")])
    count_dead_letter(part, DeadLetter(DeadLetterReason.NOT_JSON, "why", b"", "b.jsonl:2", 0))
    assert (part.records, part.events, part.extra_events, part.newest_us) == (2, 2, 1, 9)
    assert part.records + part.extra_events == part.events + sum(part.dead_letters.values())


# ---------------------------------------------------------------- where a run ends


def test_a_run_ends_just_after_its_newest_event() -> None:
    assert end_of_run(RunSettings(start_us=100), Counts(newest_us=42)) == 43


def test_a_run_ends_no_later_than_just_after_its_start_by_itself() -> None:
    assert end_of_run(RunSettings(start_us=100), Counts(newest_us=142)) == 101
    assert end_of_run(RunSettings(start_us=100), Counts()) == 101


def test_a_run_ends_where_it_is_told_to() -> None:
    assert end_of_run(RunSettings(start_us=100, until_us=7), Counts(newest_us=42)) == 7
    assert end_of_run(RunSettings(start_us=100, until_us=700), Counts(newest_us=42)) == 700


def test_a_run_that_goes_on_from_snapshots_does_not_end_before_them_by_itself() -> None:
    goes_on = RunSettings(start_us=100, snapshots_until_us=60)
    assert [end_of_run(goes_on, Counts(newest_us=at_us)) for at_us in (42, 70)] == [60, 71]


@pytest.mark.parametrize(("frozen_at_us", "end_us"), [(41, 41), (43, 43), (44, 43)])
def test_a_run_ends_where_its_rules_are_frozen(frozen_at_us: int, end_us: int) -> None:
    assert end_of_run(RunSettings(start_us=100), Counts(newest_us=42), frozen_at_us) == end_us
    assert end_of_run(RunSettings(start_us=100, until_us=43), Counts(newest_us=142), frozen_at_us) == end_us


# ---------------------------------------------------------------- whether it may decide


def after(dead: int, records: int, ratio: str | None, **others: dict[str, str]) -> Stop | None:
    settings = RunSettings(0, max_dead_letter_ratio=None if ratio is None else Decimal(ratio))
    return stop_of(settings, Counts(records=records, dead_letters={"not_json": dead}, **others))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("dead", "records", "ratio", "stop"),
    [
        (1, 10, "0.1", None),
        (2, 10, "0.1", Stop.DEAD_LETTERS),
        (1, 3, "0", Stop.DEAD_LETTERS),
        (0, 3, "0", None),
        (0, 0, "0", None),
        (3, 3, "1", None),
        (999, 999, None, None),
        (100, 1_000, None, None),
        (101, 1_000, None, Stop.DEAD_LETTERS),
    ],
)
def test_too_many_dead_letters_stop_a_run(dead: int, records: int, ratio: str | None, stop: Stop | None) -> None:
    assert after(dead, records, ratio) is stop


def test_one_unreadable_file_stops_a_run() -> None:
    assert after(0, 10, "1", unreadable={"a.gz": "torn"}) is Stop.UNREADABLE


# ---------------------------------------------------------------- the summary


VERSIONS = st.sampled_from([(None,), (None, 7), (-5, 1, 2**50)]).map(
    lambda starts: tuple(VersionUsed(start, f"{number:012}") for number, start in enumerate(starts))
)
RULES = st.builds(RulesUsed, VERSIONS, st.none() | st.integers(0, 10))


@given(counts, st.sampled_from(Mode), st.none() | st.integers(0, 10), RULES)
def test_a_summary_is_read_as_it_was_written(part: Counts, mode: Mode, until_us: int | None, rules: RulesUsed) -> None:
    summary = summary_of(mode, rules, RunSettings(3, until_us), part)
    assert from_text(to_text(summary)) == summary
    assert summary.decisions >= summary.triggers
