"""`kittiwake publish`, `versions`, `freeze` and `unfreeze`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from kittiwake.cli.commands import freeze as freeze_command
from kittiwake.cli.commands import publish as publish_command
from kittiwake.cli.commands import versions as versions_command
from kittiwake.rules import load, load_rules
from kittiwake.rules.publishing import opening
from kittiwake.rules.publishing.local import LocalTarget
from kittiwake.time.instants import parse_instant
from tests.cli.command import RULES, Ran, kittiwake, write

NOW = "2026-11-01T09:00:00Z"
OTHER = RULES.replace("wait: 1h", "wait: 2h") + "  - {id: welcome, when: contact.created}\n"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is nine o'clock, and a little."""
    for command in (publish_command, versions_command, freeze_command):
        monkeypatch.setattr(command, "now_us", lambda: parse_instant(NOW) + 1)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    write(tmp_path / "rules" / "cart.yaml", RULES)
    return tmp_path / "rules"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "target"


def publish(rules: Path, target: Path | str, effective_from: str, *options: str) -> Ran:
    return kittiwake("publish", rules, target, "--effective-from", effective_from, *options)


def version(path: Path) -> str:
    return load(path).version


# ---------------------------------------------------------------- publish


def test_the_first_version_is_told_with_all_its_rules(rules: Path, target: Path) -> None:
    ran = publish(rules, target, "always")
    assert (ran.code, ran.err) == (0, "")
    first, rule, last = ran.out.splitlines()
    assert first == "the first version:"
    assert re.fullmatch(r"  added  acme  cart  [0-9a-f]{12}", rule)
    assert last == f"published ruleset_version {version(rules)}, in force always, to {target}"
    assert load_rules(target) == load_rules(target.parent / "target")


def test_a_later_version_is_told_with_what_it_changes(rules: Path, target: Path) -> None:
    publish(rules, target, "always")
    before = version(rules)
    write(rules / "cart.yaml", OTHER)
    ran = publish(rules, target, "+10m")
    assert (ran.code, ran.err) == (0, "")
    first, changed, added, last = ran.out.splitlines()
    assert first == f"against ruleset_version {before}:"
    assert re.fullmatch(r"  changed  acme  cart     [0-9a-f]{12} → [0-9a-f]{12}", changed)
    assert re.fullmatch(r"  added    acme  welcome  [0-9a-f]{12}", added)
    assert last.startswith(f"published ruleset_version {version(rules)}, in force from 2026-11-01T09:10:01Z, to ")


def test_what_was_published_is_data_for_programs(rules: Path, target: Path) -> None:
    publish(rules, target, "always")
    write(rules / "cart.yaml", "account: acme\ntimezone: Europe/Berlin\nrules: []")
    ran = publish(rules, target, "2026-11-01T11:00:00+01:00", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.data.pop("changes") == [
        {"account_id": "acme", "setting": "timezone", "what": "added"},
        {"account_id": "acme", "rule_id": "cart", "what": "removed", "before": ran.data["changes"][1]["before"]},
    ]
    assert ran.data["file"] == f"versions/20261101T100000Z-{version(rules)}.json"
    assert (target / ran.data["file"]).is_file()
    assert {**ran.data, "changes": None, "file": None} == {
        "ok": True,
        "published": True,
        "target": str(target),
        "file": None,
        "effective_from": "2026-11-01T10:00:00Z",
        "ruleset_version": version(rules),
        "changes": None,
        "findings": [],
    }


def test_an_event_plan_beside_the_rules_is_shown_and_hinders_nothing(rules: Path, target: Path) -> None:
    write(rules / "events.yaml", "account: acme\nevents: {cart.item_added: {}, order.complete: {}}")
    ran = publish(rules, target, "always")
    assert ran.code == 0
    assert "cart.yaml:6:13: the event plan has no type order.completed. Did you mean order.complete?" in ran.err
    (found,) = publish(rules, target / "data", "always", "--json").data["findings"]
    assert (found["file"], found["code"]) == (str(rules / "cart.yaml"), "type_never_seen")
    assert publish(rules, target / "none", "always", "--no-events").err == ""


def test_a_dry_run_tells_the_same_and_writes_nothing(rules: Path, target: Path) -> None:
    dry = publish(rules, target, "always", "--dry-run")
    assert dry.code == 0
    assert not target.exists()
    assert publish(rules, target, "always", "--dry-run", "--json").data["published"] is False
    wet = publish(rules, target, "always")
    assert dry.out.replace("would publish", "published") == wet.out


def test_files_are_kept_under_their_names_below_the_folder(rules: Path, target: Path) -> None:
    write(rules / "deep" / "globex.yaml", RULES.replace("acme", "globex"))
    write(rules / "cart.test.yaml", "tests: []")
    ran = publish(rules, target, "always", "--json")
    assert sorted(json.loads((target / ran.data["file"]).read_text())["files"]) == ["cart.yaml", "deep/globex.yaml"]


def test_one_file_can_be_published(rules: Path, target: Path) -> None:
    ran = publish(rules / "cart.yaml", target, "always", "--json")
    assert list(json.loads((target / ran.data["file"]).read_text())["files"]) == ["cart.yaml"]


@pytest.mark.parametrize("named", ["rules", "rules/cart.yaml"])
def test_errors_stand_under_the_paths_the_author_knows_with_their_lines(
    named: str, rules: Path, target: Path, tmp_path: Path
) -> None:
    write(rules / "cart.yaml", RULES.replace("wait: 1h", "wait: 1 hour"))
    ran = publish(tmp_path / named, target, "always")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f'{rules / "cart.yaml"}:5:11: "1 hour" is no duration.')
    assert "        wait: 1 hour\n" in ran.err
    assert not target.exists()


