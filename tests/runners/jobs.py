"""The backfill on an engine and `replay` of the same, as processes, and their rows to compare."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final, NamedTuple

from kittiwake.reasons import Outcome
from tests.examples.running import Ran, backfill, python
from tests.runners import boot, prism
from tests.runners.flink import job_server
from tests.stream.generated_cases import standing

Row = dict[str, Any]
TABLES: Final = ("decisions", "triggers", "dead_letters")
LOOPBACK: Final = ("--environment_type=LOOPBACK",)


class Engine(NamedTuple):
    """An engine that can be had by one command."""

    get: Callable[[], Path]
    """Its program, fetched or built if need be; raises `MissingError`."""
    kept: Callable[[], Path]
    """Where that is, or would be."""
    running: Callable[[Path], AbstractContextManager[str]]
    """A server of it, its log in a folder; the endpoint of its job service."""


ENGINES: Final = {
    "prism": Engine(prism.binary, prism.kept, prism.running),
    "flink": Engine(job_server.jar, job_server.kept, job_server.running),
}


def processes(folder: Path) -> tuple[str, ...]:
    """Flags: workers are processes that the engine starts, with their script in `folder`."""
    config = json.dumps({"command": str(boot.script(folder))})
    return ("--environment_type=PROCESS", f"--environment_config={config}")


def on_engine(endpoint: str, rules: Path, events: Path, output: Path, *more: str) -> Ran:
    """The backfill on the engine that serves `endpoint`."""
    return backfill(rules, events, output, "--runner=PortableRunner", f"--job_endpoint={endpoint}", *more)


def replayed(rules: Path, events: Path, output: Path) -> Ran:
    """`kittiwake replay` of the same."""
    said = python(
        "-m", "kittiwake.cli.main", "replay", "--allow-empty", "--rules", rules, "--input", events, "--output", output
    )
    return Ran(output, said)


def facts(ran: Ran) -> dict[str, list[str]]:
    """All rows of a run in order of their text, but for `mode`, which names the host."""
    return {table: sorted(_text(row) for row in ran.rows(table)) for table in TABLES}


def _text(row: Row) -> str:
    return json.dumps({name: value for name, value in row.items() if name != "mode"}, sort_keys=True)


def streamed(rules: Path, events: Path, output: Path, *more: str) -> Ran:
    """The streaming job over recorded events, to their end."""
    places = ("--rules", rules, "--events", events, "--output", output)
    return Ran(output, python("-m", "kittiwake.pipelines.stream", *places, *more))


def stream_on_engine(endpoint: str, rules: Path, events: Path, output: Path, *more: str) -> Ran:
    """The same on the engine that serves `endpoint`."""
    return streamed(rules, events, output, "--runner=PortableRunner", f"--job_endpoint={endpoint}", *more)


def by_id(rows: list[Row]) -> dict[str, Row]:
    """What stands, but for what a run says of its own end: a stream has none, and what is deferred waits on."""
    return {row["trigger_id"]: row for row in standing(rows) if row["decision"] != Outcome.DEFERRED}
