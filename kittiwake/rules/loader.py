"""Rules files, read, checked and put together: every error of every file at once.

The one module of this package that reads files. Called by the command, by hosts that have the
bytes already (`load_files`), and by tests.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from kittiwake.durable_files import OUTPUT_MARK
from kittiwake.regular_files import NoFileError, open_file, why_not
from kittiwake.rules.calendar_files import calendars_written_out, files_named_in
from kittiwake.rules.documents import rule_set_of
from kittiwake.rules.errors import Code, RuleError
from kittiwake.rules.limits import FILE_BYTES_MAX, FILES_MAX
from kittiwake.rules.model.calendar import is_calendar_file
from kittiwake.rules.model.text import is_account_id
from kittiwake.rules.ruleset import RuleSet
from kittiwake.rules.source.builder import Reading, UnreadableError
from kittiwake.rules.source.tree import NOWHERE, Location, Mark, Node
from kittiwake.rules.source.yaml import read_yaml

SUFFIXES: Final = (".yaml", ".yml", ".json")
SCENARIO_SUFFIXES: Final = (".test.yaml", ".test.yml", ".test.json")
"""Scenario files stand beside the rules they test."""
PLAN_NAME: Final = "events"
"""`events.yaml`, or `….events.yaml`: an event plan, which stands beside the rules that are checked against it."""


def load(*paths: Path | str) -> RuleSet:
    """The rule set of files and of directories: all their rules files, in sorted order.

    Raises:
        RulesError: with everything that is wrong with them.
    """
    errors: list[RuleError] = []
    return load_files(read_files(paths, errors), errors)


def read_files(paths: Iterable[Path | str], errors: list[RuleError]) -> dict[str, bytes]:
    """The rules files of files and of directories, path to bytes, in sorted order; `errors` added for the rest.

    The calendar files that they name come after them.
    """
    files = [found for path in paths for found in _files(Path(path), errors)]
    read = {str(file): _content(file, errors) for file in files[:FILES_MAX]}
    contents = {name: content for name, content in read.items() if content is not None}
    for name in sorted({name for document in _with_calendar_files(contents) for name in files_named_in(document)}):
        with suppress(OSError), open_file(name) as file:  # what is not there is said where it is named
            contents[name] = file.read(FILE_BYTES_MAX + 1)
    return contents


def load_files(
    contents: Mapping[str, bytes],
    errors: list[RuleError] | None = None,
    forgiven: frozenset[Code] = frozenset(),
) -> RuleSet:
    """The rule set of files already fetched: name to bytes; JSON if the name ends so, else YAML.

    Errors of the codes in `forgiven` are none.

    Raises:
        RulesError: with `errors` and everything that is wrong with them.
    """
    found = list(errors or [])
    return rule_set_of(read_locations(contents, found), found, forgiven)


def read_locations(contents: Mapping[str, bytes], errors: list[RuleError]) -> list[Location]:
    """The documents of files already fetched, as they are written; `errors` added for those that cannot be read.

    Only the days of calendar files stand in place of their names.
    """

    def text_of(name: str, reading: Reading) -> str | None:
        return _text(contents[name], reading) if name in contents else None

    return [
        calendars_written_out(location, text_of, errors)
        for name, content in contents.items()
        if not is_calendar_file(name) and (location := location_of(name, content, errors))
    ]


# ---------------------------------------------------------------- files


def is_rules_file(name: str) -> bool:
    """Whether a file of this name in a directory holds rules."""
    return _is_shown(name) and not is_plan_file(name)


def is_plan_file(name: str) -> bool:
    """Whether a file of this name in a directory is an event plan."""
    stem = name.lower().rpartition(".")[0]
    return _is_shown(name) and (stem == PLAN_NAME or stem.endswith(f".{PLAN_NAME}"))


def _is_shown(name: str) -> bool:
    lower = name.lower()
    return lower.endswith(SUFFIXES) and not lower.endswith(SCENARIO_SUFFIXES) and not name.startswith(".")


def _files(path: Path, errors: list[RuleError]) -> list[Path]:
    if not path.is_dir():
        if is_calendar_file(path.name):
            message = "this is a calendar, and holds no rules"
            advice = f"Name the rules, and in them calendar: {path.name}"
            errors.append(_of_file(path, Code.BAD_CALENDAR, message, advice))
            return []
        return [path]
    before = len(errors)
    shown = sorted(within(path, _is_shown, errors))
    found = [file for file in shown if is_rules_file(file.name)]
    errors.extend(error for file in shown if is_plan_file(file.name) for error in _rules_named_as_a_plan(file))
    if not found and len(errors) == before:
        message = "there is no rules file in this directory"
        errors.append(_of_file(path, Code.NO_FILES, message, f"Name one *{', *'.join(SUFFIXES)}"))
    if len(found) > FILES_MAX:
        message = f"there are more than {FILES_MAX} rules files in this directory"
        errors.append(_of_file(path, Code.TOO_LARGE, message, "Name the directory that holds only rules"))
    return found[:FILES_MAX]


_RULES_KEY: Final = re.compile(rb"""^["']?rules["']?[ \t]*:""", re.MULTILINE)
"""A key of the outermost mapping in YAML of blocks, without reading what may be a large plan."""


def _rules_named_as_a_plan(path: Path) -> Iterator[RuleError]:
    """Rules in a file that would be passed over, since its name is that of an event plan."""
    try:
        with open_file(path) as file:
            content = file.read(FILE_BYTES_MAX)
    except OSError:
        return  # it is reported by whoever reads the plan
    if _has_rules(str(path), content):
        message = f"there are rules in this file, whose name is that of an event plan ({PLAN_NAME}.yaml)"
        yield _of_file(path, Code.WRONG_SHAPE, message, "Give it another name")


def _has_rules(name: str, content: bytes) -> bool:
    """Whether it is a rules file; a large plan in blocks is not read for it."""
    if content.lstrip()[:1] != b"{":
        return _RULES_KEY.search(content) is not None
    return b"rules" in content and "rules" in _read_so_far(name, content).top


def _is_output(folder: Path) -> bool:
    """Whether a run wrote there; one that may not be looked into is none, and is said to be unreadable when it is."""
    with suppress(PermissionError):
        return (folder / OUTPUT_MARK).exists()
    return False


def within(directory: Path, is_meant: Callable[[str], bool], errors: list[RuleError]) -> Iterator[Path]:
    """What lies in a directory under a name that `is_meant`, files and others, hidden names and outputs left out.

    `errors` are added for what cannot be looked into: a directory that may not be listed, or a link to one, which is
    not followed since it may lead round in circles.
    """

    def on_error(error: OSError) -> None:
        message = f"this directory cannot be listed: {why_not(error.filename, error)}"
        advice = "Check its permissions, or move it away"
        errors.append(_of_file(Path(error.filename), Code.UNREADABLE, message, advice))

    for folder, folders, files in os.walk(directory, onerror=on_error):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and not _is_output(Path(folder, name)))
        for name in folders:
            if not is_meant(name) and (link := Path(folder, name)).is_symlink():
                message = f"this is a symbolic link to the directory {link.readlink()}, and links are not followed"
                advice = "Name that directory too, or move the link away"
                errors.append(_of_file(link, Code.UNREADABLE, message, advice))
        names = sorted(name for name in (*files, *folders) if is_meant(name))
        yield from (Path(folder, name) for name in names)


