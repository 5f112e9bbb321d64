"""A profile of many events takes no more memory than one of some."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

PROFILE = """
import resource, sys
from pathlib import Path
from kittiwake.batch.settings import RunSettings
from kittiwake.profile.reading import profile_files
found = profile_files([sys.argv[1]], RunSettings(2**60), None, lambda _: None)
print(found.profile.events, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
SPARE_MB = 60


def write_events(path: Path, number: int) -> None:
    chance = Random(number)
    with path.open("w") as file:
        for at in range(number):
            row = {
                "event_id": f"e{at}",
                "account_id": "acme",
                "contact_id": f"c{chance.randrange(number // 5)}",
                "type": f"t{chance.randrange(20)}",
                "time": f"2026-10-{1 + at % 28:02}T{at // 28 % 24:02}:00:00Z",
                "properties": {"order": f"o{at}", "total": chance.randrange(10**6), "items": [{"sku": f"s{at}"}]},
            }
            file.write(json.dumps(row) + "\n")


@pytest.mark.nightly
@pytest.mark.timeout(1_800)
def test_four_times_the_events_take_as_much_memory(tmp_path: Path) -> None:
    peaks_mb = []
    for number in (500_000, 2_000_000):
        write_events(tmp_path / "events.jsonl", number)
        command = [sys.executable, "-c", PROFILE, str(tmp_path / "events.jsonl")]
        events, peak_mb = map(int, subprocess.run(command, capture_output=True, check=True).stdout.split())
        assert events == number
        peaks_mb.append(peak_mb)
    assert peaks_mb[1] < peaks_mb[0] + SPARE_MB