def test_a_folder_without_rules_is_unusable(tmp_path: Path, target: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert publish(tmp_path / "empty", target, "always").code == 2


def test_nothing_changed_is_a_finding(rules: Path, target: Path) -> None:
    publish(rules, target, "always")
    ran = publish(rules, target, "+10m")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("nothing has changed: ")
    assert publish(rules, target, "+10m", "--json").data["ok"] is False


@pytest.mark.parametrize(
    ("effective_from", "said"),
    [
        ("+1m", "nearer than 90s from now"),
        ("2026-11-01T08:00:00Z", "nearer than 90s from now"),
        ("+53w", "more than 366d from now"),
        ("+10", "write 2026-11-01T09:30:00Z, or +10m"),
        ("+-10m", "write 2026-11-01T09:30:00Z, or +10m"),
        ("tomorrow", "write 2026-11-01T09:30:00Z, or +10m"),
        ("2026-11-01T10:00:00", "write 2026-11-01T09:30:00Z, or +10m"),
        ("0000-01-01T00:00:00Z", "write 2026-11-01T09:30:00Z, or +10m"),
        ("+999999999w", "write 2026-11-01T09:30:00Z, or +10m"),
    ],
)
def test_a_time_that_cannot_be_used_is_told_with_one_that_can(
    effective_from: str, said: str, rules: Path, target: Path
) -> None:
    ran = publish(rules, target, effective_from)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert not target.exists()


def test_the_lead_can_be_chosen(rules: Path, target: Path) -> None:
    assert publish(rules, target, "+10m", "--min-lead", "1h").code == 2
    assert publish(rules, target, "+10m", "--min-lead", "soon").code == 2
    assert publish(rules, target, "+10m", "--min-lead", "5m").code == 0


@pytest.mark.parametrize("inside", [".", "published"])
def test_a_target_among_the_rules_is_refused(inside: str, rules: Path) -> None:
    ran = publish(rules, rules / inside, "always")
    assert ran.code == 2
    assert "name another" in ran.err
    assert [path.name for path in rules.iterdir()] == ["cart.yaml"]


def test_a_bucket_is_published_into(rules: Path, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from kittiwake.pipelines.google import gcs_rules
    from tests.rules.published import entry_points

    monkeypatch.setattr(opening, "entry_points", entry_points(gs=gcs_rules.open_target))
    target = f"{bucket}/rules"
    assert publish(rules, target, "always").out.endswith(f", to {target}\n")
    write(rules / "cart.yaml", OTHER)
    assert publish(rules, target, "+10m").code == 0
    assert [row["state"] for row in kittiwake("versions", target, "--json").data["versions"]] == ["in force", "to come"]
    assert (kittiwake("freeze", target).code, kittiwake("freeze", target).code) == (0, 1)
    assert (kittiwake("unfreeze", target).code, kittiwake("unfreeze", target).code) == (0, 1)


# ---------------------------------------------------------------- versions


def test_versions_are_listed_with_what_is_in_force_now(
    rules: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(rules, target, "always")
    one = version(rules)
    write(rules / "cart.yaml", OTHER)
    publish(rules, target, "+10m")
    ran = kittiwake("versions", target)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "effective_from        ruleset_version  accounts  rules  state",
        f"always                {one}            1      1  in force",
        f"2026-11-01T09:10:01Z  {version(rules)}            1      2  to come",
        "not frozen",
    ]
    monkeypatch.setattr(versions_command, "now_us", lambda: parse_instant("2026-11-01T09:10:01Z"))
    rows = kittiwake("versions", target, "--json").data["versions"]
    assert [row["state"] for row in rows] == ["replaced", "in force"]


def test_what_a_target_holds_is_read_once(rules: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(rules, target, "always")
    write(rules / "cart.yaml", OTHER)
    publish(rules, target, "+10m")
    names: list[str] = []
    read = LocalTarget.read
    monkeypatch.setattr(LocalTarget, "read", lambda target, name: names.append(name) or read(target, name))
    assert len(kittiwake("versions", target, "--json").data["versions"]) == 2
    assert len(names) == len(set(names)) == 3


def test_a_target_that_is_none_is_unusable(tmp_path: Path) -> None:
    for command in ("versions", "freeze", "unfreeze"):
        ran = kittiwake(command, tmp_path / "gone")
        assert (ran.code, ran.out) == (2, "")
        assert "nothing has been published into it" in ran.err


def test_an_altered_version_is_unusable_and_named(rules: Path, target: Path) -> None:
    name = publish(rules, target, "always", "--json").data["file"]
    (target / name).write_text("{}")
    ran = kittiwake("versions", target, "--json")
    assert ran.code == 2
    assert ran.data["errors"][0]["message"].startswith(f"{target / name} is not what was published")


# ---------------------------------------------------------------- freeze, unfreeze


def test_freezing_is_for_now_unless_a_time_is_said(rules: Path, target: Path) -> None:
    publish(rules, target, "always")
    ran = kittiwake("freeze", target)
    assert ran == (0, f"{target} is frozen at 2026-11-01T09:00:00.000001Z: nothing is decided beyond it\n", "")
    assert kittiwake("versions", target).out.splitlines()[-1].startswith("frozen at 2026-11-01T09:00:00.000001Z")
    assert kittiwake("unfreeze", target).out == f"{target} goes on; it was frozen at 2026-11-01T09:00:00.000001Z\n"
    assert kittiwake("freeze", target, "--at", "+1h", "--json").data["frozen_at"] == "2026-11-01T10:00:01Z"
    assert kittiwake("unfreeze", target, "--json").data["was_frozen_at"] == "2026-11-01T10:00:01Z"
    assert kittiwake("freeze", target, "--at", "2026-11-01T08:00:00Z").code == 0
    assert kittiwake("versions", target, "--json").data["frozen_at"] == "2026-11-01T08:00:00Z"


def test_what_is_so_already_is_a_finding(rules: Path, target: Path) -> None:
    publish(rules, target, "always")
    ran = kittiwake("unfreeze", target)
    assert (ran.code, ran.out) == (1, "")
    assert "is not frozen" in ran.err
    kittiwake("freeze", target)
    ran = kittiwake("freeze", target)
    assert (ran.code, ran.out) == (1, "")
    assert f"kittiwake unfreeze {target} first" in ran.err


def test_a_time_that_is_none_freezes_nothing(rules: Path, target: Path) -> None:
    publish(rules, target, "always")
    assert kittiwake("freeze", target, "--at", "noon").code == 2
    assert kittiwake("versions", target, "--json").data["frozen_at"] is None
