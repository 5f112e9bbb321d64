"""The plugin of pytest: scenario files (`*.test.yaml`) are tests, one for each case.

pytest loads it in every session, by its entry point, so it imports nothing before there is a scenario file. Options:
`--kittiwake-rules PATH`, and `kittiwake_rules` in pytest's configuration. `-p no:kittiwake` leaves it out.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import pytest

SUFFIXES: Final = (".test.yaml", ".test.yml")
OPTION: Final = "--kittiwake-rules"
SETTING: Final = "kittiwake_rules"
BEGINNING: Final = 64 * 1024
"""Characters in which a scenario file has begun with its tests: before them stand its other keys."""

_TESTS: Final = re.compile(r"""^["']?tests["']?\s*:""", re.MULTILINE)
_BRACE: Final = re.compile(r"^\{(?![{%#])", re.MULTILINE)
"""The beginning of a file written in braces; two of them, and {% and {#, begin a template of another tool."""
_TESTS_IN_BRACES: Final = re.compile(r"""[{,\s]["']?tests["']?\s*:""")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--kittiwake-rules` and its setting."""
    words = "folder of rules, or scenario file, whose *.test.yaml are tests"
    group = parser.getgroup("kittiwake", "scenario files of Kittiwake")
    group.addoption(
        OPTION,
        action="append",
        metavar="PATH",
        help=f"{words}; several times if need be. Left out: every *.test.yaml with tests: in it.",
    )
    parser.addini(SETTING, f"{words}; {OPTION} goes before it", type="paths", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a path that is not there: it would collect nothing, and look like success."""
    for path in _rules(config):
        if not path.exists():
            from pytest import UsageError  # noqa: PLC0415, PT013 - see above

            raise UsageError(f"{OPTION}: {path} is not there")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> Any:
    """The tests of a scenario file; None: it is none, or none that is meant."""
    if not file_path.name.lower().endswith(SUFFIXES) or not _is_meant(file_path, parent):
        return None
    from kittiwake.testing.collecting import ScenarioFile  # noqa: PLC0415 - see above

    return ScenarioFile.from_parent(parent, path=file_path)


def _is_meant(path: Path, parent: pytest.Collector) -> bool:
    """Whether a file is named, or lies in a folder that is; else, if none are named, whether it is a scenario file."""
    if parent.session.isinitpath(path):
        return True
    rules = _rules(parent.config)
    if rules:
        return any(path == one or one in path.parents for one in rules)
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            text = file.read(BEGINNING)
    except OSError:  # one that cannot be read is no error of a session that has not named it
        return False
    return bool(_TESTS.search(text) or (_BRACE.search(text) and _TESTS_IN_BRACES.search(text)))


def _rules(config: pytest.Config) -> list[Path]:
    """The paths of the option, from where pytest was started, else those of the setting, from its file."""
    named = config.getoption(OPTION)
    if named:
        return [(config.invocation_params.dir / one).resolve() for one in named]
    return [path.resolve() for path in config.getini(SETTING)]
