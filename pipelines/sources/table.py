"""The sources of the streaming job: a row each. Its options, its preflight check and its graph loop over them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from kittiwake.pipelines.flags import OptionReader, OptionRow
from kittiwake.pipelines.runner import runner_named, streaming_runner
from kittiwake.pipelines.sources.base import Source
from kittiwake.pipelines.sources.recorded import RECORDED
from kittiwake.pipelines.sources.subscription import SUBSCRIPTION


class SourceRow(NamedTuple):
    """A source, and which runners can run it."""

    options: OptionRow[Source]
    runner_of: Callable[[str | None], str]
    """The runner that a person means by a name, or by none; `UnusableError`: it cannot run this source."""


SOURCES: Final = (
    SourceRow(SUBSCRIPTION, streaming_runner),
    SourceRow(RECORDED, runner_named),
)


def read_sources(options: OptionReader) -> tuple[Source, ...]:
    """The sources that were asked for; `check_sources` says whether that is exactly one."""
    found = [row.options.read_asked(options) for row in SOURCES]
    return tuple(one for one in found if one is not None)


def check_sources(typed: argparse.Namespace) -> Iterator[str]:
    """Error messages on flags of sources that make no sense together."""
    if sum(row.options.is_asked_for(typed) for row in SOURCES) != 1:
        names = " or ".join(f"--{row.options.name}" for row in SOURCES)
        yield f"events come from a --subscription or from files: name one of them, {names}"
    for row in SOURCES:
        yield from row.options.contradictions(typed)


def runner_for(typed: argparse.Namespace) -> str:
    """The runner of the job, as its source takes it.

    Raises:
        UnusableError: the source does not run on it.
    """
    asked_for = [row for row in SOURCES if row.options.is_asked_for(typed)] or SOURCES[:1]
    return asked_for[-1].runner_of(typed.runner)
