"""One run in the place of another: whatever happens at whatever call, one of the two stands whole."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path

import pytest

from kittiwake.output.folder import FOLDERS, SUMMARY, OutputError, open_output
from tests.disks import mounted
from tests.dying import DIED, Left, listing, ran
from tests.input.inputs import record, write_lines, write_rules

REPLAY = """
import sys
from pathlib import Path
from kittiwake.cli.main import app
from kittiwake.output.folder import Output, open_output
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
    arguments = ("replay", "--allow-empty", "--rules", rules, "--output", out)
    runs = []
    for name, said in (("one", earlier), ("two", flags)):
        other = (*arguments[:-1], folder / name, "--input", folder / f"{name}.jsonl", *said)
        kittiwake(*other)
        runs.append(rows_of(listing(folder / name)))
    kittiwake(*arguments, "--input", folder / "one.jsonl", *earlier)
    left = ran(REPLAY, fault, out, *map(str, arguments), "--input", folder / "two.jsonl", *flags)
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


NIGHTLY = pytest.mark.nightly


@pytest.mark.parametrize(
    ("earlier", "flags"),
    [
        (("--snapshots",), ()),
        *(
            pytest.param(*one, marks=pytest.mark.nightly)
            for one in (((), ()), ((), ("--snapshots",)), (("--snapshots",),) * 2)
        ),
    ],
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


def test_a_call_that_fails_leaves_the_earlier_run_and_says_so_or_the_new_one_whole(tmp_path: Path) -> None:
    (one, two), left = replayed(tmp_path, "fail", "--snapshots")
    for each in left:
        is_done = each.code == 0
        assert (each.code, rows_of(each.seen)) == ((0, two) if is_done else (2, one)), each
        assert is_done or each.said.startswith("cannot write to the output "), each
        assert "Traceback" not in each.said
        assert rows_of(each.later) == rows_of(each.seen), each
    assert [each.call for each in left if each.code == 0] != []


def test_a_disk_that_takes_nothing_from_some_call_on_loses_neither_run(tmp_path: Path) -> None:
    (one, two), left = replayed(tmp_path, "break")
    for each in left:
        seen = rows_of(each.seen)
        assert "summary.json" not in seen or seen in (one, two), each
        assert "summary.json" in seen or "the next run finishes this" in each.said, each
        assert each.code == 2 or (each.code, seen) == (0, two)
        assert rows_of(each.later) in (one, two), each
    assert len({each.said.partition(": ")[0] for each in left}) == 3


@pytest.mark.parametrize("name", ["SIGTERM", *(pytest.param(one, marks=NIGHTLY) for one in ("SIGHUP", "SIGINT"))])
def test_a_signal_at_any_call_leaves_one_of_two_runs_whole_and_nothing_else(tmp_path: Path, name: str) -> None:
    (one, two), left = replayed(tmp_path, name)
    for each in left:
        assert [hidden for hidden in each.seen if hidden.startswith(".")] == [], each
        is_done = each.code == 0
        code = 128 + signal.Signals[name]
        assert (each.code, rows_of(each.seen)) == ((0, two) if is_done else (code, one)), each
        assert is_done or "interrupted; the output is as it was" in each.said
    assert {each.code for each in left} == {0, 128 + signal.Signals[name]}


# ---------------------------------------------------------------- what is refused


def earlier_run(folder: Path) -> dict[str, str]:
    """An output with a run of before in it."""
    output = open_output(folder)
    for name in FOLDERS:
        (output.partial / name / "part.jsonl").write_text(name)
    (output.partial / SUMMARY).write_text("one")
    output.publish()
    return listing(folder)


def put(path: Path, what: str) -> None:
    """Something else in the place of a run's rows."""
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    if what == "file":
        path.write_text("mine")
    elif what == "folder":
        path.mkdir()
    else:
        path.symlink_to(path.parent.parent / ("elsewhere" if what == "link" else "nowhere"))


@pytest.mark.parametrize("what", ["file", "link", "dangling link"])
@pytest.mark.parametrize("name", ["triggers", "dead_letters"])
def test_a_folder_that_cannot_be_replaced_is_refused_before_anything_is_read(
    tmp_path: Path, name: str, what: str
) -> None:
    out = tmp_path / "out"
    (tmp_path / "elsewhere").mkdir()
    earlier_run(out)
    put(out / name, what)
    before = listing(out)
    with pytest.raises(OutputError, match=f"the output cannot be replaced: .*out/{name} is (no folder|a link)"):
        open_output(out)
    assert listing(out) == before


@pytest.mark.parametrize("what", ["folder", "link"])
def test_a_summary_that_is_no_file_is_refused(tmp_path: Path, what: str) -> None:
    earlier_run(tmp_path / "out")
    put(tmp_path / "out" / SUMMARY, what)
    with pytest.raises(OutputError, match=r"summary\.json is no file"):
        open_output(tmp_path / "out")


def test_what_comes_to_stand_in_the_way_while_a_run_goes_on_loses_nothing(tmp_path: Path) -> None:
    before = earlier_run(tmp_path / "out")
    output = open_output(tmp_path / "out")
    (output.partial / SUMMARY).write_text("two")
    put(tmp_path / "out" / "triggers", "file")
    with pytest.raises(OutputError, match="triggers is no folder"):
        output.publish()
    output.discard()
    del before["triggers/part.jsonl"]
    assert listing(tmp_path / "out") == before | {"triggers": "mine"}


def test_a_mount_point_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    before = earlier_run(out)
    with mounted(out / "triggers"), pytest.raises(OutputError, match="triggers is a mount point"):
        open_output(out)
    assert listing(out) == before


def test_a_folder_that_may_not_be_written_to_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever may do everything is asked for as one who may not."""
    out = tmp_path / "out"
    before = earlier_run(out)
    (out / "triggers").chmod(0o555)
    may = os.access

    def asked(path: Path, mode: int) -> bool:
        return may(path, mode) and bool(Path(path).stat().st_mode & 0o200)

    monkeypatch.setattr(os, "access", asked)
    with pytest.raises(OutputError, match="triggers cannot be written to"):
        open_output(out)
    (out / "triggers").chmod(0o755)
    assert listing(out) == before
