"""Dataflow's at-least-once mode may hand records from step to step more than once; decisions do not change by it."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import apache_beam as beam
import pytest

from kittiwake.pipelines.stream import main
from kittiwake.terminal.exit_codes import Exit
from kittiwake.transforms.stream.items import JoinDoFn
from kittiwake.transforms.stream.parse import ParseDoFn
from tests.batch.items import RULES, lines
from tests.input.inputs import write_lines, write_rules


def twice(process: Callable[..., Iterator[Any]], given: list[int]) -> Callable[..., Iterator[Any]]:
    """A step's `process`, everything that it gives being given again, and counted."""

    @functools.wraps(process)
    def doubled(*arguments: Any, **named: Any) -> Iterator[Any]:
        for one in process(*arguments, **named):
            given.append(1)
            yield from (one, one)

    return doubled


def newest(rules: Path, events: Path, output: Path) -> dict[str, dict[str, Any]]:
    """By trigger_id what a stream has written with its highest revision, as the views have it."""
    files = {"rules": rules, "events": events, "output": output, "disorder": "10m", "event_seed": "3"}
    assert main([f"--{name}={value}" for name, value in files.items()]) == Exit.FINE
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((output / "decisions").iterdir()):
        for row in map(json.loads, path.read_text().splitlines()):
            if row["revision"] >= found.get(row["trigger_id"], row)["revision"]:
                found[row["trigger_id"]] = row
    return found


def test_records_that_every_step_is_given_twice_change_no_decision(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules, events = write_rules(tmp_path / "rules.yaml", RULES.format(account="acme")), tmp_path / "events.jsonl"
    write_lines(events, lines(Random(f"twice {seed}"), 80))
    once = newest(rules, events, tmp_path / "once")
    given: dict[type[beam.DoFn], list[int]] = {ParseDoFn: [], JoinDoFn: []}
    for step, count in given.items():
        monkeypatch.setattr(step, "process", twice(step.process, count))
    again = newest(rules, events, tmp_path / "again")
    assert all(given.values())
    assert {name: _decided(row) for name, row in once.items()} == {name: _decided(row) for name, row in again.items()}
    assert sum(row["decision"] == "fired" for row in once.values()) > 2


def _decided(row: dict[str, Any]) -> dict[str, Any]:
    """A row without the number of corrections that led to it: in another order there are more of them, or fewer."""
    return {name: value for name, value in row.items() if name != "revision"}
