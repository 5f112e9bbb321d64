"""Every exit code has its row in docs/reference/exit-codes.md, and nothing else has one."""

from __future__ import annotations

import re
import signal
from pathlib import Path

from kittiwake.durable_files import ENDING
from kittiwake.terminal.exit_codes import Exit

ROW = re.compile(r"^\| (\d+) \| `([A-Z_]+)` \|", re.MULTILINE)


def test_every_exit_code_has_one_row(root: Path) -> None:
    rows = ROW.findall((root / "docs/reference/exit-codes.md").read_text())
    assert [(int(code), name) for code, name in rows] == [(code.value, code.name) for code in Exit]


def test_every_signal_that_ends_a_process_has_its_code() -> None:
    assert {Exit(128 + number) for number in ENDING} == {Exit.HUNG_UP, Exit.INTERRUPTED, Exit.TERMINATED}
    assert signal.SIGHUP in ENDING


def test_nobody_has_exit_codes_of_its_own(root: Path) -> None:
    """A number, or a list beside the one list."""
    own = re.compile(r"sys\.exit\(\d|typer\.Exit\(\d|SystemExit\(\d|^(?:DONE|FAILED|UNUSABLE|STOPPED)\b", re.MULTILINE)
    sources = [path for package in ("kittiwake", "pipelines", "transforms") for path in (root / package).rglob("*.py")]
    assert [path.name for path in sources if own.search(path.read_text())] == []
