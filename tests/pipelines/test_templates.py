"""The four mains as a template starts them: every option is one text `--name=value`, whatever its type."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kittiwake.output.rows import Mode
from kittiwake.terminal.exit_codes import Exit
from tests.input.inputs import record, write_lines, write_rules
from tests.pipelines.running import ROOT


def start(module: str, **options: object) -> subprocess.CompletedProcess[str]:
    """Run a main with its options as texts."""
    argv = [f"--{name}={value}" for name, value in options.items()]
    command = [sys.executable, "-m", f"kittiwake.pipelines.{module}", *argv]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Rules, events and an output folder that does not exist yet."""
    return {
        "rules": write_rules(tmp_path / "rules.yaml"),
        "events": write_lines(
            tmp_path / "events.jsonl",
            [
                *(record(event_id=f"e{number}") for number in range(19)),
                record(event_id="o", contact_id="c9", type="order.completed"),
            ],
        ),
        "output": tmp_path / "out",
    }


def test_a_backfill_starts_from_texts_and_so_do_its_workers(files: dict[str, Path]) -> None:
    ran = start(
        "backfill",
        rules=files["rules"],
        input=files["events"],
        output=files["output"],
        input_shape="canonical",
        format="jsonl",
        until="2026-12-01T00:00:00Z",
        start="2026-12-01T00:00:00Z",
        allowed_lateness="1h",
        max_dead_letter_ratio="0.5",
        runner="DirectRunner",
        direct_num_workers="2",
    )
    assert ran.returncode == Exit.FINE, ran.stderr
    summary = json.loads((files["output"] / "summary.json").read_bytes())
    assert (summary["mode"], summary["records"]) == (Mode.BACKFILL.value, 20)


def test_a_stream_starts_from_texts(files: dict[str, Path]) -> None:
    pytest.importorskip("google.cloud.bigquery")
    ran = start(
        "stream",
        rules=files["rules"],
        events=files["events"],
        output=files["output"],
        pace="1000000x",
        disorder="0s",
        late="0s",
        event_seed="1",
        events_per_bundle="8",
        settle_delay="1s",
        allowed_lateness="1h",
        max_age="40000d",
        grid="1s",
        input_shape="canonical",
        runner="DirectRunner",
        direct_num_workers="1",
    )
    assert ran.returncode == Exit.FINE, ran.stderr
    lines = [line for file in (files["output"] / "decisions").iterdir() for line in file.read_text().splitlines()]
    assert [json.loads(line)["decision"] for line in lines] == ["fired"]


def test_a_reingest_starts_from_texts_and_refuses_the_first_that_is_wrong(tmp_path: Path) -> None:
    pytest.importorskip("google.cloud.bigquery")
    right: dict[str, object] = {
        "dataset": "shop-1.marketing",
        "table": "dead_letters",
        "stage": "intake",
        "reason": "not_json",
        "since": "2026-11-01T00:00:00Z",
        "until": "2026-11-02T00:00:00Z",
        "limit": "5",
        "output": tmp_path / "messages.jsonl",
        "input_shape": "canonical",
    }
    ran = start("reingest", **right, allowed_lateness="soon")
    assert (ran.returncode, ran.stdout) == (Exit.UNUSABLE, "")
    assert ran.stderr.startswith("reingest: error: --allowed_lateness soon: write 90s")
