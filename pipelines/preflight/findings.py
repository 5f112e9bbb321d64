"""What a preflight check has found out, one line each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from kittiwake.pipelines.preflight.dataflow import local_problems
from kittiwake.stream.rules_source.view import RulesSource
from kittiwake.transforms.snapshot_parts import SnapshotPart


class Verdict(StrEnum):
    """How something that was checked is."""

    OK = "ok"
    REFUSED = "refused"
    """The rules of an account, which keeps its last good version: launched all the same."""
    UNKNOWN = "unknown"
    """It could not be found out: launched all the same."""
    WRONG = "error"


class Finding(NamedTuple):
    """Something that was checked."""

    verdict: Verdict
    text: str


class Findings:
    """Collects findings, and holds what the questions have to know of the job."""

    def __init__(self, *, is_dataflow: bool, region: str | None = None) -> None:
        self.is_dataflow = is_dataflow
        """Whether the workers are an account of their own, who may do what the launcher may not."""
        self.region = region
        """Of Google's, where Dataflow runs the job."""
        self.input_topic: str | None = None
        """The topic that events come from, once the source has been checked."""
        self.found: list[Finding] = []

    def ok(self, text: str) -> None:
        """It is as it should be."""
        self.found.append(Finding(Verdict.OK, text))

    def refused(self, text: str) -> None:
        """An account keeps older rules."""
        self.found.append(Finding(Verdict.REFUSED, text))

    def unknown(self, text: str) -> None:
        """It could not be found out."""
        self.found.append(Finding(Verdict.UNKNOWN, text))

    def wrong(self, text: str) -> None:
        """It keeps the job from running."""
        self.found.append(Finding(Verdict.WRONG, text))

    def compare_locations(self, option: str, locations: Sequence[str]) -> None:
        """Report locations of an option that the workers of this job cannot reach."""
        for problem in local_problems(option, locations) if self.is_dataflow else ():
            self.wrong(problem)

    @property
    def problems(self) -> list[str]:
        """What has to be put right before a launch."""
        return [one.text for one in self.found if one.verdict is Verdict.WRONG]


class NotReady(NamedTuple):
    """The job cannot be launched."""

    findings: tuple[Finding, ...]
    problems: list[str]
    """Those of the findings that keep it from running; never empty."""


class Ready(NamedTuple):
    """The job can be launched."""

    findings: tuple[Finding, ...]
    rules: RulesSource
    snapshots: tuple[SnapshotPart, ...]
    """The files to start from."""


def has_refused(findings: Iterable[Finding]) -> bool:
    """Whether the rules of an account cannot be used."""
    return any(one.verdict is Verdict.REFUSED for one in findings)
