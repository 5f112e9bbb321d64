"""The page "Embed Kittiwake in your own pipeline": its examples run, and its names are the public ones."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

import kittiwake
import kittiwake.beam
from kittiwake.reasons import Outcome
from tests.repo import pages, sources

PAGE = sources.ROOT / "docs" / "how-to" / "embed.md"
STEPS = ("ParseMessages", "EvaluateRules", "EvaluateHistories")


def test_every_example_runs_in_the_order_of_the_page(tmp_path: Path) -> None:
    """One process, since loading Beam takes seconds; each example a namespace of its own."""
    fences = [fence for fence in pages.fences(PAGE.read_text()) if fence.language == "python"]
    assert len(fences) >= 6
    script = "\n".join(
        f"exec(compile({fence.body!r}, 'embed.md:{fence.line}', 'exec'), {{'__name__': 'example'}})" for fence in fences
    )
    command = [sys.executable, "-W", "ignore", "-c", f"import sys; sys.path.insert(0, {str(sources.ROOT)!r})\n{script}"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-4_000:]
    rows = b"".join(path.read_bytes() for path in (tmp_path / "out" / "stream" / "decisions").iterdir())
    assert rows.count(b"\n") == 1


def test_every_public_step_is_on_the_page() -> None:
    text = PAGE.read_text()
    names = {*kittiwake.beam.__all__} - {"ParsedMessages", "Evaluated", "EvaluatedHistories", "RulesSource"}
    assert [name for name in sorted(names) if name not in text] == []
    assert [name for name in ("load_rules", "replay", "explain_contact") if name not in text] == []


RECORDS = (kittiwake.beam.DecisionRecord, kittiwake.beam.DeadLetterRecord, kittiwake.beam.LateEventRecord)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_every_field_of_a_record_is_in_its_table(record: type[msgspec.Struct]) -> None:
    table = PAGE.read_text().partition(f"| `{record.__name__}` | type |")[2].partition("\n\n")[0]
    named = re.findall(r"`(\w+)`", "\n".join(line.split("|")[1] for line in table.splitlines()[1:]))
    assert sorted(named) == sorted(record.__struct_fields__)


@pytest.mark.parametrize("step", [kittiwake.replay, *map(kittiwake.beam.__getattr__, STEPS)], ids=["replay", *STEPS])
def test_every_setting_is_in_a_table(step: Callable[..., object]) -> None:
    cells = "\n".join(line.split("|")[1] for line in PAGE.read_text().splitlines() if line.startswith("|"))
    settings = [one.name for one in inspect.signature(step).parameters.values() if one.kind is one.KEYWORD_ONLY]
    assert [name for name in settings if f"`{name}`" not in cells] == []


def test_every_decision_of_a_record_is_on_the_page() -> None:
    assert [outcome for outcome in Outcome if f"`{outcome}`" not in PAGE.read_text()] == []
