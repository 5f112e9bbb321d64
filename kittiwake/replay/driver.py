"""Replay: the job's inputs and outputs without Beam, on one core and in memory.

Reads and writes files. Called by the command (`kittiwake replay`, `simulate`) and by tests, which hold
the job to it. Read everything, group by contact, settle one contact after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from kittiwake.model import DeadLetter, Decision
from kittiwake.reasons import Outcome
from kittiwake.replay.collecting import uncollected
from kittiwake.replay.contacts import Groups, group, settle, settle_and_keep
from kittiwake.replay.counts import Counts, merged
from kittiwake.replay.errors import UnusableError
from kittiwake.replay.formats import Format, RowFile, check_format, only_part, row_file
from kittiwake.replay.intake import Intake
from kittiwake.replay.output import (
    DEAD_LETTERS,
    DECISIONS,
    SNAPSHOTS,
    SUMMARY,
    TRIGGERS,
    Output,
    OutputError,
    open_output,
)
from kittiwake.replay.programs import Programs
from kittiwake.replay.reading import find_files, read_blocks, refuse_shaped, shown
from kittiwake.replay.rows import Mode, dead_letter_line, decision_line
from kittiwake.replay.settings import RunSettings, end_of_run, stop_of
from kittiwake.replay.snapshots import snapshot_line
from kittiwake.replay.summary import Summary, summary_of, to_text

EVENTS_MAX: Final = 5_000_000
"""Events that are held at once: about 5 GB of memory. More of them are the job's, which holds one contact at a time."""

CONTACTS_A_TELL: Final = 1_000
"""How often progress is told: a few times a second, as after every block that is read."""


class Progress(NamedTuple):
    """How far a replay has come."""

    bytes_read: int
    bytes_total: int
    records: int
    contacts: int
    """Decided so far."""
    contacts_total: int
    """0 while it is reading."""


Tell: TypeAlias = Callable[[Progress], None]


def _tell_nobody(_: Progress) -> None:
    """Nobody wants to know."""


def replay(
    programs: Programs,
    inputs: Sequence[str],
    output: Path | str,
    settings: RunSettings,
    tell: Tell = _tell_nobody,
    written: Format = Format.JSONL,
) -> Summary:
    """Decide everything that the files `inputs` name and write the output folder; what it did is returned.

    A run that is stopped (`Summary.stopped`) has written its dead letters and no decision.

    Raises:
        UnusableError: an input cannot be read, the output cannot be written, or there are too many events
            for this host; the output is as it was.
    """
    check_format(written)
    files = find_files(inputs)
    refuse_shaped(files, settings.shape)
    place = open_output(output)
    try:
        with uncollected():
            summary = _run(programs, files, place, settings, tell, written)
        place.publish()
    except BaseException as error:
        place.discard()
        if isinstance(error, OSError):
            raise OutputError(f"cannot write to the output {place.folder}: {error.strerror or error}") from error
        raise
    return summary


def _run(
    programs: Programs, files: list[str], place: Output, settings: RunSettings, tell: Tell, written: Format
) -> Summary:
    with _rows(place, DEAD_LETTERS, written) as dead_letters:
        history = read_history(programs, files, settings, lambda dead: dead_letters.write(dead_letter_line(dead)), tell)
    counts = merged([history.counts])
    if settings.snapshots:
        (place.partial / SNAPSHOTS).mkdir()
    with (
        _rows(place, TRIGGERS, written) as fired,
        _rows(place, DECISIONS, written) as all_,
        _rows(place, SNAPSHOTS, Format.JSONL) if settings.snapshots else nullcontext() as snapshots,
    ):
        if stop_of(settings, history.counts) is None:
            for decided in decide(programs, history, settings, counts, tell):
                _write_decisions(decided.decisions, fired, all_)
                if snapshots is not None and decided.snapshot is not None:
                    snapshots.write(decided.snapshot)
    summary = summary_of(Mode.REPLAY, programs.used, settings, counts)
    (place.partial / SUMMARY).write_text(to_text(summary), encoding="utf-8")
    return summary


@contextmanager
def _rows(place: Output, folder: str, written: Format) -> Iterator[RowFile]:
    """The one file of a folder of the output."""
    with (place.partial / folder / only_part(written)).open("wb") as stream:
        rows = row_file(stream, folder, written)
        yield rows
        rows.close()


# ---------------------------------------------------------------- in


class History(NamedTuple):
    """All events of an input that are wanted, by contact."""

    contacts: Groups
    counts: Counts
    progress: Progress


def read_history(
    programs: Programs,
    files: Sequence[str],
    settings: RunSettings,
    on_dead_letter: Callable[[DeadLetter], None],
    tell: Tell = _tell_nobody,
) -> History:
    """Every wanted event of local files; what is none goes to `on_dead_letter`.

    Raises:
        UnusableError: a file cannot be read to its end, or there are more than `EVENTS_MAX` events.
    """
    counts = Counts()
    intake, groups = Intake(settings, programs.wanted, counts, programs.refused), Groups()
    bytes_read, bytes_total = 0, sum(Path(name).stat().st_size for name in files)

    def on_read(size: int) -> None:
        nonlocal bytes_read
        bytes_read += size

    for name in files:
        for block in read_blocks(name, on_read):
            table, dead_letters = intake.take(shown(name), block)
            group(groups, table)
            for dead in dead_letters:
                on_dead_letter(dead)
            _check_room(counts)
            tell(Progress(bytes_read, bytes_total, counts.records, 0, 0))
        counts.files += 1
    return History(groups, counts, Progress(bytes_read, bytes_total, counts.records, 0, 0))


def _check_room(counts: Counts) -> None:
    """Refuse more events than this host holds; those of items are not held."""
    if counts.events - counts.catalogue > EVENTS_MAX:
        advice = "run python -m pipelines.backfill, which holds one part of the contacts at a time"
        raise UnusableError(f"there are more than the {EVENTS_MAX} events that replay holds in memory: {advice}")


# ---------------------------------------------------------------- out


class Decided(NamedTuple):
    """What became of a contact."""

    decisions: list[Decision]
    snapshot: bytes | None = None
    """The line of its state, where the run was asked for them and there is anything to say."""


def decide(
    programs: Programs, history: History, settings: RunSettings, counts: Counts, tell: Tell = _tell_nobody
) -> Iterator[Decided]:
    """What becomes of each contact, in order of account and contact; counted into `counts`."""
    until_us = end_of_run(settings, history.counts, programs.used.frozen_at_us)
    contacts = history.contacts
    progress = history.progress._replace(contacts_total=len(contacts))
    for done, subject in enumerate(sorted(contacts)):
        if done % CONTACTS_A_TELL == 0:
            tell(progress._replace(contacts=done))
        plan = programs.plan(subject[0])
        if settings.snapshots:
            decisions, state = settle_and_keep(plan, subject[1], contacts[subject], until_us, counts)
            yield Decided(decisions, snapshot_line(plan.versions, state))
        else:
            yield Decided(settle(plan, subject[1], contacts[subject], until_us, counts))
    tell(progress._replace(contacts=len(contacts)))


def _write_decisions(decisions: Sequence[Decision], fired: RowFile, all_: RowFile) -> None:
    for decision in decisions:
        text = decision_line(decision, Mode.REPLAY)
        all_.write(text)
        if decision.decision is Outcome.FIRED:
            fired.write(text)
