"""What hosts read from a target: the whole history, or what is wrong with it, in a sentence; and freezing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kittiwake.rules import RulesError, TargetError, always, load, load_files, load_rules
from kittiwake.rules.publishing import opening, reading
from kittiwake.rules.publishing.errors import ConflictError, UnchangedError
from kittiwake.rules.publishing.freezing import ATTEMPTS, freeze, unfreeze
from kittiwake.rules.publishing.layout import sha256
from kittiwake.rules.publishing.loading import load_history
from kittiwake.rules.publishing.local import LocalTarget
from kittiwake.rules.publishing.opening import open_target
from kittiwake.rules.publishing.publish import publish
from kittiwake.rules.publishing.target import Target
from kittiwake.values import canonical_bytes
from tests.rules.published import CART, FIRST, LATER_US, NOW_US, SECOND, entry_points, first, target_of


@pytest.fixture
def target(tmp_path: Path) -> Target:
    """Two versions."""
    made = target_of(tmp_path)
    first(made)
    publish(made, SECOND, LATER_US, NOW_US)
    return made


def edit(target: Target, change: Callable[[Any], None]) -> None:
    """Change the pointer, and its own digest with it."""
    path = Path(target.location) / "pointer.json"
    pointer = json.loads(path.read_text())
    change(pointer)
    pointer["sha256"] = ""
    pointer["sha256"] = sha256(canonical_bytes(pointer))
    path.write_text(json.dumps(pointer))


def version_file(target: Target, number: int) -> Path:
    pointer = json.loads((Path(target.location) / "pointer.json").read_text())
    return Path(target.location) / pointer["versions"][number]["file"]


def forge(target: Target, number: int, change: Callable[[Any], None]) -> None:
    """Change a version, and the pointer's digest with it."""
    path = version_file(target, number)
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))
    edit(target, lambda pointer: pointer["versions"][number].update(sha256=sha256(path.read_bytes())))


# ---------------------------------------------------------------- histories


def test_a_history_is_every_version_in_its_order(target: Target) -> None:
    history = load_history(target)
    assert [(one.effective_us, one.ruleset) for one in history.versions] == [
        (None, load_files(FIRST)),
        (LATER_US, load_files(SECOND)),
    ]
    assert history.frozen_at_us is None


def test_a_target_without_a_pointer_is_told_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match=r"has no pointer\.json: nothing has been published into it.*kittiwake publ"):
        load_history(target_of(tmp_path))


POINTERS: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "cannot be read"),
    "no JSON": (b"\x00\xff", "cannot be read"),
    "not UTF-8": (b'{"format": 1, "versions": [], "frozen_at": "\xff"}', "cannot be read"),
    "another thing": (b"[1]", "cannot be read"),
    "no format": (b'{"versions": []}', "missing required field `format`"),
    "a later format": (b'{"format": 3, "more": true}', "is of format 3, and this release reads format 2"),
    "no digest": (b'{"format": 2, "versions": [], "frozen_at": null}', "not what was written: its own SHA-256"),
    "no versions": (b'{"format": 1, "versions": [], "frozen_at": null}', "names 0 versions"),
    "an unknown key": (b'{"format": 1, "versions": [], "frozen_at": null, "x": 1}', "unknown field `x`"),
    "deep": (b'{"format": 1, "versions": ' + b"[" * 100_000, "cannot be read"),
}


@pytest.mark.parametrize("name", POINTERS)
def test_a_pointer_that_is_none_is_told_in_a_sentence(name: str, tmp_path: Path) -> None:
    data, said = POINTERS[name]
    (tmp_path / "pointer.json").write_bytes(data)
    target = open_target(str(tmp_path))
    for act in (
        lambda: load_history(target),
        lambda: publish(target, SECOND, LATER_US, NOW_US),
        lambda: freeze(target, NOW_US),
        lambda: unfreeze(target),
    ):
        with pytest.raises(TargetError, match=said) as caught:
            act()
        assert str(caught.value).startswith(f"{tmp_path}/pointer.json")
    assert (tmp_path / "pointer.json").read_bytes() == data


def swap_versions(pointer: Any) -> None:
    pointer["versions"].reverse()


