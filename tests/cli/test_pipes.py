"""`-` is standard input wherever an input is named: what comes through a pipe is read as the file is."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kittiwake import regular_files
from kittiwake.cli.main import app
from tests.cli.command import RULES, Ran, event, write

EVENTS = "\n".join(
    [event("cart.item_added", "2026-11-02T09:00:00Z"), event("page.viewed", "2026-11-03T09:00:00Z"), "{"]
)
SCENARIO = """\
rules: {id: cart, when: cart.item_added, wait: 1h}
tests: [{name: it, steps: [{event: cart.item_added}, {after: 1h, expect: {fired: cart}}]}]
"""
PLAN = '{"title": "order.completed", "type": "object", "properties": {"total": {"type": "number"}}}'
CSV = "product_id,price\np1,3\n"


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    """A process reads its standard input once; here each test has one."""
    yield
    regular_files.copy_of_standard_input.cache_clear()


def piped(content: bytes | str, *arguments: str | Path) -> Ran:
    result = CliRunner().invoke(app, [*map(str, arguments)], input=content)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(result.exit_code, result.stdout, result.stderr)


COMMANDS = {
    "replay": (EVENTS, ["replay", "--rules", "{rules}", "--output", "{folder}/out", "--input"]),
    "explain": (EVENTS, ["explain", "--rules", "{rules}", "--contact", "c1", "--input"]),
    "simulate": (EVENTS, ["simulate", "{rules}"]),
    "diff": (EVENTS, ["diff", "{rules}", "{rules}"]),
    "profile": (EVENTS, ["profile", "--input"]),
    "inspect": (EVENTS, ["inspect"]),
    "validate": (RULES, ["validate"]),
    "describe": (RULES, ["describe"]),
    "test": (SCENARIO, ["test"]),
    "publish": (RULES, ["publish", "--dry-run", "--effective-from", "always", "{folder}/target"]),
    "events import": (PLAN, ["events", "import"]),
    "events export": (RULES, ["events", "export", "--rules"]),
    "catalog diff": (CSV, ["catalog", "diff", "--account", "a", "--time", "2026-11-02T09:00:00Z"]),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_what_comes_through_a_pipe_is_read_as_the_file_is(name: str, tmp_path: Path) -> None:
    content, words = COMMANDS[name]
    rules = write(tmp_path / "rules.yaml", RULES)
    arguments = [word.format(rules=rules, folder=tmp_path) for word in words]
    named = write(tmp_path / "named" / "input.yaml", content)
    last = 1 if name == "publish" else len(arguments)
    as_file = piped("", *arguments[:last], named, *arguments[last:])
    as_pipe = piped(content + "\n", *arguments[:last], "-", *arguments[last:])
    assert as_file.code in (0, 1), as_file.err
    assert as_pipe.code == as_file.code, as_pipe.err
    assert as_pipe.out.splitlines()[2:] == as_file.out.replace(str(named), "-").splitlines()[2:]


def test_a_packed_pipe_is_known_by_its_first_bytes_and_names_its_records(tmp_path: Path) -> None:
    rules, out = write(tmp_path / "rules.yaml", RULES), tmp_path / "out"
    ran = piped(gzip.compress(EVENTS.encode()), "replay", "--rules", rules, "--input", "-", "--output", out, "--json")
    assert (ran.code, ran.data["events"], ran.data["files"]) == (0, 2, 1)
    assert "-:3" in str(ran.data["dead_letter_examples"])


def test_a_pipe_is_one_input_and_a_terminal_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    twice = piped(RULES, "replay", "--rules", "-", "--input=-", "--output", tmp_path / "out")
    assert (twice.code, "- is named twice" in twice.err) == (2, True)
    monkeypatch.setattr("typer.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    asked = piped("", "validate", "-")
    assert (asked.code, "standard input is no pipe" in asked.err) == (2, True)
