"""What `--help` says of every command, as golden texts: names of options are an interface, and so are their defaults.

Taken from the commands themselves, since how Typer lays them out differs between its releases.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer

from kittiwake.cli.main import COMMANDS, GROUPS, app
from tests.cli.command import kittiwake

HELP = Path(__file__).parent / "help"


def _text(command: Any) -> str:
    """The docstring of a command, then each parameter: its names, whether it has to be given, its default, its help.

    The same of each command below it.
    """
    entries = [f"{_names(one)}{_default(one)}\n    {one.help}\n" for one in command.params]
    below = [f"\n{name}: {_text(one)}" for name, one in getattr(command, "commands", {}).items()]
    examples = (command.epilog or "").removeprefix("\b\n")
    return "\n".join([" ".join(command.help.split()) + "\n", *entries, *([examples] if examples else []), *below])


def _names(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.name.upper())
    return ", ".join(parameter.opts) + (" (several times)" if parameter.multiple else "")


def _default(parameter: Any) -> str:
    if parameter.required:
        return " [required]"
    default = parameter.default
    return "" if default in (None, False, "", [], ()) or callable(default) else f" [default: {default}]"


@pytest.mark.parametrize(("name", "text"), [each for names in GROUPS.values() for each in names.items()])
def test_the_list_of_commands_says_of_each_what_its_own_help_begins_with(name: str, text: str) -> None:
    whole = typer.main.get_command(import_module(f"kittiwake.cli.commands.{name}").app).help
    assert whole is not None
    assert " ".join(whole.split("\n\n")[0].split()) == text


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_is_this(name: str, update_golden: bool) -> None:
    golden = HELP / f"{name}.txt"
    found = _text(typer.main.get_command(app).get_command(None, name))  # type: ignore[attr-defined]
    if update_golden:
        HELP.mkdir(exist_ok=True)
        golden.write_text(found)
    assert found == golden.read_text()


def test_no_help_is_of_a_command_that_is_not_there() -> None:
    assert sorted(path.stem for path in HELP.iterdir()) == sorted(COMMANDS)


def test_every_command_has_its_row_in_the_readme(root: Path) -> None:
    section = (root / "README.md").read_text(encoding="utf-8").split("\n## The command\n", 1)[1].split("\n## ", 1)[0]
    cells = " ".join(re.findall(r"^\| (`kittiwake .+?) \|", section, re.MULTILINE))
    named = [ticked.removeprefix("kittiwake ").split()[0] for ticked in re.findall(r"`([^`]+)`", cells)]
    assert sorted(named) == sorted(COMMANDS)


def test_help_shows_every_command_in_its_group() -> None:
    ran = kittiwake("--help")
    assert ran.code == 0
    sections = dict(re.findall(r"^([A-Z][\w, ]+):\n((?:  .+\n)+)", ran.out, re.MULTILINE))
    found = {title: re.findall(r"^  (\w+) ", sections[title], re.MULTILINE) for title in GROUPS}
    assert found == {title: [*names] for title, names in GROUPS.items()}


def _leaves(command: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The command, or those below it, each with the words that name it."""
    below = getattr(command, "commands", {})
    for name, one in below.items():
        yield from _leaves(one, *path, name)
    if not below:
        yield path, command


LEAVES = [found for name in COMMANDS for found in _leaves(typer.main.get_command(app).get_command(None, name), name)]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("path", "command"), LEAVES, ids=[" ".join(path) for path, _ in LEAVES])
def test_the_help_of_every_command_ends_with_an_example_that_it_would_take(path: tuple[str, ...], command: Any) -> None:
    examples = [line for line in (command.epilog or "").splitlines() if line.startswith("  ")]
    assert examples
    for example in examples:
        words = shlex.split(re.split(r" (?:>|&&) ", example)[0].split(" | ")[-1])
        assert tuple(words[: len(path) + 1]) == ("kittiwake", *path)
        command.make_context(path[-1], words[len(path) + 1 :])


PRINT_DOCUMENTS = {"schema", "completion", "events import", "events export", "catalog diff"}
"""What they print is a file for programs, whatever is asked for."""


def test_every_command_that_prints_for_people_prints_json_too() -> None:
    without = {" ".join(path) for path, one in LEAVES if not any("--json" in param.opts for param in one.params)}
    assert without == PRINT_DOCUMENTS
