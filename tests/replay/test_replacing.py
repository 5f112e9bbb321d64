"""One run in the place of another: whatever happens at whatever call, one of the two stands whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.dying import DIED, Left, listing, ran
from tests.replay.inputs import record, write_lines, write_rules

REPLAY = """
import sys
from pathlib import Path
from kittiwake.cli.main import app
from kittiwake.replay.output import Output, open_output
from tests.dying import at_every_call

found, fault, folder, *argv = sys.argv[1:]
at_every_call(Output, "publish", fault, found, Path(folder), lambda copy: open_output(copy).discard())
app(argv)
"""

CART = record(event_id="e1", time="2026-11-02T09:00:00-05:00")
LATER = record(event_id="e2", contact_id="c9", type="page.viewed", time="2026-11-03T09:00:00-05:00")
"""By which the cart of the first has fired."""


def replayed(folder: Path, fault: str, *flags: str, earlier: tuple[str, ...] = ()) -> tuple[Runs, list[Left]]:
    """A replay into the output of an earlier one, with a fault at each call of its end."""
    rules, out = write_rules(folder / "rules.yaml"), folder / "out"
    write_lines(folder / "one.jsonl", [CART, LATER])
    write_lines(folder / "two.jsonl", [LATER, b"{"])
    places = ("replay", "--rules", rules, "--output", out)
    runs = []
    for name, said in (("one", earlier), ("two", flags)):
        other = (*places[:-1], folder / name, "--input", folder / f"{name}.jsonl", *said)
        kittiwake(*other)
        runs.append(rows_of(listing(folder / name)))
    kittiwake(*places, "--input", folder / "one.jsonl", *earlier)
    left = ran(REPLAY, fault, out, *map(str, places), "--input", folder / "two.jsonl", *flags)
    return (runs[0], runs[1]), left


Runs = tuple[dict[str, str], dict[str, str]]


def kittiwake(*arguments: str | Path) -> None:
    from tests.cli.command import kittiwake as command

    assert command(*arguments).code == 0


def rows_of(files: dict[str, str]) -> dict[str, str]:
    """The files of a run, which its clock has not marked; what lies in hidden folders is nobody's."""
    shown = {name: text for name, text in files.items() if not name.startswith(".")}
    if "summary.json" in shown:
        summary = json.loads(shown["summary.json"])
        shown["summary.json"] = str({name: summary[name] for name in ("events", "triggers", "dead_letters")})
    return shown


@pytest.mark.parametrize(
    ("earlier", "flags"), [((), ()), (("--snapshots",), ()), ((), ("--snapshots",)), (("--snapshots",),) * 2]
)
def test_a_replay_that_dies_at_any_call_leaves_one_of_two_runs_whole(
    tmp_path: Path, earlier: tuple[str, ...], flags: tuple[str, ...]
) -> None:
    (one, two), left = replayed(tmp_path, "die", *flags, earlier=earlier)
    assert one != two
    assert {each.code for each in left} == {DIED}
    for each in left:
        seen = rows_of(each.seen)
        assert "summary.json" not in seen or seen in (one, two), each.call
        assert rows_of(each.later) in (one, two), each.call
        assert [name for name in each.later if name.startswith(".")] == [], each.call
    assert [rows_of(each.later) for each in (left[0], left[-1])] == [one, two]
    assert len(left) > 20
