"""The command as a whole: its help, its version, and how little it imports to validate."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from kittiwake import __version__
from kittiwake.cli.main import COMMANDS
from kittiwake.input.native.blocks import described, in_use
from tests.cli.command import RULES, event, kittiwake, write

OWN_MODULES_MAX = {"--help": 15, "validate": 205, "replay": 280, "replay without the accelerator": 322}
"""Of our own, a few more than there are: each takes 0.3 ms, of the 0.2 s that `validate` of one rule may take and the
0.25 s of `replay` over few events. Before it is raised: does this command need the new one for every rule?"""

UNASKED = {"dataclasses", "fractions", "zoneinfo"}
"""Of the standard library: 1 to 5 ms each, for rules and files that have asked for them only."""

# What stands before is not its doing: a package of Google's puts an empty `google` into every Python of the venv.
LOADED = """
import sys
before = set(sys.modules)
from kittiwake.cli.main import app
try:
    app(sys.argv[1:])
finally:
    print(*sorted(set(sys.modules) - before), file=sys.stderr)
"""


def modules_loaded(*arguments: str | Path) -> set[str]:
    ran = subprocess.run(
        [sys.executable, "-c", LOADED, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return set(ran.stderr.splitlines()[-1].split())


def _own(loaded: set[str]) -> int:
    return sum(name.split(".")[0] == "kittiwake" for name in loaded)


def test_help_lists_every_command_with_what_it_does() -> None:
    ran = kittiwake("--help")
    assert ran.code == 0
    listed = re.findall(r"^  ([a-z]+)  +[A-Z]", ran.out, re.MULTILINE)
    assert listed == list(COMMANDS)


def test_without_a_command_help_is_shown_and_the_input_is_unusable() -> None:
    assert kittiwake().code == 2


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    ran = kittiwake(command, "--help")
    assert ran.code == 0
    assert ran.out.startswith(f"Usage: kittiwake {command}")


def test_the_version_is_that_of_the_package() -> None:
    accelerator = f" ({described()})" if described() else ""
    assert kittiwake("--version") == (0, f"{__version__}{accelerator}\n", "")


def test_a_python_runs_its_own_command_as_a_module() -> None:
    command = [sys.executable, "-m", "kittiwake"]
    ran = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout.split()[0]) == (0, __version__), ran.stderr
    ran = subprocess.run([*command, "validate", "--help"], capture_output=True, text=True, check=False)
    assert "Usage: python -m kittiwake validate" in ran.stdout


def test_help_imports_neither_models_nor_decoders_nor_what_draws() -> None:
    loaded = modules_loaded("--help")
    unwanted = {"msgspec", "pydantic", "yaml", "rich", "kittiwake_native"}
    assert unwanted & {name.split(".")[0] for name in loaded} == set()
    assert _own(loaded) <= OWN_MODULES_MAX["--help"]


def test_an_unknown_command_is_unusable_input() -> None:
    ran = kittiwake("validte")
    assert ran.code == 2
    assert "No such command 'validte'" in ran.err


def test_validate_imports_neither_beam_nor_what_only_other_commands_need(tmp_path: Path) -> None:
    loaded = modules_loaded("validate", write(tmp_path / "rules.yaml", RULES))
    assert "kittiwake.rules.loader" in loaded
    heavy = {"apache_beam", "google", "rich", "pyarrow", "numpy", "asyncio", "multiprocessing", "dateutil", "tzdata"}
    heavy |= {"pydantic", "pydantic_core"}  # a third of the time it takes; Typer imports it from 0.29 on
    assert heavy & {name.split(".")[0] for name in loaded} == set()
    hosts = {
        "kittiwake.kernel.incremental",
        "kittiwake.batch.replay",
        "kittiwake.explain.explanation",
        "kittiwake.testing",
    }
    assert hosts & loaded == set()
    assert UNASKED & loaded == set()
    assert _own(loaded) <= OWN_MODULES_MAX["validate"]


def test_replay_loads_nothing_that_draws_where_there_is_no_terminal(tmp_path: Path) -> None:
    events = write(tmp_path / "events.jsonl", event("cart.item_added", "2026-11-02T09:00:00Z"))
    rules = ("--rules", write(tmp_path / "rules.yaml", RULES))
    loaded = modules_loaded("replay", *rules, "--input", events, "--output", tmp_path / "out")
    assert {"rich", "pyarrow", "apache_beam", "pydantic"} & {name.split(".")[0] for name in loaded} == set()
    assert UNASKED & loaded == set()
    by_kernel = in_use() is None
    assert ("kittiwake.kernel.batch" in loaded) == by_kernel
    assert _own(loaded) <= OWN_MODULES_MAX["replay without the accelerator" if by_kernel else "replay"]


OPENED = """
import sys
sys.addaudithook(lambda name, what: name == "open" and "dist-info" in str(what[0]) and print(what[0], file=sys.stderr))
from kittiwake.cli.entry import main
main()
"""


def test_validate_reads_no_metadata_of_installed_packages(tmp_path: Path) -> None:
    path = write(tmp_path / "rules.yaml", RULES)
    command = [sys.executable, "-c", OPENED, "validate", str(path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize("command", ["test", "recipes", "schema"])
def test_no_command_imports_beam(command: str, tmp_path: Path) -> None:
    write(tmp_path / "rules.yaml", RULES)
    path = write(tmp_path / "rules.test.yaml", "tests: [{name: it, steps: [{expect: nothing}]}]")
    loaded = modules_loaded(command, *([path, "--allow-empty"] if command == "test" else []))
    assert {"apache_beam", "google"} & {name.split(".")[0] for name in loaded} == set()


def test_the_installed_command_runs_and_shows_what_its_terminal_cannot(tmp_path: Path) -> None:
    write(tmp_path / "rules.yaml", RULES)
    path = write(tmp_path / "rules.test.yaml", "tests: [{name: it, steps: [{expect: nothing}]}]")
    command = Path(sys.executable).with_name("kittiwake")
    if not command.exists():
        pytest.skip("kittiwake is not installed here")
    environment = {"PYTHONIOENCODING": "latin-1", "PATH": "/usr/bin:/bin"}
    ran = subprocess.run(
        [command, "test", path, "--allow-empty"], capture_output=True, text=True, check=False, env=environment
    )
    assert ran.returncode == 0, ran.stderr
    assert "? it" in ran.stdout
