"""Ask something of the histories of an input: read it once, decide each contact, add up what is counted.

Reads files. Called by whatever is asked: `simulation`, `difference`, `kittiwake.tune`. One process reads and decides,
or several share the work (`sharing`); what comes of it is the same. Bounded memory: one contact is counted after the
other, and what does not fit waits in a temporary file.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final, Generic, NamedTuple, TypeVar

from kittiwake.batch.counts import Counts
from kittiwake.batch.gc_pause import gc_paused
from kittiwake.batch.replay import files_to_decide
from kittiwake.batch.settings import RunSettings
from kittiwake.batch.summary import Summary
from kittiwake.batch.workers.progress import OnProgress
from kittiwake.input.files import ShapedFile
from kittiwake.regular_files import path_of
from kittiwake.simulate.histories import Histories
from kittiwake.simulate.sides import summary_by
from kittiwake.simulate.study import Found, Study

SHARED_BYTES_MIN: Final = 32 * 1024 * 1024
"""Bytes of input from which on several processes share a run unasked: some 150,000 events. To start them costs half a
second each."""

WORKERS_MAX: Final = 64
"""Processes that share a run: each holds up to some hundred MB."""

F = TypeVar("F", bound=Found)


class Answer(NamedTuple, Generic[F]):
    """What came of a study."""

    found: F
    read: Counts
    """Of what was read, for all rule sets together."""
    summaries: list[Summary]
    """Of each rule set."""


class Hosted(NamedTuple):
    """How a study is run."""

    settings: RunSettings
    on_progress: OnProgress = lambda _: None
    workers: int | None = None
    """Processes that share it; None: one a core, of a large input."""


def decided(study: Study[F], inputs: Sequence[str], hosted: Hosted) -> Answer[F]:
    """What comes of a study of everything that the files `inputs` name, or the query of the settings gives.

    Raises:
        UnusableError: an input cannot be read.
    """
    settings = hosted.settings
    files = files_to_decide(inputs, settings)
    workers = _workers(hosted, files)
    with gc_paused():
        if workers > 1:
            from kittiwake.simulate.sharing import shared  # noqa: PLC0415 - of large inputs only

            found, read, sides = shared(study, files, hosted.settings, hosted.on_progress, workers)
        else:
            found, read, sides = _alone(study, files, hosted)
    summaries = [
        summary_by(one, study.settings_of(number, settings), read, counts)
        for number, (one, counts) in enumerate(zip(study.rule_sets, sides, strict=True))
    ]
    return Answer(found, read, summaries)


def _workers(hosted: Hosted, files: Sequence[ShapedFile]) -> int:
    if hosted.workers is not None:
        return min(hosted.workers, WORKERS_MAX)
    if hosted.settings.query is not None or sum(path_of(one.name).stat().st_size for one in files) < SHARED_BYTES_MIN:
        return 1
    return min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, WORKERS_MAX)


def _alone(study: Study[F], files: Sequence[ShapedFile], hosted: Hosted) -> tuple[F, Counts, list[Counts]]:
    with Histories(study) as histories:
        histories.read(files, hosted.settings, hosted.on_progress)
        contacts = histories.by_contact(hosted.settings, hosted.on_progress)
        first = next(contacts, None)  # by now it is known up to when is decided
        counter = study.counter(histories.sides)
        if first is not None:
            counter.add(*first)
        for subject, rows in contacts:
            counter.add(subject, rows)
        counter.finish()
        return counter.found, histories.counts, [side.counts for side in histories.sides]
