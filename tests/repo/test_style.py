"""What the style of the repository asks of every file, beyond what ruff can check."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.repo import sources

FUNCTION_LINES = 70
FILE_LINES = 500
PROSE = {".md", ".json", ".yaml", ".yml"}
LATER = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
# Written in two halves, so that this file is no exception to its own rule.
MACHINE_PATHS = re.compile(r"/(?:ho" + r"me|Us" + r"ers|ro" + r"ot|wo" + r"rk)/[A-Za-z0-9._]")
REGISTRY_HOSTS = re.compile(
    r"(?:pypi\.o" + r"rg|pythonhosted\.o" + r"rg|maven\.o" + r"rg|npmjs\.o" + r"rg|golang\.o" + r"rg|debian\.o" + r"rg)"
)
# What may not touch the world at all, by whatever way.
PURE = ("kittiwake/kernel/", "kittiwake/model.py", "kittiwake/reasons.py", "kittiwake/values.py")
IO_CALLS = {"open", "print", "input", "breakpoint", "exec", "eval", "__import__"}


def _found(pattern: re.Pattern[str], text: str, path: Path) -> list[str]:
    hits = ((text.count("\n", 0, hit.start()) + 1, hit.group()) for hit in pattern.finditer(text))
    return [f"{sources.name_of(path)}:{line} {what}" for line, what in hits]


def test_no_function_is_longer_than_a_screen() -> None:
    found = [f for path in sources.python_files() for f in sources.functions(path.read_text(), sources.name_of(path))]
    assert [f for f in found if f.lines > FUNCTION_LINES] == []


def test_no_source_file_is_longer_than_one_can_hold_in_the_head() -> None:
    lengths = {sources.name_of(path): len(path.read_text().splitlines()) for path in sources.python_files()}
    assert {name: lines for name, lines in lengths.items() if lines > FILE_LINES} == {}


def test_every_module_says_what_it_is_for() -> None:
    bare = [path for path in sources.python_files() if path.read_text().strip()]
    assert [sources.name_of(path) for path in bare if not ast.get_docstring(ast.parse(path.read_text()))] == []


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(LATER, id="put-off work"),
        pytest.param(MACHINE_PATHS, id="paths"),
        pytest.param(REGISTRY_HOSTS, id="hosts"),
    ],
)
def test_no_committed_file_holds_what_belongs_elsewhere(pattern: re.Pattern[str]) -> None:
    assert [hit for path, text in sources.texts() for hit in _found(pattern, text, path)] == []


def test_pure_modules_call_nothing_that_reaches_the_world() -> None:
    pure = [path for path in sources.python_files() if sources.name_of(path).startswith(PURE)]
    assert pure
    found = [(sources.name_of(path), *call) for path in pure for call in sources.calls(path.read_text())]
    assert [call for call in found if call[2] in IO_CALLS] == []


def test_the_finders_of_this_file_find() -> None:
    planted = "def long():\n" + "    x = 1\n" * FUNCTION_LINES + "open('f')  # TO" + "DO later, in /ho" + "me/me\n"
    assert [f.lines for f in sources.functions(planted, "planted.py")] == [FUNCTION_LINES + 1]
    assert [name for _, name in sources.calls(planted)] == ["open"]
    assert LATER.search(planted)
    assert MACHINE_PATHS.search(planted)
    assert not MACHINE_PATHS.search("a framework/rules file and a homework/a")
