"""From a scenario file to its cases, with everything that is wrong with it at once.

Reads files. Called by `kittiwake test` and `kittiwake.testing.scenario_files`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from kittiwake.errors import UnusableError
from kittiwake.regular_files import open_file
from kittiwake.rules.errors import Code, KeyPath, RuleError, RulesError
from kittiwake.rules.limits import FILE_BYTES_MAX
from kittiwake.rules.loader import SCENARIO_SUFFIXES, unreadable, within
from kittiwake.rules.ruleset import EVERY_ACCOUNT, RuleSet
from kittiwake.rules.source.builder import Reading, UnreadableError
from kittiwake.rules.source.tree import NOWHERE, Location, Node
from kittiwake.rules.source.validation import read
from kittiwake.rules.source.yaml import read_yaml
from kittiwake.scenarios.cases import Case, cases_of
from kittiwake.scenarios.models import ScenarioPart, with_data
from kittiwake.scenarios.player import ACCOUNT
from kittiwake.scenarios.rules import Edition, RuleBook, book_of, edition_at, load_edition
from kittiwake.scenarios.timeline import with_steps
from kittiwake.time.durations import parse_duration
from kittiwake.time.instants import HOUR_US

YAML_SUFFIXES: Final = tuple(suffix for suffix in SCENARIO_SUFFIXES if not suffix.endswith(".json"))
RULES_SUFFIXES: Final = (".yaml", ".yml", ".json")


def find(paths: Iterable[Path]) -> list[Path]:
    """The scenario files among `paths`: files as named, of directories all whose name ends in `.test.yaml`.

    Raises:
        RulesError: a directory has none.
    """
    found: list[Path] = []
    errors: list[RuleError] = []
    for path in paths:
        before = len(errors)
        files = sorted(within(path, _is_scenario, errors)) if path.is_dir() else [path]
        if not files and len(errors) == before:
            advice = f"Name one *{YAML_SUFFIXES[0]}"
            errors.append(RuleError(str(path), *NOWHERE, "", "there is no scenario file in it", advice, Code.NO_FILES))
        found.extend(files)
    if errors:
        raise RulesError(errors)
    return list(dict.fromkeys(found))


def _is_scenario(name: str) -> bool:
    return name.lower().endswith(YAML_SUFFIXES) and not name.startswith(".")


def scenarios_of(rules: Path) -> Path:
    """Where the scenarios of rules are: in their folder, and of a file `cart.yaml` in `cart.test.yaml` beside it.

    Raises:
        UnusableError: no such file is beside it.
    """
    if rules.is_dir() or _is_scenario(rules.name):
        return rules
    beside = [rules.with_suffix(suffix) for suffix in YAML_SUFFIXES]
    found = next((one for one in beside if one.is_file()), None)
    if found is None:
        raise UnusableError(f"{rules} has no scenarios: there is no {beside[0].name} beside it")
    return found


def load_cases(path: Path) -> list[Case]:
    """The cases of a scenario file.

    Raises:
        RulesError: with everything that is wrong with it, or with the rules it names.
    """
    errors: list[RuleError] = []
    location = _location(path, errors)
    found = (
        read(ScenarioPart, Location(location.file, with_data(location.node)), errors) if location is not None else None
    )
    if location is None or found is None or errors:
        raise RulesError(errors)
    books = _books(path, location, found.model, errors)
    cases = cases_of(location, found.model, books, errors) if not errors else []
    if errors:
        raise RulesError(errors)
    return cases


def _location(path: Path, errors: list[RuleError]) -> Location | None:
    reading = Reading(str(path))
    try:
        with open_file(path) as file:
            content = file.read(FILE_BYTES_MAX + 1)
        if len(content) > FILE_BYTES_MAX:
            message = f"the file is larger than {FILE_BYTES_MAX:,} bytes"
            raise reading.stop(NOWHERE, Code.TOO_LARGE, message, "Split it into several files")
        text = content.decode("utf-8-sig")
        node: Node = with_steps(read_yaml(text, reading), text, reading)
    except OSError as error:
        reading.errors.append(unreadable(path, error))
    except UnicodeDecodeError:
        reading.report(NOWHERE, Code.NOT_UTF8, "the file is not UTF-8", "Save it as UTF-8")
    except UnreadableError as error:
        reading.errors.append(_of_a_scenario(error.error))
    else:
        errors.extend(reading.errors)
        return Location(str(path), node)
    errors.extend(reading.errors)
    return None


def _of_a_scenario(error: RuleError) -> RuleError:
    return error._replace(advice="Write tests: with a list of tests") if error.code is Code.EMPTY else error


# ---------------------------------------------------------------- the rules it tests


def _books(path: Path, location: Location, written: ScenarioPart, errors: list[RuleError]) -> list[RuleBook]:
    """The rules of each test: its own, else those of the file."""
    shared = None
    if written.rules is not None or any(case.rules is None for case in written.tests) or not written.tests:
        shared = _book(path, location, written, errors)
    books = []
    for i, case in enumerate(written.tests):
        own = shared if case.rules is None else _book(path, location, written, errors, ("tests", i))
        books.extend([own] if own is not None else [])
    return books


def _book(
    path: Path, location: Location, written: ScenarioPart, errors: list[RuleError], case: KeyPath = ()
) -> RuleBook | None:
    """The rules of the account that is tested, as the file names them, or the test at a path."""
    try:
        edition = _edition(path, location, written, case)
        account_id = _account(edition.ruleset, location, written, errors)
        if account_id is None:
            return None
        lateness_us = parse_duration(written.allowed_lateness) if written.allowed_lateness else HOUR_US
        assert lateness_us is not None
        book = book_of(edition, account_id)._replace(
            allowed_lateness_us=lateness_us, whole_history=written.whole_history
        )
        book.versions()
    except RulesError as error:
        errors.extend(error.errors)
        return None
    return book


def _edition(path: Path, location: Location, written: ScenarioPart, case: KeyPath) -> Edition:
    """Rules that are written at a location, or that stand in files."""
    rules = location.at(*case, "rules")
    if rules is None:
        return load_edition(_rules_path(path))
    if isinstance(rules.node.value, str):
        return load_edition(path.parent / rules.node.value)
    return edition_at(rules, written.account or ACCOUNT)


def _rules_path(path: Path) -> Path:
    """`cart.yaml` for `cart.test.yaml`; else all rules of the folder."""
    stem = next((path.name.removesuffix(one) for one in YAML_SUFFIXES if path.name.endswith(one)), path.stem)
    beside = [path.parent / (stem + suffix) for suffix in RULES_SUFFIXES]
    return next((one for one in beside if one.is_file() and one != path), path.parent)


def _account(ruleset: RuleSet, location: Location, written: ScenarioPart, errors: list[RuleError]) -> str | None:
    own = sorted(name for name in ruleset.accounts if name != EVERY_ACCOUNT)
    if written.account is not None:
        if written.account in ruleset.accounts or EVERY_ACCOUNT in ruleset.accounts:
            return written.account
        message = f"the rules have none for account {written.account}"
        errors.append(location.error(("account",), Code.NOT_A_CHOICE, message, f"Write one of {', '.join(own)}"))
        return None
    if len(own) > 1:
        advice = f"Add account: with one of {', '.join(own)}"
        errors.append(location.error((), Code.MISSING_KEY, "the rules are of several accounts", advice))
        return None
    return own[0] if own else ACCOUNT
