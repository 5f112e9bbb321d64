"""Who sends events, names files or writes rules cannot write on the terminal of whoever runs a command.

Every command is driven with names full of what moves a cursor, turns the line around or begins a new one. A command
that is added without a run here fails.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kittiwake.cli.main import COMMANDS
from tests.cli.command import RULES, Ran, kittiwake, write

FORGED = "FORGED line"
EVIL = f"a\x1b[2K\x1b]0;own\x07\n{FORGED}\r\x9b31m\x7f\u202e\u200b\u2028\u2066\ufeff[bold]\\\U000e0041"
"""What no terminal may be sent: escapes, line ends, C1, marks of direction, nothing wide; and markup."""
EVIL_TYPE = "cart.\x9b31m\u202e\u200badded"
"""A type may hold less."""
EVIL_FILE = EVIL
EVIL_YAML = EVIL.removesuffix("\U000e0041")
"""YAML has another escape for it than JSON."""


def assert_clean(text: str, where: object = "") -> None:
    """No control or format character but the end of a line, and no line that somebody else has begun."""
    assert [char for char in text if not char.isprintable() and char != "\n"] == [], (where, text)
    assert [line for line in text.split("\n") if line.lstrip().startswith(FORGED)] == [], (where, text)


def assert_clean_run(ran: Ran) -> None:
    assert_clean(ran.out, "stdout")
    assert_clean(ran.err, "stderr")
    assert "Traceback" not in ran.err


def evil_event(event_type: str, time: str, **properties: Any) -> str:
    row = {
        "event_id": EVIL + time,
        "account_id": EVIL,
        "contact_id": EVIL,
        "type": event_type,
        "time": time,
        "properties": {EVIL: EVIL, **properties},
    }
    return json.dumps(row)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Rules for everybody, events of one who means ill, and files with names to match."""
    rules = RULES.replace("account: acme", 'account: "*"').replace(
        "wait: 1h", "per: [sku]\n    include: {a: sku}\n    wait: 1h\n  - id: odd\n    when: shop.entered"
    )
    rules += (
        "  - id: wants\n    when: {event: cart.item_added, where: {price: {gte: 20}}}\n"
        "  - id: held\n    when: cart.item_added\n    given: {count: cart.item_added, same: sku, gte: 5}\n"
        "  - id: dated\n    when: cart.item_added\n    wait: {until: sku}\n"
    )
    write(tmp_path / "rules" / "rules.yaml", *rules.splitlines())
    write(
        tmp_path / "in" / f"{EVIL_FILE}.jsonl",
        evil_event("cart.item_added", "2026-03-01T10:00:00Z", sku=EVIL, price=EVIL),
        evil_event("order.completed", "2026-03-01T10:10:00Z", sku=EVIL),
        evil_event("cart.item_added", "2026-03-01T12:00:00Z", sku=EVIL),
        evil_event(EVIL_TYPE, "2026-03-01T12:30:00Z"),
        evil_event("shop.entered", "2026-03-03T12:30:00Z"),
        "{" + EVIL.replace("\n", ""),
    )
    return tmp_path


def _target(folder: Path) -> Path:
    target = folder / EVIL_FILE
    if not target.exists():
        kittiwake("publish", folder / "rules", target, "--effective-from", "always")
    return target


def _bad_rules(folder: Path) -> Path:
    bad = json.dumps({"account": EVIL_YAML, "rules": [{"id": EVIL_YAML, "when": EVIL_YAML, EVIL_YAML: EVIL_YAML}]})
    return write(folder / f"bad{EVIL_FILE}.yaml", bad)


def _other_rules(folder: Path) -> Path:
    text = (folder / "rules" / "rules.yaml").read_text()
    return write(folder / f"other{EVIL_FILE}.yaml", *text.replace("wait: 1h", "wait: 2h").splitlines())


def _scenario(folder: Path) -> Path:
    steps = [
        {"event": "cart.item_added", "with": {"sku": EVIL_YAML, EVIL_YAML: EVIL_YAML}},
        {"after": "2h", "expect": {"fired": "cart", "instance": {"sku": "p1"}, "include": {"a": EVIL_YAML}}},
    ]
    test = {"name": "fails", "contact": {EVIL_YAML: EVIL_YAML}, "steps": steps}
    return write(folder / f"{EVIL_FILE}.test.yaml", json.dumps({"rules": "rules", "account": "acme", "tests": [test]}))


def _in(folder: Path) -> list[str | Path]:
    return ["--rules", folder / "rules", "--input", folder / "in" / "*.jsonl"]


def _export(folder: Path) -> Path:
    rows = [f'"{EVIL_YAML}","2026-03-01T10:0{n}:00Z","{EVIL_YAML}",{n}' for n in range(5)]
    return write(folder / f"export{EVIL_FILE}.csv", f'customer,time,"{EVIL_YAML}",total', *rows)


def _plan(folder: Path) -> Path:
    schema = {"title": EVIL, "type": "object", "properties": {EVIL: {"type": "string", "description": EVIL}}}
    return write(folder / f"plan{EVIL_FILE}.json", json.dumps({"events": {EVIL_TYPE: schema}}))


def _feed(folder: Path) -> Path:
    return write(folder / f"feed{EVIL_FILE}.jsonl", json.dumps({"product_id": EVIL, "price": 3, EVIL: EVIL}))


Runs = Callable[[Path], list[list[str | Path]]]

