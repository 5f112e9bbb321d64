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
    rows = [line.split(" | ") for line in capsys.readouterr().out.splitlines() if line.startswith("| events.")]
    assert len({row[-1] for row in rows}) == 1, rows
    if events > 1_000_000:  # below, starting up is most of it
        costs = {row[0].strip("| "): (float(row[2]), float(row[4].replace(",", ""))) for row in rows}
        assert costs["events.parquet"][0] <= columnar.RATIO_MAX * costs["events.jsonl"][0]
        assert costs["events.parquet"][1] < 1_000
