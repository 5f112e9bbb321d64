"""`kittiwake diff`: files, revisions and published versions; what it prints, and how it ends."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.cli.command import RULES, event, kittiwake, write

EVENTS = [event("cart.item_added", "2025-03-01T10:00:00Z", "c 1"), event("page.viewed", "2025-03-02T10:00:00Z")]
LATER = RULES.replace("wait: 1h", "wait: 2h")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "old.yaml", RULES)
    write(tmp_path / "new.yaml", LATER)
    write(tmp_path / "events.jsonl", *EVENTS)
    return tmp_path


def test_it_says_what_moved_and_how_to_ask_why(folder: Path) -> None:
    ran = kittiwake("diff", "old.yaml", "new.yaml", "events.jsonl")
    assert ran.code == 1
    for line in (
        "1 triggers before, 1 after: 1 moved",
        "    cart  moved   fired   fired  its own text           1         1",
        "  cart moved for c 1: fired at 2025-03-01T11:00:00Z, now fired at 2025-03-01T12:00:00Z",
        "    kittiwake explain --rules new.yaml --input events.jsonl --account acme --contact 'c 1' --rule cart",
    ):
        assert line in ran.out.splitlines()
    explained = kittiwake(
        "explain", "--rules", "new.yaml", "--input", "events.jsonl", "--account", "acme", "--contact", "c 1"
    )
    assert explained.code == 0


@pytest.mark.parametrize(
    ("fail_on", "code"),
    [
        (["any"], 1),
        (["moved"], 1),
        (["lost"], 0),
        (["lost", "moved"], 1),
        (["moved=100%"], 0),
        (["moved=99.9%"], 1),
        (["others"], 0),
        (["nothing"], 0),
        (["move"], 2),
        (["lost=1"], 2),
    ],
)
def test_it_ends_as_fail_on_says(folder: Path, fail_on: list[str], code: int) -> None:
    options = [word for one in fail_on for word in ("--fail-on", one)]
    assert kittiwake("diff", "old.yaml", "new.yaml", "events.jsonl", *options).code == code
    assert kittiwake("diff", "old.yaml", "old.yaml", "events.jsonl").code == 0


def test_a_revision_of_git_is_read_as_it_stood(folder: Path) -> None:
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c"]
    write(folder / "rules/days.ics", "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VEVENT", "UID:1",
          "DTSTAMP:20250101T000000Z", "DTSTART;VALUE=DATE:20250303", "END:VEVENT", "END:VCALENDAR")  # fmt: skip
    write(folder / "rules/acme.yaml", RULES.replace("rules:", "calendar: days.ics\nrules:"))
    write(folder / "rules/acme.test.yaml", "no rules")
    for arguments in (["init", "-q"], ["add", "rules"], ["commit", "-qm", "one"]):
        subprocess.run([*git, *arguments], check=True, cwd=folder)
    write(folder / "rules/acme.yaml", LATER.replace("rules:", "calendar: days.ics\nrules:"))
    for path in ("rules", "./rules/", "rules/acme.yaml"):
        data = kittiwake("diff", f"HEAD:{path}", "rules", "events.jsonl", "--json").data
        assert ([one["setting"] or one["rule_id"] for one in data["edits"]], data["moved"]) == (["cart"], 1)
    replayed = kittiwake("replay", "--rules", "HEAD:rules", "--input", "events.jsonl", "--output", "out", "--json")
    assert replayed.data["ruleset_version"] == data["before"]["ruleset_version"]
    for name, words in (("HEAD:nowhere", "does not exist in 'HEAD'"), ("nobody:rules", "invalid object name 'nobody'")):
        refused = kittiwake("diff", name, "rules", "events.jsonl")
        assert (refused.code, words in refused.err) == (2, True)


def test_a_published_version_is_named_behind_its_target(folder: Path) -> None:
    for name, since in (("old", "always"), ("new", "+3d")):
        write(folder / name / "rules.yaml", RULES if name == "old" else LATER)
        assert kittiwake("publish", name, "target", "--effective-from", since).code == 0
    rows = kittiwake("versions", "target", "--json").data["versions"]
    old, new = (f"target@{row['ruleset_version']}" for row in rows)
    assert kittiwake("diff", old, new, "events.jsonl", "--json").data["moved"] == 1
    assert kittiwake("diff", old, "target", "events.jsonl").code == 0  # the second is not in force yet
    unknown = kittiwake("diff", "target@abc", new, "events.jsonl")
    assert (unknown.code, "target has no version abc. It has: " in unknown.err) == (2, True)


def test_markdown_has_the_same_numbers_and_names_nobody_if_asked(folder: Path) -> None:
    ran = kittiwake("diff", "old.yaml", "new.yaml", "events.jsonl", "--markdown", "--examples", "0")
    assert ran.out.startswith("**1 triggers before, 1 after: 1 moved**\n")
    assert "| `cart` | `moved` | `fired` | `fired` | `its own text` | `1` | `1` |" in ran.out
    assert "c 1" not in ran.out


def test_a_sample_has_the_contacts_that_simulate_draws(folder: Path) -> None:
    write(
        folder / "many.jsonl",
        *(event("cart.item_added", "2025-03-01T10:00:00Z", f"c{n}") for n in range(200)),
        EVENTS[1],
    )
    simulated = kittiwake("simulate", "old.yaml", "many.jsonl", "--sample", "25%", "--json").data
    compared = kittiwake("diff", "old.yaml", "new.yaml", "many.jsonl", "--sample", "25%", "--json").data
    assert compared["moved"] == compared["before"]["triggers"] == simulated["rules"][0]["fired"]["count"]
    assert 20 < compared["moved"] < 80
    assert compared["sample_percent"] == 25
    shown = kittiwake("diff", "old.yaml", "new.yaml", "many.jsonl", "--sample", "25%").out
    assert " moved, of a sample of 25 % of the contacts, as it was counted" in shown
    refused = kittiwake("diff", "old.yaml", "new.yaml", "many.jsonl", "--sample", "0%")
    assert (refused.code, "--sample: '0%' is no sample" in refused.err) == (2, True)


def test_contacts_to_whom_an_edit_cannot_matter_may_be_left_out_and_nothing_else_differs(folder: Path) -> None:
    lines = [event("cart.item_added", "2025-03-01T10:00:00Z"), EVENTS[1]]
    for number in range(3):
        lines.append(event("order.completed", f"2025-03-0{number + 1}T10:00:00Z", f"other {number}"))
    write(folder / "few.jsonl", *lines)
    for name in ("old.yaml", "new.yaml"):
        text = (folder / name).read_text() + "  - {id: thanks, when: order.completed}\n"
        (folder / name).write_text(text)
    every = kittiwake("diff", "old.yaml", "new.yaml", "few.jsonl", "--json").data
    some = kittiwake("diff", "old.yaml", "new.yaml", "few.jsonl", "--json", "--only-affected").data
    assert every["contacts_unaffected"] == some["contacts_unaffected"] == 3
    assert (every["before"]["triggers"], some["before"]["triggers"]) == (4, 1)
    same = ("causes", "through", "edits", "gained", "lost", "moved")
    assert {name: every[name] for name in same} == {name: some[name] for name in same}
    shown = kittiwake("diff", "old.yaml", "new.yaml", "few.jsonl", "--only-affected").out
    assert "1 triggers before, 1 after: 1 moved, of contacts to whom an edit can matter" in shown
    assert "3 contacts have no event that can matter to an edit" in shown
