"""Inputs and outputs on another file system: here one of Beam's own kind, whose buckets are folders."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from apache_beam.io.localfilesystem import LocalFileSystem

from kittiwake.errors import UnusableError
from kittiwake.input.errors import InputError
from kittiwake.input.single import event_from
from kittiwake.model import Event
from kittiwake.output.folder import OutputError
from kittiwake.pipelines.backfill import main
from kittiwake.pipelines.flags import shape_option
from kittiwake.pipelines.locations import open_location
from kittiwake.terminal.exit_codes import Exit
from kittiwake.transforms.input_files import InputFile, input_files
from tests.input.inputs import as_sets, record, write_lines
from tests.pipelines.running import Job, arguments
from tests.shape_files.shaping import RECORD, START_US, shape_text

LINES = [record(event_id="e1"), record(event_id="e2", contact_id="c9", time="2026-11-01T17:00:00Z"), b"{"]


class Elsewhere(LocalFileSystem):  # type: ignore[misc]
    """`elsewhere://bucket/file` is a file below the folder `elsewhere:` of the working directory."""

    @classmethod
    def scheme(cls) -> str:
        return "elsewhere"

    def split(self, path: str) -> tuple[str, str]:
        return os.path.split(path)


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "elsewhere:" / "bucket"
    folder.mkdir(parents=True)
    return folder


def test_a_job_from_and_to_another_file_system_is_the_same_job(job: Job, bucket: Path, tmp_path: Path) -> None:
    here = job(write_lines(tmp_path / "events.jsonl", LINES))
    write_lines(bucket / "a.jsonl", LINES[:1])
    write_lines(bucket / "b.jsonl.gz", LINES[1:])
    argv = arguments(job.rules, "elsewhere://bucket/*", Path("out"))
    argv[argv.index("--output") + 1] = "elsewhere://bucket/runs/1"
    assert (here.code, main(argv)) == (Exit.FINE, Exit.FINE)
    assert as_sets(bucket / "runs" / "1") == as_sets(here.output)
    assert main(argv) == Exit.UNUSABLE  # what is there is not replaced


def test_remote_and_local_files_are_read_together(bucket: Path, tmp_path: Path) -> None:
    write_lines(bucket / "a.jsonl", LINES)
    (tmp_path / "[a].jsonl").write_bytes(b"12345")
    found = input_files(["elsewhere://bucket/*.jsonl", "[a].jsonl"])
    size = (bucket / "a.jsonl").stat().st_size
    assert found == (InputFile("[a].jsonl", 5), InputFile("elsewhere://bucket/a.jsonl", size))


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("elsewhere://bucket/gone*", "no file matches elsewhere://bucket/gone*"),
        ("elsewhere://bucket/x.avro", "cannot read elsewhere://bucket/x.avro: only JSON lines are read"),
        ("nowhere://bucket/x", "cannot read nowhere://bucket/x: Unable to get filesystem from specified path"),
    ],
)
def test_a_remote_input_that_cannot_be_read_is_named(bucket: Path, pattern: str, message: str) -> None:
    (bucket / "x.avro").write_bytes(b"Obj")
    with pytest.raises(InputError) as error:
        input_files([pattern])
    assert str(error.value).startswith(message)


def test_a_shape_file_elsewhere_is_read_as_one_here(bucket: Path, tmp_path: Path) -> None:
    raw = json.dumps(RECORD).encode()
    found = []
    for folder, name in ((tmp_path, "shop.yaml"), (bucket, "elsewhere://bucket/shop.yaml")):
        (folder / "shop.yaml").write_text(shape_text())
        found.append(event_from(raw, START_US, shape_option(name, None)))
    assert isinstance(found[0], Event)
    assert found[0] == found[1]
    with pytest.raises(UnusableError, match="--input_shape: cannot read elsewhere"):
        shape_option("elsewhere://bucket/gone.yaml", None)


def test_a_remote_output_that_holds_anything_is_refused(bucket: Path) -> None:
    (bucket / "deep").mkdir()
    write_lines(bucket / "deep" / "er.txt", [b"mine"])
    with pytest.raises(OutputError, match="the output elsewhere://bucket is not empty"):
        open_location("elsewhere://bucket")
    with pytest.raises(OutputError, match="cannot write to the output nowhere://bucket"):
        open_location("nowhere://bucket")
