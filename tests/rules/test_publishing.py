"""Publishing: what is written, what is refused, and what a crash or a rival leaves."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from kittiwake.rules import RulesError, documents, load, load_files
from kittiwake.rules.check import document, wait
from kittiwake.rules.compile.versions import compile_versions
from kittiwake.rules.publishing import bounds, reading
from kittiwake.rules.publishing import publish as publish_module
from kittiwake.rules.publishing.bounds import LEAD_MAX_US, MIN_LEAD_US
from kittiwake.rules.publishing.changes import Change, What, changes
from kittiwake.rules.publishing.errors import ConflictError, TargetError, UnchangedError
from kittiwake.rules.publishing.loading import load_history
from kittiwake.rules.publishing.local import LocalTarget
from kittiwake.rules.publishing.publish import carry_out, prepare, publish
from kittiwake.time.instants import SECOND_US, format_instant
from tests.rules.published import CART, FIRST, LATER_US, NOW_US, SECOND, Crash, Crashing, first, target_of, tree


def starts(folder: Path) -> list[str]:
    pointer = json.loads((folder / "target" / "pointer.json").read_text())
    return [version["effective_from"] for version in pointer["versions"]]


# ---------------------------------------------------------------- what is written


def test_a_version_and_the_pointer_are_all_that_is_written(tmp_path: Path) -> None:
    target = target_of(tmp_path)
    version = load_files(SECOND).version
    publish(target, SECOND, LATER_US, NOW_US)
    name = f"versions/20261101T093000Z-{version}.json"
    assert set(tree(tmp_path / "target")) == {"pointer.json", name, ".lock"}
    assert json.loads((tmp_path / "target" / name).read_text()) == {
        "format": 1,
        "effective_from": "2026-11-01T09:30:00Z",
        "ruleset_version": version,
        "published_at": "2026-11-01T09:00:00Z",
        "files": {path: content.decode() for path, content in SECOND.items()},
    }
    pointer = json.loads((tmp_path / "target" / "pointer.json").read_text())
    assert (pointer["format"], pointer["frozen_at"], starts(tmp_path)) == (2, None, ["2026-11-01T09:30:00Z"])


def test_a_version_is_never_written_to_again(tmp_path: Path) -> None:
    target = target_of(tmp_path)
    first(target)
    before = tree(tmp_path / "target" / "versions")
    publish(target, SECOND, LATER_US, NOW_US)
    after = tree(tmp_path / "target" / "versions")
    assert len(after) == 2
    assert before.items() <= after.items()


@pytest.mark.parametrize(
    "content",
    [CART, b"\xef\xbb\xbf" + CART, CART.replace(b"\n", b"\r\n"), CART + "# ünïcode \U0001f6d2".encode()],
)
def test_a_version_loaded_again_is_the_same_rule_set_to_every_line_and_column(content: bytes, tmp_path: Path) -> None:
    target = target_of(tmp_path)
    files = {"a.yaml": content, "b.json": b'{"account": "globex", "rules": []}'}
    first(target, files)
    (version,) = load_history(target).versions
    assert version.ruleset == load_files(files)


LET_PASS_ONCE = b"""\
account: acme
rules:
  - id: r
    when: {event: a.b, where: {items.0: 5, totals.2024: {gte: 3}, total: {gt: "50"}}}
    wait: {until: contact.day, repeat: "FREQ=DAILY;UNTIL=20301231T120000"}
"""


def test_what_an_earlier_release_let_pass_is_read_from_its_versions_and_not_published_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version never changes, and a target that holds one that is refused would be lost."""
    target = target_of(tmp_path)
    with monkeypatch.context() as earlier:
        earlier.setattr(document, "check_paths", lambda _: iter(()))
        earlier.setattr(wait, "until_problem", lambda _: None)
        earlier.setattr(documents, "errors_of_quoted_numbers", lambda _: iter(()))
        published = first(target, {"rules.yaml": LET_PASS_ONCE})
    (version,) = load_history(target).versions
    assert version.ruleset.version == published.version.ruleset.version
    assert compile_versions([(None, version.ruleset)], "acme").newest.rules
    with pytest.raises(RulesError, match=r"items\.0(.|\n)*totals\.2024(.|\n)*is a text here(.|\n)*UNTIL"):
        publish(target, {"rules.yaml": LET_PASS_ONCE + b"# again\n"}, LATER_US, NOW_US)
    publish(target, FIRST, LATER_US, NOW_US)
    assert len(load_history(target).versions) == 2


def test_examples_published_are_the_rules_of_their_folder(tmp_path: Path, root: Path) -> None:
    folder = root / "examples" / "shop" / "rules"
    target = target_of(tmp_path)
    files = {path.name: path.read_bytes() for path in folder.glob("*.yaml") if ".test." not in path.name}
    first(target, files)
    assert load_history(target).newest.ruleset.version == load(folder).version


