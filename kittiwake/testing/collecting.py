"""Scenario files as pytest knows tests: a file, and an item for each of its cases.

Imported by `plugin` when there is a scenario file, and needs pytest.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kittiwake.printable import visible
from kittiwake.rules.errors import RulesError
from kittiwake.scenarios.cases import Case
from kittiwake.scenarios.files import load_cases
from kittiwake.testing.scenario_files import UnmetError, check


class ScenarioFile(pytest.File):
    """A scenario file."""

    def collect(self) -> Iterator[ScenarioCase]:
        """Its cases, by name.

        Raises:
            CollectError: the file or its rules cannot be used; with every error, as `kittiwake test` has them.
        """
        name = os.path.relpath(self.path, self.config.invocation_params.dir)
        try:
            cases = load_cases(Path(name))
        except RulesError as error:
            raise self.CollectError("\n".join(visible(str(one)) for one in error.errors)) from None
        for case in cases:
            yield ScenarioCase.from_parent(self, name=visible(case.name), case=case)


class ScenarioCase(pytest.Item):
    """A case of a scenario file."""

    def __init__(self, *, case: Case, **of_pytest: Any) -> None:
        super().__init__(**of_pytest)
        self._case = case

    def runtest(self) -> None:
        """Play it."""
        check(self._case)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What was not as expected, and all that happened, as `kittiwake test` prints it."""
        if isinstance(excinfo.value, UnmetError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it stands."""
        return self.path, self._case.mark.line - 1, self.name
