"""The benchmark of columnar intake: three ways over the same events fire the same."""

from __future__ import annotations

import sys

import pytest

from benchmarks import columnar


@pytest.mark.parametrize("events", [2_000, pytest.param(5_000_000, marks=pytest.mark.nightly)])
def test_json_lines_parquet_and_duckdb_fire_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], events: int
) -> None:
    monkeypatch.setattr(sys, "argv", ["columnar", "--events", str(events)])
    assert columnar.main() == 0
    table = {line.split(" | ")[0].strip("| "): line.split(" | ") for line in capsys.readouterr().out.splitlines()}
    if events > 1_000_000:  # below, starting up is most of it
        parquet, lines = (float(table[f"intake, events.{name}"][2]) for name in ("parquet", "jsonl"))
        assert parquet <= columnar.RATIO_MAX * lines
        assert float(table["events.parquet"][4].replace(",", "")) < 1_000