# ---------------------------------------------------------------- what is refused


def test_every_error_of_every_file_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    files = {"a.yaml": CART.replace(b"1h", b"1 hour"), "b.yaml": b"account: acme\nrules: [{id: x}]\n"}
    with pytest.raises(RulesError) as caught:
        first(target_of(tmp_path), files)
    assert {error.file for error in caught.value.errors} == {"a.yaml", "b.yaml"}
    assert not (tmp_path / "target").exists()


def test_a_time_nearer_than_the_lead_is_refused_and_told_the_first_that_is_not(tmp_path: Path) -> None:
    target = target_of(tmp_path)
    with pytest.raises(TargetError, match=r"nearer than 90s from now.* Write 2026-11-01T09:01:30Z or later"):
        publish(target, FIRST, NOW_US + MIN_LEAD_US - 1, NOW_US)
    publish(target, FIRST, NOW_US + MIN_LEAD_US, NOW_US)
    assert starts(tmp_path) == ["2026-11-01T09:01:30Z"]


def test_a_time_in_a_mistyped_year_is_refused(tmp_path: Path) -> None:
    target = target_of(tmp_path)
    with pytest.raises(TargetError, match=r"more than 366d from now. Write 2027-11-02T09:00:00Z or earlier"):
        publish(target, FIRST, NOW_US + LEAD_MAX_US + 1, NOW_US)
    publish(target, FIRST, NOW_US + LEAD_MAX_US, NOW_US)


@pytest.mark.parametrize("earlier_us", [0, 1, 60 * SECOND_US])
def test_a_version_that_is_not_after_the_newest_is_refused(earlier_us: int, tmp_path: Path) -> None:
    target = target_of(tmp_path)
    publish(target, FIRST, LATER_US, NOW_US)
    with pytest.raises(TargetError, match=r"not after that of the newest version, 2026-11-01T09:30:00Z"):
        publish(target, SECOND, LATER_US - earlier_us, NOW_US)
    publish(target, SECOND, LATER_US + 1, NOW_US)
    assert starts(tmp_path) == ["2026-11-01T09:30:00Z", "2026-11-01T09:30:00.000001Z"]


def test_only_the_first_version_can_be_in_force_always(tmp_path: Path) -> None:
    target = target_of(tmp_path)
    first(target)
    with pytest.raises(TargetError, match=r"only its first could be in force always. Write --effective-from \+10m"):
        publish(target, SECOND, None, NOW_US)


def test_rules_that_say_what_the_newest_version_says_are_not_published(tmp_path: Path) -> None:
    target = target_of(tmp_path)
    first(target)
    before = tree(tmp_path)
    with pytest.raises(UnchangedError, match="nothing has changed: the newest version"):
        publish(target, {"other.yaml": b"# the same\n" + CART}, LATER_US, NOW_US)
    assert tree(tmp_path) == before


def test_what_an_earlier_version_said_can_be_published_again(tmp_path: Path) -> None:
    target = target_of(tmp_path)
    first(target)
    publish(target, SECOND, LATER_US, NOW_US)
    publish(target, FIRST, LATER_US + SECOND_US, NOW_US)
    one, _, three = load_history(target).versions
    assert one.ruleset == three.ruleset


def test_a_target_that_is_full_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (publish_module, reading):
        monkeypatch.setattr(module, "VERSIONS_MAX", 1)
    target = target_of(tmp_path)
    first(target)
    with pytest.raises(TargetError, match=r"has 1 versions, as many as a target can hold. Publish into a new one"):
        publish(target, SECOND, LATER_US, NOW_US)


def test_files_that_are_too_large_together_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish_module, "OBJECT_BYTES_MAX", 100)
    with pytest.raises(TargetError, match=r"more than 100 bytes.*several targets"):
        first(target_of(tmp_path))


def test_a_file_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match=r"'\\udcff\.yaml' is not UTF-8"):
        first(target_of(tmp_path), {"\udcff.yaml": CART})


def test_the_lead_is_two_polls_and_the_skew() -> None:
    assert MIN_LEAD_US == 2 * bounds.POLL_INTERVAL_US + bounds.SKEW_US == 90 * SECOND_US


# ---------------------------------------------------------------- crashes and rivals


def crashed(folder: Path, files: dict[str, bytes], effective_us: int | None) -> None:
    with pytest.raises(Crash):
        publish(Crashing(folder / "target"), files, effective_us, NOW_US)


@pytest.mark.parametrize("effective_us", [None, LATER_US])
def test_a_repeat_takes_over_what_a_crashed_publisher_left(effective_us: int | None, tmp_path: Path) -> None:
    crashed(tmp_path, FIRST, effective_us)
    target = target_of(tmp_path)
    (left,) = tree(tmp_path / "target" / "versions").values()
    publish(target, FIRST, effective_us, NOW_US + SECOND_US)
    assert list(tree(tmp_path / "target" / "versions").values()) == [left]
    assert load_history(target).newest.ruleset == load_files(FIRST)


