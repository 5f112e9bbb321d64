"""The preflight check of a streaming job: everything that would keep it from running, found at once.

Called by `kittiwake.pipelines.stream`, for `--check` and at each launch. It loops over the sources and sinks that were
asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from kittiwake.errors import UnusableError
from kittiwake.pipelines.options.stream import StreamOptions
from kittiwake.pipelines.preflight.dataflow import dataflow_problems
from kittiwake.pipelines.preflight.findings import Findings, NotReady, Ready
from kittiwake.pipelines.preflight.rules import check_rules
from kittiwake.pipelines.preflight.snapshots import check_snapshots
from kittiwake.pipelines.runner import check_flags, is_dataflow
from kittiwake.rules.publishing.opening import is_target
from kittiwake.stream.rules_source.view import RulesSource
from kittiwake.transforms.snapshot_parts import SnapshotPart


class Build(Protocol):
    """Makes the pipeline of a launch, with more flags for Beam."""

    def __call__(
        self, options: StreamOptions, rules: RulesSource, snapshots: Sequence[SnapshotPart], *more: str
    ) -> Any: ...


def check(options: StreamOptions, build: Build) -> Ready | NotReady:
    """Ask about everything that the job needs and whose name could be read; `build` is for an update's graph."""
    beam = _beam_options(options)
    findings = Findings(is_dataflow=is_dataflow(options.runner), region=beam.get("region"))
    lacking = list(dataflow_problems(beam)) if findings.is_dataflow and beam else []
    for problem in lacking:
        findings.wrong(problem)
    # Rules in files are read at the launch and travel with the job; a target is polled by workers.
    findings.compare_locations("--rules", [one for one in options.rules if is_target(one)])
    findings.compare_locations("--snapshots", options.snapshots)
    rules = check_rules(options, findings)
    for source in options.sources:
        source.check(findings)
    for sink in options.sinks:
        sink.check(findings)
    snapshots = check_snapshots(options.snapshots, beam.get("project"), rules, findings)
    if options.check and findings.is_dataflow and beam and not lacking:
        running = _ask_google(beam, findings)
        if running is not None and rules is not None and not findings.problems:  # else there is no graph to launch
            _compare_graphs(beam, running, partial(build, options, rules, snapshots), findings)
    if rules is None or findings.problems:
        return NotReady(tuple(findings.found), findings.problems)
    return Ready(tuple(findings.found), rules, snapshots)


def _ask_google(beam: dict[str, Any], findings: Findings) -> str | None:
    """The id of the job that is to be updated."""
    from kittiwake.pipelines.preflight.dataflow_services import check_dataflow  # noqa: PLC0415 - Google's clients: an extra

    return check_dataflow(beam, findings)


def _compare_graphs(beam: dict[str, Any], running: str, build: Callable[..., Any], findings: Findings) -> None:
    from kittiwake.pipelines.preflight.update import check_update  # noqa: PLC0415 - as above

    check_update(beam, running, build, findings)


def _beam_options(options: StreamOptions) -> dict[str, Any]:
    """Beam's options by name; none if they are no such thing, which was found as they were read."""
    try:
        return check_flags(options.beam_flags)
    except UnusableError:
        return {}
