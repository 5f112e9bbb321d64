"""What `--help` says of every command, as golden texts: names of options are an interface, and so are their defaults.

Taken from the commands themselves, since how Typer lays them out differs between its releases.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer

from kittiwake.cli.main import COMMANDS, app
from tests.cli.command import kittiwake

HELP = Path(__file__).parent / "help"


def _text(command: Any) -> str:
    """The docstring of a command, then each parameter: its names, whether it has to be given, its default, its help.

    The same of each command below it.
    """
    entries = [f"{_names(one)}{_default(one)}\n    {one.help}\n" for one in command.params]
    below = [f"\n{name}: {_text(one)}" for name, one in getattr(command, "commands", {}).items()]
    return "\n".join([" ".join(command.help.split()) + "\n", *entries, *below])


def _names(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.name.upper())
    return ", ".join(parameter.opts) + (" (several times)" if parameter.multiple else "")


def _default(parameter: Any) -> str:
    if parameter.required:
        return " [required]"
    default = parameter.default
    return "" if default in (None, False, "", [], ()) or callable(default) else f" [default: {default}]"


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


def test_every_command_prints_its_help() -> None:
    ran = kittiwake("--help")
    assert ran.code == 0
    assert [name for name in COMMANDS if f"\n  {name} " not in ran.out] == []