def test_what_a_crashed_publisher_left_is_not_in_force(tmp_path: Path) -> None:
    target = target_of(tmp_path)
    first(target)
    crashed(tmp_path, SECOND, LATER_US)
    assert len(load_history(target).versions) == 1
    other = {"cart.yaml": CART.replace(b"1h", b"2h")}
    publish(target, other, LATER_US, NOW_US)
    assert load_history(target).newest.ruleset == load_files(other)


@pytest.mark.parametrize("damage", [b"", b"{}", b"# another comment\n"])
def test_what_a_crashed_publisher_left_is_not_taken_over_if_it_says_something_else(
    damage: bytes, tmp_path: Path
) -> None:
    crashed(tmp_path, {"cart.yaml": damage + CART} if damage.startswith(b"#") else FIRST, LATER_US)
    (name,) = tree(tmp_path / "target" / "versions")
    if not damage.startswith(b"#"):
        (tmp_path / "target" / "versions" / name).write_bytes(damage)
    target = target_of(tmp_path)
    with pytest.raises(TargetError, match=r"says something else. Nothing refers to it: delete it, or write another"):
        publish(target, FIRST, LATER_US, NOW_US)
    publish(target, FIRST, LATER_US + 1, NOW_US)


def test_who_has_checked_against_an_older_pointer_is_refused(tmp_path: Path) -> None:
    target = target_of(tmp_path)
    first(target)
    slow = prepare(target, SECOND, LATER_US, NOW_US)
    publish(target, {"cart.yaml": CART.replace(b"1h", b"2h")}, LATER_US + 1, NOW_US)
    before = (tmp_path / "target" / "pointer.json").read_bytes()
    with pytest.raises(ConflictError, match="changed meanwhile by somebody else"):
        carry_out(target, slow)
    assert (tmp_path / "target" / "pointer.json").read_bytes() == before


def test_of_publishers_at_once_one_publishes_and_the_others_are_told(tmp_path: Path) -> None:
    target = target_of(tmp_path)
    first(target)
    rivals = 6
    gate, done, refused = threading.Barrier(rivals), [], []

    def rival(number: int) -> None:
        files = {"cart.yaml": CART.replace(b"1h", f"{number + 2}h".encode())}
        prepared = prepare(target, files, LATER_US + number, NOW_US)
        gate.wait()
        try:
            carry_out(LocalTarget(tmp_path / "target"), prepared)
            done.append(prepared.version)
        except ConflictError:
            refused.append(number)

    threads = [threading.Thread(target=rival, args=(number,)) for number in range(rivals)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(done), len(refused)) == (1, rivals - 1)
    assert load_history(target).versions[1:] == tuple(done)


# ---------------------------------------------------------------- what changes


def test_changes_are_told_by_account_and_rule_and_setting() -> None:
    before = load_files({
        "a.yaml": b"account: acme\ntimezone: Europe/Berlin\nrules:\n"
        b"  - {id: same, when: a.b}\n  - {id: gone, when: a.b}\n  - {id: other, when: a.b}\n",
        "b.yaml": b"account: initech\nrules: [{id: x, when: a.b}]\n",
    })  # fmt: skip
    after = load_files({
        "a.yaml": b"account: acme\nrules:\n"
        b"  - {id: same, when: a.b}\n  - {id: new, when: a.b}\n  - {id: other, when: a.c}\n",
        "c.yaml": b"account: '*'\npolicy: {retention: 90d}\nrules: []\n",
    })  # fmt: skip
    was = {rule.rule.id: rule.version for name in before.accounts for rule in before.account(name).rules}
    is_now = {rule.rule.id: rule.version for rule in after.account("acme").rules}
    assert changes(before, after) == (
        Change("*", None, "policy", What.ADDED),
        Change("acme", None, "timezone", What.REMOVED),
        Change("acme", "gone", None, What.REMOVED, was["gone"], None),
        Change("acme", "new", None, What.ADDED, None, is_now["new"]),
        Change("acme", "other", None, What.CHANGED, was["other"], is_now["other"]),
        Change("initech", "x", None, What.REMOVED, was["x"], None),
    )


def test_rules_that_say_the_same_change_nothing() -> None:
    assert changes(load_files(SECOND), load_files({"one.yaml": CART, "two.yaml": SECOND["deep/welcome.yaml"]})) == ()


def test_a_publication_tells_what_it_changes_against_the_newest_version(tmp_path: Path) -> None:
    target = target_of(tmp_path)
    assert [change.rule_id for change in first(target).changes] == ["cart"]
    published = publish(target, SECOND, LATER_US, NOW_US)
    assert [(change.rule_id, change.what) for change in published.changes] == [("welcome", What.ADDED)]
    assert published.version.effective_us == LATER_US
    assert format_instant(LATER_US) == published.file.effective_from
