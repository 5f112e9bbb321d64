"""What a folder of rules or a pattern of events names is read or refused by name: nothing is passed over or hangs."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from kittiwake.pipelines.backfill import main
from tests.cli.command import RULES, Ran, event, kittiwake, write
from tests.rules.special_files import MAKERS, WORDS

SCENARIO = """\
tests:
  - name: a cart is left
    steps:
      - {event: cart.item_added}
      - {after: 1h, expect: {fired: cart}}
"""
EVENT = event("cart.item_added", "2026-10-01T10:00:00Z")
COMMANDS = ("validate", "test", "replay", "explain", "publish", "backfill")

pytestmark = pytest.mark.timeout(60)


def rules_folder(folder: Path) -> Path:
    write(folder / "good.yaml", RULES)
    write(folder / "all.test.yaml", SCENARIO)  # of the whole folder
    return folder


def run(command: str, rules: Path, events: Path | str, folder: Path) -> Ran:
    """One of the commands, over a folder of rules and what names events."""
    if command == "backfill":
        return backfill(rules, events, folder)
    reads = ("--rules", rules, "--input", events)
    arguments: dict[str, tuple[str | Path, ...]] = {
        "validate": (rules,),
        "test": (rules,),
        "replay": (*reads, "--output", folder / "out"),
        "explain": (*reads, "--contact", "c1"),
        "publish": (rules, folder / "target", "--effective-from", "always"),
    }
    return kittiwake(command, *arguments[command])


def backfill(rules: Path, events: Path | str, folder: Path) -> Ran:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(["--rules", str(rules), "--input", str(events), "--output", str(folder / "out")])
    return Ran(code, out.getvalue(), err.getvalue())


@pytest.mark.parametrize("command", COMMANDS)
def test_a_folder_of_files_alone_is_taken(command: str, tmp_path: Path) -> None:
    events = write(tmp_path / "events.jsonl", EVENT)
    assert run(command, rules_folder(tmp_path / "rules"), events, tmp_path).code == 0


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_no_file_in_a_folder_of_rules_is_refused_by_name(command: str, kind: str, tmp_path: Path) -> None:
    rules = rules_folder(tmp_path / "rules")
    MAKERS[kind](rules / "x.yaml")
    ran = run(command, rules, write(tmp_path / "events.jsonl", EVENT), tmp_path)
    assert ran.code == 2
    assert "x.yaml" in ran.err
    assert WORDS[kind] in ran.err
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "target").exists()


@pytest.mark.parametrize("kind", MAKERS)
def test_what_is_no_file_among_scenarios_is_refused_by_name(kind: str, tmp_path: Path) -> None:
    rules = rules_folder(tmp_path / "rules")
    MAKERS[kind](rules / "x.test.yaml")
    ran = run("test", rules, "", tmp_path)
    assert ran.code == 2
    assert "x.test.yaml" in ran.err
    assert WORDS[kind] in ran.err


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("command", ["replay", "explain", "backfill"])
def test_an_input_that_is_no_file_is_refused_by_name(command: str, kind: str, tmp_path: Path) -> None:
    rules = rules_folder(tmp_path / "rules")
    write(tmp_path / "in" / "a.jsonl", EVENT)
    MAKERS[kind](tmp_path / "in" / "x.jsonl")
    for events in (tmp_path / "in" / "x.jsonl", tmp_path / "in" / "*.jsonl", f"{tmp_path}/**/*.jsonl"):
        ran = run(command, rules, events, tmp_path)
        assert ran.code == 2, events
        assert "x.jsonl" in ran.err
        assert WORDS[kind] in ran.err


def test_a_linked_folder_in_a_folder_of_rules_is_refused_since_links_are_not_followed(tmp_path: Path) -> None:
    rules = rules_folder(tmp_path / "rules")
    write(tmp_path / "elsewhere" / "more.yaml", RULES.replace("id: cart", "id: more"))
    (rules / "linked").symlink_to(tmp_path / "elsewhere")
    ran = run("validate", rules, "", tmp_path)
    assert ran.code == 2
    assert "linked" in ran.err


def test_rules_named_in_capitals_are_rules(tmp_path: Path) -> None:
    write(tmp_path / "rules" / "CART.YAML", RULES)
    assert "account acme: 1 rule" in run("validate", tmp_path / "rules", "", tmp_path).out


def test_a_folder_that_a_pattern_names_with_its_files_is_no_input_of_its_own(tmp_path: Path) -> None:
    """Writers of data sets name folders like files."""
    write(tmp_path / "in" / "day.jsonl" / "part-0.jsonl", EVENT)
    write(tmp_path / "in" / "a.jsonl", event("cart.item_added", "2026-10-01T11:00:00Z"))
    ran = kittiwake(
        "replay", "--rules", rules_folder(tmp_path / "rules"), "--input", f"{tmp_path}/in/**/*.jsonl",
        "--output", tmp_path / "out", "--json",
    )  # fmt: skip
    assert (ran.code, ran.data["events"]) == (0, 2)


# ---------------------------------------------------------------- where root may not read everything

WITHOUT_ROOTS_RIGHTS = """\
import ctypes, os, sys
for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    assert ctypes.CDLL(None).prctl(24, capability, 0, 0, 0) == 0 or os.getuid()
os.execv(sys.executable, [sys.executable, "-m", "kittiwake.cli.main", *sys.argv[1:]])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="rights are dropped as Linux does it")
@pytest.mark.parametrize("shut", ["rules/shop/x.yaml", "rules/shop", "in/shop/x.jsonl", "in/shop"])
@pytest.mark.parametrize("pattern", ["*", "**"])
def test_what_may_not_be_read_is_refused_by_name(shut: str, pattern: str, tmp_path: Path, root: Path) -> None:
    rules_folder(tmp_path / "rules")
    write(tmp_path / "rules" / "shop" / "x.yaml", RULES.replace("acme", "shop"))
    write(tmp_path / "in" / "a" / "a.jsonl", EVENT)
    write(tmp_path / "in" / "shop" / "x.jsonl", EVENT)
    mode = (tmp_path / shut).stat().st_mode
    (tmp_path / shut).chmod(0)
    arguments = ["replay", "--rules", "rules", "--input", f"in/{pattern}/*.jsonl", "--output", "out"]
    command = [sys.executable, "-c", WITHOUT_ROOTS_RIGHTS, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    ran = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=50, check=False
    )
    (tmp_path / shut).chmod(mode)
    assert ran.returncode == 2, ran.stderr
    assert shut in ran.stderr
    assert "Permission denied" in ran.stderr