EDITS: dict[str, tuple[Callable[[Any], None], str]] = {
    "not rising": (swap_versions, "its versions do not rise"),
    "twice the same": (lambda p: p["versions"].append(p["versions"][-1]), "its versions do not rise"),
    "no time": (lambda p: p["versions"][1].update(effective_from="noon"), "'noon' is not"),
    "another way to write it": (
        lambda p: p["versions"][1].update(effective_from="2026-11-01T10:30:00+01:00"),
        "is not written as",
    ),
    "no time of the calendar": (
        lambda p: p["versions"][1].update(effective_from="0001-01-01T00:00:00+23:00"),
        "is not written as",
    ),
    "a file outside": (lambda p: p["versions"][1].update(file="../../secrets.json"), "not where that version is kept"),
    "frozen at no time": (lambda p: p.update(frozen_at="now"), "'now' is not"),
}


@pytest.mark.parametrize("name", EDITS)
def test_a_pointer_that_says_what_cannot_be_is_told_in_a_sentence(name: str, target: Target) -> None:
    change, said = EDITS[name]
    edit(target, change)
    with pytest.raises(TargetError, match=said):
        load_history(target)


def test_a_pointer_with_one_bit_flipped_is_refused_wherever_it_is(target: Target) -> None:
    freeze(target, NOW_US)
    path = Path(target.location) / "pointer.json"
    data = path.read_bytes()
    for at in range(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :])
        with pytest.raises(TargetError, match=r"pointer\.json cannot be read"):
            load_history(target)


def test_a_pointer_of_the_release_before_is_read_and_gets_its_digest_with_the_next_change(target: Target) -> None:
    path = Path(target.location) / "pointer.json"
    pointer = json.loads(path.read_text())
    del pointer["sha256"]
    path.write_text(json.dumps({**pointer, "format": 1}))
    assert load_history(target).newest.ruleset == load_files(SECOND)
    freeze(target, NOW_US)
    frozen = json.loads(path.read_text())
    assert frozen["format"] == 2
    assert len(frozen["sha256"]) == 64
    assert load_history(target).frozen_at_us == NOW_US


def test_more_versions_than_a_target_can_hold_are_refused(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "VERSIONS_MAX", 1)
    with pytest.raises(TargetError, match="names 2 versions, and a target has 1 to 1"):
        load_history(target)


@pytest.mark.parametrize("number", [0, 1])
def test_a_missing_version_is_told_in_a_sentence(number: int, target: Target) -> None:
    path = version_file(target, number)
    path.unlink()
    with pytest.raises(TargetError) as caught:
        load_history(target)
    assert str(caught.value).startswith(f"{path} is missing, and the pointer names it.")


@pytest.mark.parametrize("number", [0, 1])
def test_an_altered_version_is_told_in_a_sentence(number: int, target: Target) -> None:
    path = version_file(target, number)
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(TargetError) as caught:
        load_history(target)
    assert str(caught.value).startswith(f"{path} is not what was published: its SHA-256 is another.")


def test_a_version_of_a_later_format_is_told_in_a_sentence(target: Target) -> None:
    forge(target, 1, lambda file: file.update(format=7))
    with pytest.raises(TargetError, match="is of format 7, and this release reads format 2"):
        load_history(target)


def test_a_version_under_another_name_is_told_in_a_sentence(target: Target) -> None:
    forge(target, 1, lambda file: file.update(effective_from="2026-12-01T00:00:00Z"))
    with pytest.raises(TargetError, match="holds another version than the pointer says"):
        load_history(target)


def test_rules_that_this_release_reads_otherwise_are_told_in_a_sentence(target: Target) -> None:
    forge(target, 1, lambda file: file["files"].update({"cart.yaml": CART.decode().replace("1h", "2h")}))
    with pytest.raises(TargetError, match=r"in this release. Run the release that published it"):
        load_history(target)


def test_rules_that_this_release_refuses_keep_their_lines_behind_the_versions_name(target: Target) -> None:
    forge(target, 1, lambda file: file["files"].update({"cart.yaml": CART.decode().replace("1h", "1 hour")}))
    with pytest.raises(RulesError) as caught:
        load_history(target)
    assert str(caught.value).startswith(f'{version_file(target, 1)}/cart.yaml:5:11: "1 hour" is no duration.')


# ---------------------------------------------------------------- one entry for hosts


def test_files_and_folders_have_been_in_force_always(tmp_path: Path) -> None:
    (tmp_path / "cart.yaml").write_bytes(CART)
    (tmp_path / "welcome.yaml").write_bytes(SECOND["deep/welcome.yaml"])
    assert load_rules(tmp_path) == always(load(tmp_path))
    one, other = tmp_path / "cart.yaml", str(tmp_path / "welcome.yaml")
    assert load_rules(one, other) == always(load(one, other))


