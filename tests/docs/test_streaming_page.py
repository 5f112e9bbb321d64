"""docs/how-to/run-the-streaming-job.md has a row with its default for every option, and no other row."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("google.cloud.bigquery")

from kittiwake.pipelines.options.stream import parse_stream_options
from kittiwake.pipelines.sinks.table import SINKS
from tests.docs.test_tables import WORD, rows, words

PART = re.compile(r"[A-Z][^.|]*(?=\.)")
OPTION = re.compile(r"^  (--[a-z_]+)", re.MULTILINE)
PAGE = "how-to/run-the-streaming-job.md"
TABLES = ("Options", "Without Google")
NAME = ("--subscription", "projects/shop-1/subscriptions/events", "--rules", "gs://b/p")


def test_every_option_has_its_row(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_stream_options(["--help"])
    told = [name for heading in TABLES for name in words(root, PAGE, heading)]
    assert sorted(told) == sorted(OPTION.findall(capsys.readouterr().out))


def test_the_sinks_of_which_one_is_needed_are_those_of_the_table(root: Path) -> None:
    (said,) = [one for one in PART.findall((root / "docs" / PAGE).read_text()) if one.startswith("One sink at least")]
    assert WORD.findall(said) == [f"--{row.name}" for row in SINKS]


def test_what_is_said_to_be_the_default_is_what_not_saying_it_means(root: Path) -> None:
    said = [
        part
        for option, default, *_ in rows(root, PAGE, "Options")
        for part in ((WORD.findall(option)[0], WORD.findall(default)[0]) if WORD.findall(default) else ())
    ]
    tables = ("--dataset", "shop-1.marketing", "--trigger_topic", "projects/shop-1/topics/triggers")
    asked = parse_stream_options([*NAME, *tables, *said])
    assert asked == parse_stream_options([*NAME, *tables])
    assert asked.problems == ()
