"""What every target promises, asked of each: a folder, and a bucket in a service that knows preconditions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kittiwake.pipelines.google import gcs_rules
from kittiwake.rules.publishing import bounds, local
from kittiwake.rules.publishing.errors import ConflictError, ExistsError, TargetError
from kittiwake.rules.publishing.opening import open_target
from kittiwake.rules.publishing.target import Held, Target

NAME = "versions/always-3f0c5a1b2d4e.json"
AT_ONCE = 8


@pytest.fixture(params=["folder", "bucket"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Target:
    if request.param == "folder":
        return open_target(str(tmp_path / "deep" / "target"))
    return gcs_rules.open_target(f"{request.getfixturevalue('bucket')}/deep/target")


def held(target: Target, name: str) -> Held:
    found = target.read(name)
    assert found is not None
    return found


def test_what_is_not_there_is_none(target: Target) -> None:
    assert target.read("pointer.json") is None
    assert target.read(NAME) is None


def test_what_was_created_is_read_as_it_was_written(target: Target) -> None:
    data = bytes(range(256)) * 1_000
    target.create(NAME, data)
    assert held(target, NAME).data == data


def test_an_empty_object_is_there(target: Target) -> None:
    target.create(NAME, b"")
    assert held(target, NAME).data == b""


def test_what_was_created_is_not_created_again_and_stays(target: Target) -> None:
    target.create(NAME, b"first")
    with pytest.raises(ExistsError, match=r"always-3f0c5a1b2d4e\.json is there already"):
        target.create(NAME, b"second")
    assert held(target, NAME).data == b"first"


def test_a_swap_of_what_was_read_replaces_it(target: Target) -> None:
    target.swap("pointer.json", b"one", None)
    target.swap("pointer.json", b"two", held(target, "pointer.json").generation)
    assert held(target, "pointer.json").data == b"two"


def test_a_swap_of_what_is_another_by_now_is_refused_and_changes_nothing(target: Target) -> None:
    target.swap("pointer.json", b"one", None)
    old = held(target, "pointer.json").generation
    target.swap("pointer.json", b"two", old)
    for expected in (old, None):
        with pytest.raises(ConflictError, match="changed meanwhile by somebody else"):
            target.swap("pointer.json", b"three", expected)
    assert held(target, "pointer.json").data == b"two"


def test_a_swap_of_what_is_gone_is_refused(target: Target) -> None:
    with pytest.raises(ConflictError):
        target.swap("pointer.json", b"one", "123")
    assert target.read("pointer.json") is None


def test_of_swaps_at_once_one_wins_and_the_others_are_told(target: Target) -> None:
    target.swap("pointer.json", b"before", None)
    generation = held(target, "pointer.json").generation

    def swap(number: int) -> int | None:
        try:
            target.swap("pointer.json", f"{number}".encode() * 50_000, generation)
        except ConflictError:
            return None
        return number

    with ThreadPoolExecutor(AT_ONCE) as pool:
        (winner,) = [number for number in pool.map(swap, range(AT_ONCE)) if number is not None]
    assert held(target, "pointer.json").data == f"{winner}".encode() * 50_000


def test_of_creations_at_once_one_wins_and_the_others_are_told(target: Target) -> None:
    def create(number: int) -> int | None:
        try:
            target.create(NAME, f"{number}".encode() * 50_000)
        except ExistsError:
            return None
        return number

    with ThreadPoolExecutor(AT_ONCE) as pool:
        (winner,) = [number for number in pool.map(create, range(AT_ONCE)) if number is not None]
    assert held(target, NAME).data == f"{winner}".encode() * 50_000


def test_what_is_too_large_is_not_read(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (local, gcs_rules):
        monkeypatch.setattr(module, "OBJECT_BYTES_MAX", 10)
    target.create("versions/a.json", b"x" * 10)
    target.create("versions/b.json", b"x" * 11)
    assert held(target, "versions/a.json").data == b"x" * 10
    with pytest.raises(TargetError, match="larger than 10 bytes"):
        target.read("versions/b.json")


def test_it_is_called_as_it_was_typed(tmp_path: Path, bucket: str) -> None:
    assert open_target(f"{tmp_path}/t").location == f"{tmp_path}/t"
    assert gcs_rules.open_target(f"{bucket}/a/b/").location == f"{bucket}/a/b"
    assert gcs_rules.open_target(bucket).location == bucket


# ---------------------------------------------------------------- a folder


def test_a_folder_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(TargetError, match=r"not empty \(thesis\.txt is there\).*Name a new folder"):
        open_target(str(tmp_path)).create(NAME, b"")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_what_lies_beside_a_pointer_is_left_alone(tmp_path: Path) -> None:
    target = open_target(str(tmp_path))
    target.swap("pointer.json", b"{}", None)
    (tmp_path / "README").write_text("mine")
    target.create(NAME, b"")
    assert (tmp_path / "README").read_text() == "mine"


def test_what_a_killed_writer_left_half_written_is_in_nobodys_way(tmp_path: Path) -> None:
    target = open_target(str(tmp_path))
    (tmp_path / ".partial").write_bytes(b'{"form')
    target.create(NAME, b"whole")
    (tmp_path / ".partial").write_bytes(b'{"form')
    target.swap("pointer.json", b"whole", None)
    assert (held(target, NAME).data, held(target, "pointer.json").data) == (b"whole", b"whole")
    assert not (tmp_path / ".partial").exists()


def test_a_path_through_a_file_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    target = open_target(str(tmp_path / "file"))
    assert target.read("pointer.json") is None
    with pytest.raises(TargetError, match="cannot be read or written"):
        target.create(NAME, b"")


# ---------------------------------------------------------------- a bucket


def test_a_bucket_that_is_not_there_is_told_when_it_is_written_to(bucket: str) -> None:
    target = gcs_rules.open_target(f"{bucket}-gone/rules")
    assert target.read("pointer.json") is None
    with pytest.raises(TargetError, match="there is no such bucket"):
        target.create(NAME, b"")


def test_two_prefixes_of_a_bucket_are_two_targets(bucket: str) -> None:
    one, other = (gcs_rules.open_target(f"{bucket}/{name}") for name in ("one", "other"))
    one.create(NAME, b"")
    assert other.read(NAME) is None


def test_a_swap_whose_answer_was_lost_and_that_was_repeated_is_done(bucket: str) -> None:
    """What Google's client does on its own: the second request finds the generation of the first."""
    target = gcs_rules.open_target(bucket)
    target.swap("pointer.json", b"ours", None)
    target.swap("pointer.json", b"ours", None)
    assert held(target, "pointer.json").data == b"ours"


def test_a_service_that_does_not_answer_is_told_in_a_sentence(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:9")
    monkeypatch.setattr(gcs_rules, "STORAGE_DEADLINE_S", 0.1)
    with pytest.raises(TargetError, match=r"^gs://nobody/pointer\.json cannot be reached: "):
        gcs_rules.open_target("gs://nobody").read("pointer.json")


def test_a_url_without_a_bucket_is_refused() -> None:
    with pytest.raises(TargetError, match=r"names no bucket. Write gs://bucket/prefix"):
        gcs_rules.open_target("gs:///rules")


def test_the_deadline_of_a_request_fits_into_the_skew() -> None:
    assert gcs_rules.STORAGE_DEADLINE_S * 1_000_000 < bounds.SKEW_US
