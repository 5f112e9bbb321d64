"""The last steps of the jobs' mains: a fault at any call leaves what was there, or what is new, whole."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.dying import DIED, FAULTS, listing, ran
from tests.input.inputs import write_lines, write_rules
from tests.output.test_replacing import CART, LATER, rows_of
from tests.pipelines.running import ROOT, arguments

BACKFILL = """
import sys
from pathlib import Path
from kittiwake.output import replacing
from kittiwake.output.folder import open_output
from kittiwake.pipelines import backfill
from tests.dying import at_every_call

found, fault, folder, *argv = sys.argv[1:]
at_every_call(replacing, "replace", fault, found, Path(folder), lambda copy: open_output(copy).discard())
sys.exit(backfill.main(argv))
"""


@pytest.mark.parametrize(
    "fault",
    ["die", *(pytest.param(fault, marks=pytest.mark.nightly) for fault in ("fail", "SIGTERM"))],  # seconds a call
)
def test_a_backfill_with_a_fault_at_any_call_of_its_last_step_leaves_one_of_two_runs_whole(
    tmp_path: Path, fault: str
) -> None:
    rules, out = write_rules(tmp_path / "rules.yaml"), tmp_path / "out"
    runs = []
    for lines in ([LATER, b"{"], [CART, LATER]):
        events = write_lines(tmp_path / f"{len(runs)}.jsonl", lines)
        command = [sys.executable, "-m", "kittiwake.pipelines.backfill", *arguments(rules, events, out)]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        runs.append(rows_of(listing(out)))
    new, earlier = runs
    left = ran(BACKFILL, fault, out, *arguments(rules, tmp_path / "0.jsonl", out))
    assert len(left) > 20
    codes = {"die": {DIED}, "fail": {0, 2}, "SIGTERM": {0, 128 + signal.SIGTERM}}
    assert {each.code for each in left} == codes[fault]
    for each in left:
        seen = rows_of(each.seen)
        if fault == "die":
            assert "summary.json" not in seen or seen in runs, each
        else:
            assert seen == (new if each.code == 0 else earlier), each
            assert [name for name in each.seen if name.startswith(".")] == [] or "fail" in fault, each
        assert rows_of(each.later) in runs, each
        assert [name for name in each.later if name.startswith(".")] == [], each


REINGEST = """
import sys
from pathlib import Path
from kittiwake.stream.redelivery import Redelivery
from kittiwake.pipelines import reingest
from tests.dying import at_every_call

found, fault, folder = sys.argv[1:]
output = Path(folder) / "mended.jsonl"
feeds = [Redelivery(b'{"event_id": "e%d"}' % number, {}, 0) for number in range(3)]

def next_start(copy):
    if not (copy / output.name).exists():
        reingest._write(copy / output.name, feeds)

reingest.reingest = lambda options, fed: reingest.Published(reingest._write(output, feeds))
at_every_call(reingest, "_write", fault, found, Path(folder), next_start)
sys.exit(reingest.main(["--dataset", "shop-1.marketing", "--output", str(output)]))
"""


@pytest.mark.parametrize("fault", [*FAULTS, "SIGTERM"])
def test_a_file_of_records_is_whole_or_not_there_whatever_happens_at_any_call(tmp_path: Path, fault: str) -> None:
    pytest.importorskip("google.cloud.bigquery")
    (tmp_path / "notes").write_text("mine")
    whole = "".join(f'{{"event_id": "e{number}"}}\n' for number in range(3))
    left = ran(REINGEST, fault, tmp_path)
    assert len(left) > 4
    for each in left:
        assert each.seen.get("mended.jsonl") in (None, whole), each
        assert (each.later["mended.jsonl"], each.later["notes"]) == (whole, "mine"), each
        if fault in ("fail", "SIGTERM"):
            assert each.seen.get(".mended.jsonl.partial", "") == "", each  # no row; empty, where it was just made
            assert (each.code == 0) == ("mended.jsonl" in each.seen), each
        assert "Traceback" not in each.said
