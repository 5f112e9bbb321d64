"""Scenario files for pytest: one test for each case.

@pytest.mark.parametrize("case", scenarios("rules"), ids=str)
def test_the_rules(case: Case) -> None:
    check(case)
"""

from __future__ import annotations

from pathlib import Path

from kittiwake.explain.rendering import plain
from kittiwake.printable import visible
from kittiwake.scenarios.cases import Case
from kittiwake.scenarios.files import find, load_cases
from kittiwake.scenarios.run import play, surprise_words


class UnmetError(AssertionError):
    """A case was not as expected; its text says what, and explains all that happened."""


def scenarios(*paths: str | Path) -> list[Case]:
    """The cases of scenario files, and of all `*.test.yaml` files of directories.

    Raises:
        RulesError: with what is wrong with the first file that is not usable.
    """
    return [case for path in find([Path(one) for one in paths]) for case in load_cases(path)]


def check(case: Case) -> None:
    """Play a case.

    Raises:
        UnmetError: something was not as expected.
    """
    __tracebackhide__ = True
    result = play(case)
    if result.passed:
        return
    lines = [f"{case.file}:{case.mark.line}: {case.name}"]
    for surprise in result.surprises:
        first, *rest = surprise_words(surprise)
        lines.extend([f"{case.file}:{surprise.mark.line}: {first}", *(f"  {line}" for line in rest)])
    raise UnmetError("\n".join([*map(visible, lines), "", plain(result.explanation)]))
