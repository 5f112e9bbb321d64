"""A running job can be updated in place: the graph has the shape it had, and what the old job holds is read on.

`tests/pipelines/frozen` holds both as they were. A shape that differs has to be meant: a release that changes it says
so in CHANGELOG.md, with how a running job gets there.
"""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import Any, Final

import pytest

pytest.importorskip("google.cloud.bigquery")

import msgspec

from kittiwake.stream.contact.cell import Cell
from kittiwake.stream.records import buffered_of, dead_letter_of, decision_of, encode, late_event_of
from tests.pipelines.frozen.__main__ import GRAPH, RECORDS
from tests.pipelines.frozen.graph import shape_of_the_job
from tests.pipelines.frozen.records import Kept, begun, gone_on, records

ADVICE: Final = """
Dataflow's --update would refuse this, or lose what the running job holds. Put the old name, coder or field order back:
new fields go to the end of a record, with a default. If it has to be: say in CHANGELOG.md that running jobs are frozen,
drained and started anew from snapshots (docs/how-to/run-the-streaming-job.md), then freeze the new shape:
python -m tests.pipelines.frozen
"""
FROZEN: Final[dict[str, Any]] = json.loads(RECORDS.read_text(encoding="utf-8"))
READ: Final = {
    "Arrival": buffered_of,
    "Seed": buffered_of,
    "Told": decision_of,
    "Dead": dead_letter_of,
    "Late": late_event_of,
}
NEEDED: Final = {"Arrival": 5, "Seed": 3, "Told": 9, "Dead": 11, "Late": 11, "Cell": 4}
"""Fields without a default, a tag among them: a record of the first release that wrote any has at least these."""


def test_the_graph_has_the_shape_that_running_jobs_have(tmp_path: Path) -> None:
    frozen = GRAPH.read_text(encoding="utf-8").splitlines()
    changes = list(
        difflib.unified_diff(frozen, shape_of_the_job(tmp_path), "running jobs", "this release", lineterm="", n=1)
    )
    assert not changes, "\n".join([*changes, ADVICE])


def test_the_step_with_state_has_no_side_inputs_and_nothing_but_bytes() -> None:
    text = GRAPH.read_text(encoding="utf-8")
    step = text[text.index("Evaluate/Evaluate/ParDo(EvaluateDoFn)") :].split("\nJoinItems/")[0].splitlines()
    states = [line.split(": ")[1] for line in step if line.startswith("    state ")]
    assert states == ["bag_spec of bytes:v1", "read_modify_write_spec of bytes:v1"]
    assert "side input" not in text
    assert [line for line in step if "out " in line and " bytes:v1 in global_windows:v1" not in line] == []
    assert [line.split(" of ")[0] for line in step if "timer " in line] == [
        "    timer ts-slot: EVENT_TIME",
        "    timer ts-wake: EVENT_TIME",
    ]


@pytest.mark.parametrize("name", READ)
def test_a_record_of_the_running_job_is_read_as_it_was_meant(name: str) -> None:
    assert READ[name](bytes.fromhex(FROZEN["records"][name])) == records()[name], ADVICE


@pytest.mark.parametrize("name", READ)
def test_the_running_job_could_read_what_is_written_now(name: str) -> None:
    """Fields that it does not know stand at the end, where it does not look."""
    old, new = msgspec.msgpack.decode(bytes.fromhex(FROZEN["records"][name])), encode(records()[name])
    assert msgspec.msgpack.decode(new)[: len(old)] == old, ADVICE


@pytest.mark.parametrize("name", READ)
def test_a_record_without_the_fields_that_came_later_is_read(name: str) -> None:
    fields = msgspec.msgpack.decode(bytes.fromhex(FROZEN["records"][name]))
    short = msgspec.msgpack.encode(fields[: NEEDED[name]])
    assert READ[name](short) is not None, ADVICE


def test_a_cell_without_the_fields_that_came_later_is_read() -> None:
    fields = msgspec.msgpack.decode(bytes.fromhex(FROZEN["contact"]["cell"]))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(fields[: NEEDED["Cell"]]), type=Cell).traces == {}, ADVICE


def test_a_contact_in_the_middle_of_a_wait_goes_on_from_what_the_running_job_has_kept() -> None:
    contact = FROZEN["contact"]
    assert contact["told"]
    kept = Kept(bytes.fromhex(contact["cell"]), [bytes.fromhex(one) for one in contact["bag"]])
    assert gone_on(kept) == contact["told"], ADVICE


def test_it_goes_on_in_the_same_way_from_what_is_kept_now() -> None:
    """But for the ids, which have asked for the types of events since: what had been opened before keeps its own."""
    now, then = gone_on(begun()), FROZEN["contact"]["told"]
    assert [{**row, "trigger_id": ""} for row in now] == [{**row, "trigger_id": ""} for row in then]
    assert {row["trigger_id"] for row in now}.isdisjoint(row["trigger_id"] for row in then)
