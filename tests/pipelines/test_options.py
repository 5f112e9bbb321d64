"""What a person types: read once, and refused in a sentence."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path

import pytest

from kittiwake.errors import UnusableError
from kittiwake.input.shapes.base import CANONICAL, InputShape, Shape
from kittiwake.pipelines.backfill import main
from kittiwake.pipelines.options.backfill import parse_options
from kittiwake.pipelines.runner import IN_PROCESS
from kittiwake.shape_files.names import shape_names
from kittiwake.terminal.exit_codes import Exit
from kittiwake.time.instants import HOUR_US, parse_instant
from tests.input.inputs import write_lines
from tests.pipelines.running import Job

NEEDED = ["--rules", "rules", "--input", "a.jsonl", "--output", "out"]


def test_what_is_left_out_has_defaults() -> None:
    before_us = time.time_ns() // 1_000
    options = parse_options(NEEDED)
    assert (options.rules, options.inputs, options.output) == ("rules", ("a.jsonl",), "out")
    assert before_us <= options.run.start_us <= time.time_ns() // 1_000
    assert (options.run.until_us, options.run.allowed_lateness_us) == (None, HOUR_US)
    assert (options.run.max_dead_letter_ratio, options.runner, options.beam_flags) == (None, IN_PROCESS, ())
    assert options.run.shape == CANONICAL


def test_what_is_typed_is_read() -> None:
    times = ["--until=2026-11-01T09:30:00+01:00", "--start", "2026-11-02T00:00:00Z", "--allowed_lateness=90m"]
    others = ["--max_dead_letter_ratio", "0.05", "--runner", "PrismRunner", "--direct_num_workers", "2"]
    options = parse_options([*NEEDED, *times, *others])
    assert options.run.until_us == parse_instant("2026-11-01T08:30:00Z")
    assert options.run.start_us == parse_instant("2026-11-02T00:00:00Z")
    assert options.run.allowed_lateness_us == 90 * 60 * 1_000_000
    assert options.run.max_dead_letter_ratio == Decimal("0.05")
    assert (options.runner, options.beam_flags) == ("PrismRunner", ("--direct_num_workers", "2"))


def test_a_shape_is_read_with_its_account() -> None:
    flags = ["--input_shape", "segment", "--input_account=acme"]
    assert parse_options([*NEEDED, *flags]).run.shape == InputShape(Shape.SEGMENT, "acme")


def test_a_glob_that_the_shell_has_spread_out_is_several_inputs() -> None:
    assert parse_options([*NEEDED, "--input", "b.jsonl", "c.jsonl"]).inputs == ("a.jsonl", "b.jsonl", "c.jsonl")


@pytest.mark.parametrize("name", ["DirectRunner", "directrunner", "direct", "FnApiRunner", IN_PROCESS])
def test_the_in_process_runner_is_named_by_its_class(name: str) -> None:
    assert parse_options([*NEEDED, "--runner", name]).runner == IN_PROCESS


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--until", "yesterday"], "--until yesterday: write a time with offset, such as 2026-11-01T09:30:00Z"),
        (["--until", "2026-11-01T09:30:00"], "--until 2026-11-01T09:30:00: write a time with offset"),
        (["--until", "9999-12-31T23:59:59-23:59"], "--until 9999-12-31T23:59:59-23:59: write a time with offset"),
        (["--start", "0"], "--start 0: write a time with offset"),
        (["--allowed_lateness", "1 hour"], "--allowed_lateness 1 hour: write 90s, 15m, 1h"),
        (["--allowed_lateness=-1h"], "--allowed_lateness -1h: write 90s, 15m, 1h"),
        (["--max_dead_letter_ratio", "10%"], "--max_dead_letter_ratio 10%: write a number from 0 to 1"),
        (["--max_dead_letter_ratio", "1.5"], "--max_dead_letter_ratio 1.5: write a number from 0 to 1"),
        (["--max_dead_letter_ratio", "nan"], "--max_dead_letter_ratio nan: write a number from 0 to 1"),
        (["--input_shape", "ga5"], f"--input_shape: 'ga5' is no shape: write {shape_names()}"),
        (["--input_shape=segment"], "--input_account: Segment's records name no account: say whose they are, such as"),
        (["--input_account=acme"], "--input_account: canonical records name their account_id themselves: leave it"),
        (["--untill", "2026-11-01T09:30:00Z"], "unknown option --untill: see --help"),
        (["--direct_num_workers=two"], "argument --direct_num_workers: invalid int value: 'two'"),
        (["--project", "p", "stray"], "unknown option stray: see --help"),
    ],
)
def test_what_cannot_be_meant_is_refused(flags: list[str], message: str) -> None:
    with pytest.raises(UnusableError) as error:
        parse_options([*NEEDED, *flags])
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    ("runner", "message"),
    [
        ("NoRunner", "Unexpected pipeline runner: NoRunner"),
        ("no.such.Runner", "No module named 'no'"),
        ("kittiwake.pipelines.runner.Runner", "has no attribute 'Runner'"),
    ],
)
def test_a_runner_that_cannot_start_is_refused(job: Job, tmp_path: Path, runner: str, message: str) -> None:
    ran = job(write_lines(tmp_path / "events.jsonl", []), "--runner", runner)
    assert ran.code == Exit.UNUSABLE
    assert ran.err.startswith(f"backfill: error: --runner {runner}: ")
    assert message in ran.err
    assert not ran.output.exists()


def test_help_names_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    assert "Exit codes: 0 done, 1 stopped" in capsys.readouterr().out
