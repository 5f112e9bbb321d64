"""Test files whose way goes through the accelerator, by what they import: they are run once more without it.

`python -m tests.accelerated` lists them, one a line; none where there is no accelerator to be without. `make test` runs
these with `KITTIWAKE_NATIVE=0`, `make nightly` everything. Which modules ask the accelerator is read from the product's
imports, and which files try those from the tests'. What takes minutes, and streams, which never ask, are left to the
night.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

from kittiwake.input.native.blocks import installed
from tests.repo.imports import Import, imports_of, module_of

ROOT: Final = Path(__file__).parent.parent
GLUE: Final = ("kittiwake.batch.native", "kittiwake.input.native")
"""What speaks to the accelerator."""
TELLS_ITS_VERSION: Final = "kittiwake.cli"
_LEFT = ("conformance", "docs", "pipelines", "repo", "runners", "services", "stream")
AT_NIGHT: Final = tuple(f"tests.{folder}" for folder in _LEFT)


@cache
def asking_modules() -> list[str]:
    """Those of the product that take a function of the glue; who takes types alone asks nothing."""
    taken = _taken(_sources("kittiwake", "transforms"), GLUE)
    asking = [name for name, imports in taken.items() if any(one.name[:1].islower() for one in imports)]
    return [name for name in asking if not _is_below(name, (*GLUE, TELLS_ITS_VERSION))]


@cache
def files_by_module() -> dict[str, list[str]]:
    """Files that take something of the glue or of a module which asks, and of which of them."""
    tests = _sources("tests")
    taken = _taken(tests, (*GLUE, *asking_modules()))
    return {
        tests[name].relative_to(ROOT).as_posix(): [one.module for one in imports]
        for name, imports in taken.items()
        if tests[name].name.startswith("test_") and not _is_below(name, AT_NIGHT)
    }


def _sources(*folders: str) -> dict[str, Path]:
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return {module_of(path, ROOT): path for path in paths}


def _taken(sources: dict[str, Path], wanted: Iterable[str]) -> dict[str, list[Import]]:
    """What each module takes of these modules or packages, if anything."""
    modules = frozenset(_sources("kittiwake", "transforms"))
    found = {}
    names = {one.rpartition(".")[2] for one in wanted}
    for name, path in sources.items():
        text = path.read_text(encoding="utf-8")
        if not any(one in text for one in names):
            continue  # not worth the parsing
        imports = imports_of(text, name, modules)
        if taken := [one for one in imports if _is_below(one.module, wanted)]:
            found[name] = taken
    return found


def _is_below(name: str, packages: Iterable[str]) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in packages)


if __name__ == "__main__":
    print(*(files_by_module() if installed() else ()), sep="\n", end="")
