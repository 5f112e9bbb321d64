"""A replay that goes on from the snapshots of an earlier one: day by day is as one run over all, or says why not."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest

from kittiwake.batch.replay import replay
from kittiwake.batch.settings import RunSettings
from kittiwake.batch.summary import from_text
from kittiwake.errors import UnusableError
from kittiwake.input.events import parse_event
from kittiwake.model import Event
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load_files
from kittiwake.time.instants import DAY_US, parse_instant
from tests.batch.test_start_states import NOW_US, OF_ITEMS, world
from tests.input.inputs import RULES, record, rows, write_lines

UNTIL_US = parse_instant("2026-11-01T10:30:00Z")
PROGRAMS = Programs(load_files({"acme.yaml": RULES.encode()}))


def run(
    programs: Programs, lines: list[bytes], until_us: int | None, output: Path, start_from: list[str]
) -> list[dict[str, Any]]:
    """The decisions of a run that leaves snapshots."""
    events = write_lines(output.with_suffix(".jsonl"), lines)
    settings = RunSettings(NOW_US, until_us, snapshots=True, allow_empty=True)
    replay(programs, [str(events)], output, settings, start_from=start_from)
    return rows(output / "decisions")


def known(output: Path) -> list[str]:
    """Of whom something is known, and what of items. How a state remembers ids depends on where it was cut."""
    found = rows(output / "snapshots")
    return sorted(one["contact_id"] if "contact_id" in one else str(one) for one in found)


@pytest.mark.parametrize("number", [0, *(pytest.param(number, marks=pytest.mark.nightly) for number in range(1, 4))])
def test_day_by_day_is_as_one_run_over_all_wherever_it_is_cut(
    root: Path, seed: int, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With catalogue rules; and whether states fit into memory or not."""
    programs, lines = world(root, number, seed)
    dice = Random(f"{seed} {number}")
    monkeypatch.setattr("kittiwake.batch.replay.HELD_START_BYTES", dice.choice((5_000, 1 << 27)))
    events = [(found.time_us, line) for line in lines if isinstance(found := parse_event(line, "", NOW_US), Event)]
    times = sorted(at_us for at_us, _ in events)
    until_us = times[-1] + dice.choice((1, DAY_US))
    inside = sorted(dice.choice(times) + dice.choice((0, 1, DAY_US // 3)) for _ in range(dice.randint(1, 4)))
    cuts = [0, *(one for one in inside if times[0] < one < until_us), until_us]
    whole = run(programs, [line for _, line in events], until_us, tmp_path / "whole", [])
    told: list[dict[str, Any]] = []
    start_from: list[str] = []
    for from_us, to_us in pairwise(cuts):
        some = [line for at_us, line in events if from_us <= at_us < to_us]
        said = run(programs, some, to_us, tmp_path / str(to_us), start_from)
        told += [one for one in said if one["decision"] != "deferred" or to_us == until_us]
        start_from = [f"{tmp_path}/{to_us}/snapshots/*"]
    assert sorted(map(str, told)) == sorted(map(str, whole)), cuts
    assert known(tmp_path / str(until_us)) == known(tmp_path / "whole"), cuts
    assert sum(one["rule_id"] in OF_ITEMS or "back" in one["rule_id"] for one in whole) > 3, "too few to tell anything"


def first_day(folder: Path) -> Path:
    """The snapshots of a run in which a cart waits for its deadline."""
    run(PROGRAMS, [record()], UNTIL_US, folder / "one", [])
    return folder / "one" / "snapshots"


def test_what_a_contact_waited_for_falls_due_though_it_says_nothing_any_more(tmp_path: Path) -> None:
    """Also of files that were compressed since."""
    (part,) = (snapshots := first_day(tmp_path)).glob("part*")
    part.with_name(f"{part.name}.gz").write_bytes(gzip.compress(part.read_bytes()))
    part.unlink()
    other = record(event_id="e2", contact_id="c-2", time="2026-11-01T10:40:00Z")
    found = run(PROGRAMS, [other], UNTIL_US + DAY_US, tmp_path / "two", [f"{snapshots}/*"])
    assert [one["contact_id"] for one in found if one["decision"] == "fired"] == ["c-2", "c1"]


def test_a_day_without_newer_events_ends_where_the_day_before_did(tmp_path: Path) -> None:
    snapshots = first_day(tmp_path)
    run(PROGRAMS, [record(event_id="late", contact_id="c-2")], None, tmp_path / "two", [f"{snapshots}/*"])
    summary = from_text((tmp_path / "two" / "summary.json").read_bytes())
    assert (summary.until_us, summary.counts.unsettled) == (UNTIL_US, 0)


def double(part: Path) -> None:
    part.write_bytes(part.read_bytes() * 2)


def alter(part: Path) -> None:
    part.write_bytes(part.read_bytes().replace(b"acme", b"acma"))


def without_manifest(part: Path) -> None:
    part.with_name("manifest.json").unlink()


def of_another_kind(part: Path) -> None:
    without_manifest(part)
    part.write_bytes(record())


@pytest.mark.parametrize(
    ("spoil", "until_us", "message"),
    [
        (double, None, "has 2 rows, and manifest.json says 1"),
        (alter, None, "line 1, is no snapshot: the row is not as it was written"),
        (Path.unlink, None, "of manifest.json is not among the files"),
        (without_manifest, None, "manifest.json is missing"),
        (of_another_kind, None, "is no snapshot: not a snapshot row"),
        (lambda _: None, UNTIL_US - 1, "the snapshots are of 2026-11-01T10:30:00Z already, and the run ends at"),
    ],
    ids=lambda one: one.__name__ if callable(one) else "",
)
def test_a_run_that_cannot_go_on_says_why_and_leaves_the_output_as_it_was(
    tmp_path: Path, spoil: Callable[[Path], None], until_us: int | None, message: str
) -> None:
    (part,) = (snapshots := first_day(tmp_path)).glob("part*")
    spoil(part)
    with pytest.raises(UnusableError, match=f"--start-from: .*{message}"):
        run(PROGRAMS, [record()], until_us or UNTIL_US + DAY_US, tmp_path / "two", [f"{snapshots}/*"])
    assert not (tmp_path / "two").exists()
