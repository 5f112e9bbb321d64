"""Inspect reads files of any size in the memory of a small one, and says how far it has come."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import resource, sys
from kittiwake.inspect.inspection import inspect_files
reports = []
found = inspect_files([sys.argv[1]], "acme", 1_796_000_000 * 10**6, lambda *far: reports.append(far))
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(found.outcome.records, found.outcome.events, memory, len(reports), reports[-1][0] == reports[-1][1])
"""


def _inspected(folder: Path, rows: int) -> list[int]:
    path = folder / f"{rows}.csv"
    with path.open("w") as stream:
        stream.write("event_time,event_type,price,user_id,session\n")
        for at in range(rows):
            stream.write(f"2026-01-{at % 28 + 1:02} 10:00:00 UTC,view,{at % 997}.5,u{at % (rows // 5)},s{at}\n")
    ran = subprocess.run([sys.executable, "-c", SCRIPT, path], capture_output=True, text=True, check=True)
    *numbers, is_whole = ran.stdout.split()
    assert is_whole == "True"
    return [int(one) for one in numbers]


@pytest.mark.nightly
def test_fifty_times_the_rows_take_no_more_than_the_bounds_of_the_counts(tmp_path: Path) -> None:
    records, events, small_mb, _ = _inspected(tmp_path, 100_000)
    assert (records, events) == (100_000, 100_000)
    records, events, large_mb, reports = _inspected(tmp_path, 5_000_000)
    assert (records, events) == (5_000_000, 5_000_000)
    assert reports > 500
    assert large_mb < small_mb + 150