def _content(path: Path, errors: list[RuleError]) -> bytes | None:
    try:
        with open_file(path) as file:
            return file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        errors.append(unreadable(path, error))
        return None


def unreadable(path: Path, error: OSError) -> RuleError:
    """What is said of a file that cannot be opened or read."""
    message = f"this file cannot be read: {why_not(path, error)}"
    is_no_file = isinstance(error, NoFileError)
    advice = "Move it away, or give it another name" if is_no_file else "Check its name and its permissions"
    return _of_file(path, Code.UNREADABLE, message, advice)


def _of_file(path: Path, code: Code, message: str, advice: str) -> RuleError:
    return RuleError(str(path), *NOWHERE, "", message, advice, code)


# ---------------------------------------------------------------- bytes


def location_of(name: str, content: bytes, errors: list[RuleError], bytes_max: int = FILE_BYTES_MAX) -> Location | None:
    """The document of a file, as it is written; None, and errors added, if it cannot be read."""
    reading = Reading(name)
    try:
        text = _text(content, reading, bytes_max)
        node = _read(name, text, reading)
    except UnreadableError as error:
        errors.extend([*reading.errors, error.error])
        return None
    errors.extend(reading.errors)
    return Location(name, node)


def _read(name: str, text: str, reading: Reading) -> Node:
    if not name.lower().endswith(".json"):
        return read_yaml(text, reading)
    from kittiwake.rules.source.json import read_json  # noqa: PLC0415 - hardly a rule is written so

    return read_json(text, reading)


def _with_calendar_files(contents: Mapping[str, bytes]) -> Iterator[Location]:
    """The documents that may name calendar files; those that cannot be read are left to who reads them all."""
    for name, content in contents.items():
        if b".ics" in content.lower() and not is_calendar_file(name):
            location = location_of(name, content[: FILE_BYTES_MAX + 1], [])
            if location is not None:
                yield location


def owners_of(name: str, contents: Mapping[str, bytes]) -> frozenset[str | None]:
    """The accounts of a file: its own, or those that name it, if it is a calendar file.

    None: the account of one of them cannot be read.
    """
    if not is_calendar_file(name):
        return frozenset([_owner_of(name, contents[name])])
    naming = [one.file for one in _with_calendar_files(contents) if name in files_named_in(one)]
    return frozenset(_owner_of(one, contents[one]) for one in naming)


def _owner_of(name: str, content: bytes) -> str | None:
    """The account of a file, if it can be read that far, whatever else is wrong with it."""
    found = _read_so_far(name, content).top.get("account")
    account = str(found.value) if found is not None and is_account_id(found.value) else None
    return None if account is None or "\ufffd" in account else account  # which stands for bytes that are no UTF-8


def _read_so_far(name: str, content: bytes) -> Reading:
    """A file read as far as it can be."""
    reading = Reading(name)
    text = content[:FILE_BYTES_MAX].decode("utf-8-sig", "replace")
    with suppress(UnreadableError):
        _read(name, text, reading)
    return reading


def _text(content: bytes, reading: Reading, bytes_max: int = FILE_BYTES_MAX) -> str:
    if len(content) > bytes_max:
        message = f"the file is larger than {bytes_max:,} bytes"
        raise reading.stop(NOWHERE, Code.TOO_LARGE, message, "Split it into several files")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line_start = before.rfind(b"\n") + 1
        mark = Mark(before.count(b"\n") + 1, len(before[line_start:].decode("utf-8", "replace")) + 1)
        raise reading.stop(mark, Code.NOT_UTF8, "the file is not UTF-8", "Save it as UTF-8") from None
