"""What is written about people is for its owner alone, unless the run was asked to share it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from stat import S_IMODE

import pytest

from kittiwake.output.text_files import write_file
from kittiwake.pipelines.backfill import main as backfill
from kittiwake.pipelines.options.backfill import parse_options
from kittiwake.pipelines.whole_file import write_lines
from kittiwake.private_files import kept_from_others
from tests.cli.command import kittiwake

RULES = "account: shop\nrules:\n  - {id: left, when: cart.item_added, wait: 1h, unless: order.completed}\n"
EVENT = (
    '{"event_id": "1", "account_id": "shop", "contact_id": "anna", "type": "cart.item_added", '
    '"time": "2026-01-01T10:00:00Z"}\n'
)


@pytest.fixture(autouse=True)
def _usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "events.jsonl").write_text(EVENT)
    return tmp_path


def rights_of_others(folder: Path) -> dict[str, int]:
    """What group and others may do with a folder and each file and folder in it."""
    return {
        str(path.relative_to(folder)): S_IMODE(path.stat().st_mode) & 0o077 for path in [folder, *folder.rglob("*")]
    }


@pytest.mark.parametrize("written", ["jsonl", "parquet"])
def test_only_its_owner_can_read_what_a_replay_writes(shop: Path, written: str) -> None:
    asked = ["--rules", shop / "rules.yaml", "--input", shop / "events.jsonl", "--output", shop / "out"]
    assert kittiwake("replay", *asked, "--snapshots", "--format", written).code == 0
    rights = rights_of_others(shop / "out")
    assert len(rights) > 6
    assert set(rights.values()) == {0}


def test_a_replay_shares_its_files_when_it_is_asked_to(shop: Path) -> None:
    asked = ["--rules", shop / "rules.yaml", "--input", shop / "events.jsonl", "--output", shop / "out"]
    assert kittiwake("replay", *asked, "--shared").code == 0
    rights = rights_of_others(shop / "out")
    assert rights["summary.json"] == 0o044
    assert rights["."] == rights["triggers"] == 0o055


def test_only_its_owner_can_read_what_a_backfill_writes(shop: Path) -> None:
    asked = ["--rules", shop / "rules.yaml", "--input", shop / "events.jsonl", "--output", shop / "out"]
    assert backfill([str(text) for text in asked]) == 0
    rights = rights_of_others(shop / "out")
    assert len(rights) > 6
    assert set(rights.values()) == {0}


def test_a_backfill_is_asked_to_share_as_a_replay_is() -> None:
    asked = ["--rules", "rules.yaml", "--input", "events.jsonl", "--output", "out"]
    assert not parse_options(asked).shared
    assert parse_options([*asked, "--shared"]).shared


def test_records_and_pages_are_for_their_owner_alone(tmp_path: Path) -> None:
    write_lines(tmp_path / "records.jsonl", [b"{}\n"])
    write_file(tmp_path / "page.html", "page", force=False, private=True)
    assert rights_of_others(tmp_path / "records.jsonl") == {".": 0}
    assert rights_of_others(tmp_path / "page.html") == {".": 0}


def test_a_file_that_is_not_about_people_has_the_rights_of_the_umask(tmp_path: Path) -> None:
    write_file(tmp_path / "rules.yaml", RULES, force=False)
    assert rights_of_others(tmp_path / "rules.yaml") == {".": 0o044}


def test_the_umask_is_as_it_was_when_a_run_is_over() -> None:
    with kept_from_others(shared=False):
        assert os.umask(0o022) == 0o077
    assert os.umask(0o022) == 0o022


def test_a_stricter_umask_stays_stricter() -> None:
    os.umask(0o777)
    with kept_from_others(shared=False):
        assert os.umask(0o777) == 0o777
