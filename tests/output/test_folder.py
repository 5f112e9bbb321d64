"""The output folder: whole or not at all, and never anybody else's."""

from __future__ import annotations

from pathlib import Path

import pytest

from kittiwake.output.folder import FOLDERS, SUMMARY, OutputError, open_output
from tests.dying import listing


def run(folder: Path, text: str, *, parts: int = 1) -> None:
    output = open_output(folder)
    for name in FOLDERS:
        for part in range(parts):
            (output.partial / name / f"part-{part}.jsonl").write_text(text)
    (output.partial / SUMMARY).write_text(text)
    output.publish()


WHOLE = {"decisions/part-0.jsonl", "triggers/part-0.jsonl", "dead_letters/part-0.jsonl", "summary.json"}


def test_a_folder_is_made_with_all_above_it(tmp_path: Path) -> None:
    run(tmp_path / "a" / "b", "one")
    assert listing(tmp_path / "a" / "b") == dict.fromkeys(WHOLE, "one")


def test_an_empty_folder_is_used(tmp_path: Path) -> None:
    run(tmp_path, "one")
    assert set(listing(tmp_path)) == WHOLE


def test_a_second_run_replaces_the_first_and_leaves_what_is_not_ours(tmp_path: Path) -> None:
    run(tmp_path, "one", parts=3)
    (tmp_path / "notes.txt").write_text("mine")
    run(tmp_path, "two")
    assert listing(tmp_path) == {**dict.fromkeys(WHOLE, "two"), "notes.txt": "mine"}


@pytest.mark.parametrize("there", ["notes.txt", "decisions/part-0.jsonl", ".hidden"])
def test_a_folder_that_no_run_wrote_is_refused_and_untouched(tmp_path: Path, there: str) -> None:
    (tmp_path / there).parent.mkdir(exist_ok=True)
    (tmp_path / there).write_text("mine")
    with pytest.raises(OutputError, match="is not empty and no earlier run wrote it"):
        open_output(tmp_path)
    assert listing(tmp_path) == {there: "mine"}
    assert not (tmp_path / ".kittiwake").exists()


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(OutputError, match=r"cannot write to the output .*out: Not a directory"):
        open_output(tmp_path / "out")


def test_until_it_is_published_a_run_changes_nothing(tmp_path: Path) -> None:
    run(tmp_path, "one")
    output = open_output(tmp_path)
    (output.partial / "triggers" / "part-0.jsonl").write_text("half")
    assert {name: text for name, text in listing(tmp_path).items() if not name.startswith(".partial")} == (
        dict.fromkeys(WHOLE, "one")
    )
    output.discard()
    assert listing(tmp_path) == dict.fromkeys(WHOLE, "one")


def test_a_discarded_first_run_leaves_no_trace(tmp_path: Path) -> None:
    open_output(tmp_path / "out").discard()
    assert list(tmp_path.iterdir()) == []


def test_after_a_run_that_was_killed_the_next_one_starts_afresh(tmp_path: Path) -> None:
    killed = open_output(tmp_path)
    (killed.partial / "triggers" / "part-9.jsonl").write_text("half")
    killed.release()  # as the operating system does with what a dead process held
    run(tmp_path, "one")
    assert set(listing(tmp_path)) == WHOLE


def test_two_runs_at_once_into_one_folder_are_one_too_many(tmp_path: Path) -> None:
    for folder in (tmp_path / "new", tmp_path / "old"):
        if folder.name == "old":
            run(folder, "before")
        first = open_output(folder)
        (first.partial / "triggers" / "part-0.jsonl").write_text("half")
        with pytest.raises(OutputError, match="another run is writing into the output"):
            open_output(folder)
        assert (first.partial / "triggers" / "part-0.jsonl").read_text() == "half"
        first.discard()
        run(folder, "one")
        assert set(listing(folder).values()) == {"one"}


def test_a_run_that_lacks_something_puts_nothing_in_the_place_of_the_earlier_one(tmp_path: Path) -> None:
    run(tmp_path, "one")
    output = open_output(tmp_path)
    (output.partial / SUMMARY).write_text("two")
    (output.partial / "decisions").rmdir()
    with pytest.raises(OSError, match="decisions"):
        output.publish()
    output.discard()
    assert listing(tmp_path) == dict.fromkeys(WHOLE, "one")
