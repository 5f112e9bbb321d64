"""Every exit code has its row in docs/reference/exit-codes.md, and nothing else has one; so has code 1 of a command."""

from __future__ import annotations

import re
import signal
from pathlib import Path

from kittiwake.cli.main import COMMANDS
from kittiwake.durable_files import ENDING
from kittiwake.terminal.exit_codes import Exit

ROW = re.compile(r"^\| (\d+) \| `([A-Z_]+)` \|", re.MULTILINE)
TICKED = re.compile(r"`([^`]+)`")


def test_every_exit_code_has_one_row(root: Path) -> None:
    rows = ROW.findall((root / "docs/reference/exit-codes.md").read_text())
    assert [(int(code), name) for code, name in rows] == [(code.value, code.name) for code in Exit]


def _code_1(root: Path) -> tuple[set[str], set[str]]:
    """The commands and mains that have a row below `Code 1`, and those said never to end with it."""
    section = (root / "docs/reference/exit-codes.md").read_text().split("\n## Code 1\n", 1)[1].split("\n## ", 1)[0]
    cells = " ".join(re.findall(r"^\| (`.+?) \|", section, re.MULTILINE))
    (never,) = re.findall(r"^(`.+) never end with 1\.$", section, re.MULTILINE)
    mains = {main.removeprefix("python -m ").removeprefix("kittiwake ").split()[0] for main in TICKED.findall(cells)}
    return mains, {*TICKED.findall(never)}


def test_what_code_1_means_is_said_of_every_command_once(root: Path) -> None:
    has_row, never = _code_1(root)
    assert has_row & never == set()
    assert {name for name in has_row | never if not name.startswith("kittiwake.pipelines.")} == {*COMMANDS}


def test_who_ends_with_code_1_by_itself_has_its_row(root: Path) -> None:
    commands = {path: path.stem for path in (root / "kittiwake/cli/commands").glob("*.py")}
    mains = {path: f"kittiwake.pipelines.{path.stem}" for path in (root / "pipelines").glob("*.py")}
    ending = {name for path, name in (commands | mains).items() if "Exit.FINDINGS" in path.read_text()}
    assert {"validate", "kittiwake.pipelines.backfill"} <= ending
    assert ending - _code_1(root)[0] == set()


def test_every_signal_that_ends_a_process_has_its_code() -> None:
    assert {Exit(128 + number) for number in ENDING} == {Exit.HUNG_UP, Exit.INTERRUPTED, Exit.TERMINATED}
    assert signal.SIGHUP in ENDING


def test_nobody_has_exit_codes_of_its_own(root: Path) -> None:
    """A number, or a list beside the one list."""
    own = re.compile(r"sys\.exit\(\d|typer\.Exit\(\d|SystemExit\(\d|^(?:DONE|FAILED|UNUSABLE|STOPPED)\b", re.MULTILINE)
    sources = [path for package in ("kittiwake", "pipelines", "transforms") for path in (root / package).rglob("*.py")]
    assert [path.name for path in sources if own.search(path.read_text())] == []