RUNS: dict[str, Runs] = {
    "validate": lambda at: [[at / "rules"], [_bad_rules(at)], [at / EVIL_FILE], [_target(at)]],
    "test": lambda at: [
        [_scenario(at)],
        [_scenario(at), "--only", EVIL + "none"],
        [write(at / f"b{EVIL_FILE}.test.yaml", json.dumps({EVIL_YAML: EVIL_YAML, "tests": [{"name": EVIL_YAML}]}))],
    ],
    "replay": lambda at: [
        [*_in(at), "--output", at / f"out{EVIL_FILE}"],
        [*_in(at), "--output", at / f"out{EVIL_FILE}", "--max-dead-letter-ratio", "0"],
        [*_in(at), "--output", at / "in"],
        [*_in(at), "--output", at / "out", "--until", EVIL],
        [*_in(at)[:2], "--input", at / EVIL_FILE, "--output", at / "out"],
    ],
    "explain": lambda at: [
        [*_in(at), "--contact", EVIL],
        [*_in(at), "--contact", EVIL, "--rule", EVIL],
        [*_in(at), "--contact", EVIL + "x"],
        [*_in(at), "--contact", EVIL, "--account", EVIL + "x"],
    ],
    "publish": lambda at: [
        [at / "rules", at / f"new{EVIL_FILE}", "--effective-from", "always"],
        [at / "rules", _target(at), "--effective-from", "+1h"],
        [_bad_rules(at), _target(at), "--effective-from", EVIL],
        [_bad_rules(at), _target(at), "--effective-from", "+1h"],
    ],
    "versions": lambda at: [[_target(at)], [at / EVIL]],
    "freeze": lambda at: [[_target(at)], [_target(at)], [at / EVIL], [_target(at), "--at", EVIL]],
    "unfreeze": lambda at: [[_target(at)], [at / EVIL]],
    "schema": lambda _: [[], ["--scenarios"]],
    "recipes": lambda _: [[], ["vip"], [EVIL]],
    "profile": lambda at: [
        [at / "in" / "*.jsonl", "--values", "shown"],
        [at / "in" / "*.jsonl", "--account", EVIL],
        [at / EVIL_FILE],
    ],
    "inspect": lambda at: [[at / "in" / f"{EVIL_FILE}.jsonl"], [_export(at)], [at / EVIL_FILE]],
    "events": lambda at: [["import", _plan(at)], ["export", "--rules", at / "rules"], ["import", at / EVIL_FILE]],
    "simulate": lambda at: [
        [at / "rules", at / "in" / "*.jsonl", "--goal", EVIL_TYPE, "--allow-empty"],
        [at / "rules", at / "in" / "*.jsonl", "--goal", EVIL, "--sample", EVIL],
        [_bad_rules(at), at / EVIL_FILE],
    ],
    "diff": lambda at: [
        [at / "rules", _other_rules(at), at / "in" / "*.jsonl", "--allow-empty"],
        [at / "rules", _other_rules(at), at / "in" / "*.jsonl", "--allow-empty", "--markdown"],
        [at / "rules", f"{EVIL}:{EVIL}", at / "in" / "*.jsonl"],
        [_target(at), f"{_target(at)}@{EVIL}", at / EVIL_FILE],
    ],
    "tune": lambda at: [
        [at / "rules", "cart", "wait=1h..2h", at / "in" / "*.jsonl", "--account", EVIL, "--allow-empty"],
        [at / "rules", "cart", f"{EVIL}={EVIL}", at / "in" / "*.jsonl"],
        [at / "rules", EVIL, "wait=1h..2h", at / EVIL_FILE],
    ],
    "witness": lambda at: [
        [at / "rules", "cart"],
        [at / "rules", EVIL],
        [_bad_rules(at), "cart", "--output", at / EVIL_FILE],
    ],
    "completion": lambda _: [["bash"], [EVIL]],
    "describe": lambda at: [[at / "rules"], [at / "rules", "--markdown"], [_bad_rules(at)], [at / EVIL_FILE]],
    "init": lambda at: [[at / f"new{EVIL_FILE}"], [at / f"new{EVIL_FILE}"]],
    "catalog": lambda at: [
        ["diff", _feed(at), "--account", EVIL, "--time", "2026-03-01T10:00:00Z"],
        ["diff", _feed(at), "--account", EVIL, "--time", EVIL, "--id", EVIL],
        ["diff", at / EVIL_FILE, "--account", "acme", "--time", "2026-03-01T10:00:00Z"],
    ],
}


def test_every_command_is_driven() -> None:
    assert set(RUNS) == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_lets_a_name_write_on_the_terminal(name: str, folder: Path) -> None:
    codes = set()
    for arguments in RUNS[name](folder):
        for extra in ([], ["--json"], [f"--{EVIL}"]):
            ran = kittiwake(name, *arguments, *extra)
            assert_clean_run(ran)
            codes.add(ran.code)
    assert codes & {0, 1}, "no run came as far as to say anything"
    assert 2 in codes, "no run was refused"


def test_a_command_that_is_none_is_refused_in_clean_words() -> None:
    assert_clean_run(kittiwake(EVIL))
    assert_clean_run(kittiwake(f"--{EVIL}"))


def test_json_holds_the_very_values_whatever_they_are(folder: Path) -> None:
    ran = kittiwake("explain", *_in(folder), "--contact", EVIL, "--json")
    assert ran.code == 0, ran.err
    assert (ran.data["contact_id"], ran.data["account_id"]) == (EVIL, EVIL)
    assert {"sku": EVIL} in [line["instance"] for line in ran.data["timeline"]]
