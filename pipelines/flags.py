"""How the mains read what a person typed: the parser, values of one flag, and rows of the tables of sources and sinks.

A flag is data (`Flag`), so that a source or a sink declares its own; the page of options lists all of them by group.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Generic, NamedTuple, NoReturn, TypeVar

from apache_beam.io.filesystems import FileSystems

from kittiwake.errors import UnusableError
from kittiwake.input.bigquery.addresses import TableAddress, is_bigquery, table_address
from kittiwake.input.shapes.base import InputShape, Shape
from kittiwake.printable import visible
from kittiwake.rules.errors import RulesError
from kittiwake.rules.limits import FILE_BYTES_MAX
from kittiwake.shape_files.names import shape_names
from kittiwake.shape_files.naming import InputShapes, input_shape, input_shapes, message_shape
from kittiwake.terminal.arguments import plain_arguments, switch_message
from kittiwake.time.durations import ADVICE, parse_duration
from kittiwake.time.instants import BadTimeError, format_instant, parse_instant

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)


class Parser(argparse.ArgumentParser):
    """argparse's, which takes the texts of a template's launcher too.

    Its error messages are made visible: a glob puts the names of files among the options.
    """

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse does, after `plain_arguments`."""
        argv = sys.argv[1:] if args is None else args
        actions = self._option_string_actions
        lists = [name for name, action in actions.items() if isinstance(action, argparse._AppendAction)]
        return super().parse_known_args(plain_arguments(argv, actions, lists), namespace)

    def error(self, message: str) -> NoReturn:
        """End the main with code 2."""
        super().error(visible(switch_message(message)))


def error_lines(problems: Iterable[str]) -> str:
    """Problems as the text of one error, a line each; foreign text in them begins no line."""
    return "\n".join(map(visible, problems))


# ---------------------------------------------------------------- values

LINES_END_WITH: Final = (".jsonl", ".json", ".ndjson")
"""Names under which a backfill reads plain lines."""


def instant_option(flag_name: str, text: str) -> int:
    """The instant a person has written after a flag, in microseconds, or `UnusableError`."""
    try:
        time_us = parse_instant(text)
        format_instant(time_us)
    except (BadTimeError, OverflowError):
        raise UnusableError(f"{flag_name} {text}: write a time with offset, such as 2026-11-01T09:30:00Z") from None
    return time_us


def duration_option(flag_name: str, text: str) -> int:
    """The length of time a person has written after a flag, in microseconds, or `UnusableError`."""
    duration_us = parse_duration(text)
    if duration_us is None or duration_us < 0:
        raise UnusableError(f"{flag_name} {text}: {ADVICE}")
    return duration_us


def name_option(flag_name: str, text: str, pattern: re.Pattern[str], form: str) -> str:
    """The whole name of a resource of Google's, or `UnusableError` with the form that it should have."""
    if not pattern.fullmatch(text):
        raise UnusableError(f"{flag_name} {text}: write the whole name, {form}")
    return text


def file_or_table_option(flag_name: str, text: str, endings: Sequence[str], form: str) -> Path | TableAddress:
    """The file of this machine, or the one table of BigQuery, that a person names; `form` is how a table is written.

    Raises:
        UnusableError: it is neither.
    """
    if is_bigquery(text):
        address = table_address(text)
        if address.is_wildcard:
            raise UnusableError(f"{flag_name} {text}: name one table")
        return address
    path = Path(text)
    if "://" in text or path.suffix not in endings:
        raise UnusableError(f"{flag_name} {text}: write a file of this machine that ends with .jsonl, or {form}")
    if path.exists() and not path.is_file():
        raise UnusableError(f"{flag_name} {text} is no file: name another")
    return path


# ---------------------------------------------------------------- flags of the streaming job


class FlagGroup(StrEnum):
    """Groups of the streaming job's page of options, in their order; the value is the headline."""

    FROM_AND_TO = "from and to"
    WITHOUT_GOOGLE = "without Google: for demos, load tests and other runners"
    WAITS = "what is waited for"
    LAUNCH = "launch"


class Flag(NamedTuple):
    """A flag of the streaming job."""

    group: FlagGroup
    name: str
    """With its dashes."""
    keywords: Mapping[str, Any]
    """For `add_argument`."""


def flag(group: FlagGroup, name: str, **keywords: Any) -> Flag:
    """A flag, written as `add_argument` takes it."""
    return Flag(group, name, keywords)