def test_a_target_is_its_whole_history(target: Target) -> None:
    assert load_rules(target.location) == load_rules(Path(target.location)) == load_history(target)


def test_a_bucket_is_its_whole_history(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from kittiwake.pipelines.google import gcs_rules

    monkeypatch.setattr(opening, "entry_points", entry_points(gs=gcs_rules.open_target))
    target = open_target(f"{bucket}/rules")
    first(target)
    publish(target, SECOND, LATER_US, NOW_US)
    freeze(target, NOW_US)
    history = load_rules(f"{bucket}/rules")
    assert [one.ruleset for one in history.versions] == [load_files(FIRST), load_files(SECOND)]
    assert history.frozen_at_us == NOW_US
    assert unfreeze(target) == NOW_US


def test_a_target_stands_alone(target: Target, tmp_path: Path) -> None:
    (tmp_path / "cart.yaml").write_bytes(CART)
    with pytest.raises(TargetError, match="Name no other rules beside it"):
        load_rules(tmp_path / "cart.yaml", target.location)


def test_a_scheme_is_left_to_the_package_that_tells_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "entry_points", entry_points(tmp=lambda text: LocalTarget(tmp_path / text[6:])))
    first(open_target("tmp://one"))
    assert load_rules("tmp://one") == load_rules(tmp_path / "one")


def test_an_unknown_scheme_is_told_which_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "entry_points", entry_points(gs=LocalTarget, tmp=LocalTarget))
    with pytest.raises(TargetError, match=r"s3:// is not known here. Write a folder, or one of: gs://…, tmp://…\."):
        load_rules("s3://bucket/rules")


def test_without_googles_client_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from kittiwake.pipelines.google import gcs_rules

    monkeypatch.setitem(sys.modules, "google.cloud", None)
    with pytest.raises(TargetError, match=r"pip install 'kittiwake\[gcp\]'"):
        gcs_rules.open_target("gs://bucket/rules")


# ---------------------------------------------------------------- freezing


def test_a_frozen_target_says_since_when_until_it_goes_on(target: Target) -> None:
    before = load_history(target)
    freeze(target, NOW_US)
    assert load_history(target).frozen_at_us == NOW_US
    assert load_history(target).versions == before.versions
    assert unfreeze(target) == NOW_US
    assert load_history(target) == before


def test_what_is_frozen_is_not_frozen_again(target: Target) -> None:
    freeze(target, NOW_US)
    with pytest.raises(UnchangedError, match=r"has been frozen already, at 2026-11-01T09:00:00Z"):
        freeze(target, LATER_US)
    assert load_history(target).frozen_at_us == NOW_US


def test_what_is_not_frozen_does_not_go_on(target: Target) -> None:
    with pytest.raises(UnchangedError, match="is not frozen"):
        unfreeze(target)


def test_nothing_published_is_nothing_to_freeze(tmp_path: Path) -> None:
    for act in (lambda: freeze(target_of(tmp_path), NOW_US), lambda: unfreeze(target_of(tmp_path))):
        with pytest.raises(TargetError, match=r"has no pointer\.json"):
            act()
    assert not (tmp_path / "target").exists()


def test_a_version_published_into_a_frozen_target_leaves_it_frozen(tmp_path: Path) -> None:
    target = target_of(tmp_path)
    first(target)
    freeze(target, NOW_US)
    publish(target, SECOND, LATER_US, NOW_US)
    history = load_history(target)
    assert (len(history.versions), history.frozen_at_us) == (2, NOW_US)


def test_a_target_with_a_damaged_version_can_be_frozen(target: Target) -> None:
    version_file(target, 1).write_text("")
    freeze(target, NOW_US)
    assert unfreeze(target) == NOW_US


class Busy(LocalTarget):
    """A folder in which somebody else is quicker a number of times."""

    times = 0

    def swap(self, name: str, data: bytes, expected_generation: str | None) -> None:
        if self.times:
            self.times -= 1
            raise ConflictError("somebody else")
        super().swap(name, data, expected_generation)


def test_who_freezes_tries_again_when_a_publisher_was_quicker(target: Target) -> None:
    busy = Busy(target.location)
    busy.times = ATTEMPTS - 1
    freeze(busy, NOW_US)
    assert load_history(target).frozen_at_us == NOW_US
    busy.times = ATTEMPTS
    with pytest.raises(ConflictError):
        unfreeze(busy)
    assert load_history(target).frozen_at_us == NOW_US