def add_flags(parser: argparse.ArgumentParser, flags: Sequence[Flag]) -> None:
    """Add flags by group; within a group they keep their order."""
    for group in FlagGroup:
        add = parser.add_argument_group(group.value).add_argument
        for one in flags:
            if one.group is group:
                add(one.name, **one.keywords)


class OptionReader:
    """Reads one option after the other; a wrong one does not hide the next.

    Every reader of the streaming job's options gets it. Error messages gather in `problems`.
    """

    def __init__(self, typed: argparse.Namespace) -> None:
        self.typed = typed
        """As argparse has left it: texts and lists of texts."""
        self.beam: Mapping[str, Any] = {}
        """Beam's own options, by name."""
        self.problems: list[str] = []

    def read(self, default: _T, parse: Callable[..., _T], *arguments: object) -> _T:
        """What `parse` makes of the arguments; `default` if it refuses them."""
        try:
            return parse(*arguments)
        except UnusableError as error:
            self.problems.append(str(error))
            return default


# ---------------------------------------------------------------- shapes

INPUT_SHAPE: Final = "--input_shape"
INPUT_ACCOUNT: Final = "--input_account"
SHAPE_HELP: Final = f"how events are written: {shape_names()}, gs:// too"
ACCOUNT_HELP: Final = "the account of events that name none; some shapes need it"


def shape_option(name: str | None, account_id: str | None) -> InputShape:
    """How records are written, as a person has said with two flags; a shape file is read here, and never again.

    Raises:
        UnusableError: there is no such shape, its file is wrong, or the account is lacking, out of place, or none.
    """
    try:
        return input_shape(name or Shape.CANONICAL.value, account_id, (INPUT_SHAPE, INPUT_ACCOUNT), _read_remote)
    except RulesError as error:
        raise UnusableError(str(error)) from error


def shape_options(names: Sequence[str] | None, account_id: str | None, inputs: Sequence[str]) -> InputShapes:
    """As `shape_option`, once for all inputs or as often as there are inputs.

    Raises:
        UnusableError: as above, or there are as many shapes as neither.
    """
    try:
        return input_shapes(names or (), account_id, (INPUT_SHAPE, INPUT_ACCOUNT), len(inputs), _read_remote)
    except RulesError as error:
        raise UnusableError(str(error)) from error


def message_shape_option(name: str | None, account_id: str | None) -> InputShape:
    """As `shape_option`, of messages.

    Raises:
        UnusableError: as above, or only files can be read by it.
    """
    return message_shape(shape_option(name, account_id), INPUT_SHAPE)


def _read_remote(location: str) -> bytes:
    try:
        with FileSystems.open(location) as file:
            found: bytes = file.read(FILE_BYTES_MAX + 1)
    except Exception as error:  # every file system of Beam has errors of its own, Google's too
        raise UnusableError(f"{INPUT_SHAPE}: cannot read {location}: {error}") from error
    return found


# ---------------------------------------------------------------- rows of the tables SOURCES and SINKS


class JobSettings(NamedTuple):
    """What a source has to know of its job."""

    runner: str
    beam_flags: tuple[str, ...]
    shape: InputShape


def no_contradictions(*_: object) -> Iterable[str]:
    """For a row whose flags contradict nothing."""
    return ()


@dataclass(frozen=True)
class OptionRow(Generic[_T_co]):
    """A row of `SOURCES` or `SINKS`: the flags by which a source or a sink is asked for, and how they are read."""

    name: str
    """Of the flag that asks for it, without dashes."""
    flags: tuple[Flag, ...]
    read: Callable[[OptionReader], _T_co | None]
    """The source or sink with its settings; None: it was not asked for, or what was typed is no such thing."""
    contradictions: Callable[[argparse.Namespace], Iterable[str]] = no_contradictions
    """Error messages on flags that make no sense together."""
    runner_contradictions: Callable[[argparse.Namespace, str], Iterable[str]] = no_contradictions
    """Error messages on flags that make no sense with the runner."""

    def is_asked_for(self, typed: argparse.Namespace) -> bool:
        """Whether its flag was typed."""
        return getattr(typed, self.name) is not None

    def read_asked(self, options: OptionReader) -> _T_co | None:
        """What `read` says, who may not drop in silence what was asked for: None comes with an error message."""
        reported = len(options.problems)
        found = self.read(options)
        is_dropped = found is None and len(options.problems) == reported and self.is_asked_for(options.typed)
        assert not is_dropped, f"--{self.name} is asked for, and was read as nothing without an error message"
        return found
