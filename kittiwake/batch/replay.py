"""Replay: the job's inputs and outputs without Beam, on one core and in bounded memory.

Reads and writes files. Called by `kittiwake replay`, by `kittiwake.replay` and by tests, which hold the job to it.
Everything is read and gathered by contact, then decided; what does not fit into memory goes through a temporary file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec.structs import replace

from kittiwake.batch.counts import Counts, merged
from kittiwake.batch.feeds.covered import unite
from kittiwake.batch.feeds.late import with_feeds
from kittiwake.batch.gathering import Gathering, Undecided
from kittiwake.batch.gc_pause import gc_paused
from kittiwake.batch.intake import Intake, Needs, Taken
from kittiwake.batch.native.gathering import KeptEvents, Lines, kept_events
from kittiwake.batch.settings import RunSettings, end_of_run, stop_of
from kittiwake.batch.starts.opening import OnNote, refuse_early_end, starts_of
from kittiwake.batch.summary import Summary, summary_of, to_text
from kittiwake.batch.workers.progress import ContactsSeen, OnProgress, Progress
from kittiwake.input.errors import shown
from kittiwake.input.files import ShapedFile
from kittiwake.input.native.blocks import KeepsEvents
from kittiwake.input.query.inputs import blocks_of_input, find_inputs
from kittiwake.input.reading import read_records
from kittiwake.kernel.state.state import State
from kittiwake.model import DeadLetter, Decision
from kittiwake.output.folder import (
    DEAD_LETTERS,
    DECISIONS,
    SNAPSHOTS,
    SUMMARY,
    TRIGGERS,
    Output,
    OutputError,
    open_output,
)
from kittiwake.output.formats import FEEDS, ITEMS, PART, Format, RowFile, check_format, only_part, row_file
from kittiwake.output.rows import Mode, dead_letter_line, decision_line
from kittiwake.output.snapshot_set import MANIFEST, RowSum, manifest_bytes
from kittiwake.reasons import Outcome
from kittiwake.regular_files import path_of
from kittiwake.rules.compile.accounts import Programs

if TYPE_CHECKING:
    from kittiwake.batch.items.local import LocalItems
    from kittiwake.batch.starts.local import LocalStarts
HELD_BYTES: Final = 512 * 1024 * 1024
"""Bytes of rows in memory from which on they go to disk: some 3,000,000 events in the accelerator, half as many of
Python's. A laptop has that much to spare."""

HELD_ITEM_BYTES: Final = 128 * 1024 * 1024
"""Bytes of events of items, and of interest in them, from which on those go to disk: some 500,000 of them."""

HELD_START_BYTES: Final = 128 * 1024 * 1024
"""Bytes of states from which contacts start, from which on those go to disk: of some 100,000 contacts."""


def _ignore(_: object) -> None:
    """Nobody wants to know."""


def files_to_decide(inputs: Sequence[str], settings: RunSettings) -> list[ShapedFile]:
    """The files that `inputs` name, or the query of the settings; of another kind they may be with `allow_empty` only.

    Raises:
        UnusableError: there is none, one cannot be read, or its first records are no events.
    """
    files = find_inputs(inputs, settings.query, settings.shape, settings.shapes)
    if settings.query is None and not settings.allow_empty:
        from kittiwake.input.foreign.beginnings import refuse_foreign  # noqa: PLC0415 - which --help need not load

        refuse_foreign(files, settings.start_us)
    return files


def replay(
    programs: Programs,
    inputs: Sequence[str],
    output: Path | str,
    settings: RunSettings,
    on_progress: OnProgress = _ignore,
    written: Format = Format.JSONL,
    start_from: Sequence[str] = (),
    on_note: OnNote = _ignore,
) -> Summary:
    """Decide everything that the files `inputs` name and write the output folder; what it did is returned.

    With a query in the settings its rows are the events, and `inputs` names nothing more. Contacts start with nothing,
    or from the snapshots that an earlier run has written into the files `start_from`; what these say nothing of
    though the rules ask for it goes to `on_note`.

    A run that is stopped (`Summary.stopped`) has written its dead letters and no decision.

    Raises:
        UnusableError: an input cannot be read, the output cannot be written, or there are too many events
            for this host; the output is as it was.
    """
    check_format(written)
    files = files_to_decide(inputs, settings)
    run_output = open_output(output)
    try:
        with gc_paused():
            summary = _run(programs, files, run_output, settings, on_progress, written, start_from, on_note)
        run_output.publish()
    except BaseException as error:
        run_output.discard()
        if isinstance(error, OSError):
            raise OutputError(f"cannot write to the output {run_output.folder}: {error.strerror or error}") from error
        raise
    return summary


def _run(
    programs: Programs,
    files: list[ShapedFile],
    run_output: Output,
    settings: RunSettings,
    on_progress: OnProgress,
    written: Format,
    start_from: Sequence[str],
    on_note: OnNote,
) -> Summary:
    with (
        Gathering(HELD_BYTES) as gathering,
        _items(programs) as items,
        starts_of(start_from, programs, items, HELD_START_BYTES, on_note) as starts,
        _kept(programs, may_keep=starts is None and not settings.snapshots) as kept,
    ):
        if starts is not None:
            settings = replace(settings, snapshots_until_us=starts.evaluated_to_us)
        with _rows(run_output, DEAD_LETTERS, written) as dead_letters:
            history = read_history(
                programs,
                files,
                settings,
                gathering,
                items,
                lambda dead: dead_letters.write(dead_letter_line(dead)),
                on_progress,
                kept,
            )
        if starts is not None:
            refuse_early_end(end_of_run(settings, history.counts, programs.used.frozen_at_us), starts)
            unite(history.counts.feeds, starts.feeds)
        programs = with_feeds(programs, history.counts.feeds, None if starts is None else starts.feeds)
        return _decide_and_write(programs, history._replace(starts=starts), run_output, settings, on_progress, written)


def _kept(programs: Programs, *, may_keep: bool) -> AbstractContextManager[KeptEvents | None]:
    return (kept_events(programs, Mode.REPLAY, HELD_BYTES) if may_keep else None) or nullcontext()


def _items(programs: Programs) -> AbstractContextManager[LocalItems | None]:
    if not programs.has_catalog:
        return nullcontext()
    from kittiwake.batch.items.local import LocalItems  # noqa: PLC0415 - 15 ms, for catalogue rules only

    return LocalItems(programs, HELD_ITEM_BYTES)


def _decide_and_write(
    programs: Programs,
    history: History,
    run_output: Output,
    settings: RunSettings,
    on_progress: OnProgress,
    written: Format,
) -> Summary:
    counts = merged([history.counts])
    if settings.snapshots:
        (run_output.partial / SNAPSHOTS).mkdir()
    with (
        _rows(run_output, TRIGGERS, written) as fired,
        _rows(run_output, DECISIONS, written) as all_,
        _rows(run_output, SNAPSHOTS, Format.JSONL) if settings.snapshots else nullcontext() as snapshots,
    ):
        if stop_of(settings, history.counts) is None:
            _join(programs, history, run_output, settings, counts)
            for decided in decide(programs, history, settings, counts, on_progress):
                _write_decisions(decided.decisions, fired, all_)
                for file, lines in zip((all_, fired), decided.lines, strict=True):
                    if lines:
                        file.write(lines)
                for row in decided.snapshot:
                    assert snapshots is not None
                    snapshots.write(row)
    if settings.snapshots:
        _write_feeds(programs, history, run_output, settings)
        _write_manifest(run_output.partial / SNAPSHOTS)
    summary = summary_of(Mode.REPLAY, programs.used, settings, counts, programs.needs())
    (run_output.partial / SUMMARY).write_text(to_text(summary), encoding="utf-8")
    return summary


def _join(programs: Programs, history: History, run_output: Output, settings: RunSettings, counts: Counts) -> None:
    """Give contacts the item changes that they need."""
    items = history.items
    if items is None:
        return
    until_us = end_of_run(settings, history.counts, programs.used.frozen_at_us)
    kept = _rows(run_output, SNAPSHOTS, Format.JSONL, ITEMS) if settings.snapshots else nullcontext()
    with kept as snapshots:
        keep = None if snapshots is None else snapshots.write
        for table in items.item_changes(until_us, counts, keep):
            history.contacts.add(table)


def _write_feeds(programs: Programs, history: History, run_output: Output, settings: RunSettings) -> None:
    """Write what is known of feeds, if rules have any."""
    if not programs.feeds.types or stop_of(settings, history.counts) is not None:
        return
    from kittiwake.batch.feeds.snapshots import feed_lines  # noqa: PLC0415 - 20 ms, for runs that keep states only

    until_us = end_of_run(settings, history.counts, programs.used.frozen_at_us)
    with _rows(run_output, SNAPSHOTS, Format.JSONL, FEEDS) as snapshots:
        for row in feed_lines(programs, history.counts.feeds, until_us):
            snapshots.write(row)


@contextmanager
def _rows(run_output: Output, folder: str, written: Format, part: str = PART) -> Iterator[RowFile]:
    """The one file of a folder of the output, or of those of its files that are called so."""
    with (run_output.partial / folder / only_part(written, part)).open("wb") as stream:
        rows = row_file(stream, folder, written)
        yield rows
        rows.close()


def _write_manifest(folder: Path) -> None:
    """Name what the files of snapshots hold: as they can be read by now, so that the disk is held to it too."""
    files = (RowSum.of(each.raw for each in read_records(str(path))).file(path.name) for path in folder.iterdir())
    (folder / MANIFEST).write_bytes(manifest_bytes(files))


# ---------------------------------------------------------------- in


class FileIntake:
    """Takes in local files, to be gone through once; counts them and their records."""

    def __init__(
        self,
        files: Sequence[ShapedFile],
        settings: RunSettings,
        needs: Needs,
        counts: Counts,
        keeping: KeepsEvents | None = None,
    ) -> None:
        """Nothing is read yet; `needs` says which events are wanted; those that `keeping` keeps come in no table."""
        self._files, self._settings, self._counts = files, settings, counts
        self._intake = Intake(settings, needs, counts, keeping)
        self._bytes_read = 0
        self._bytes_total = sum(path_of(name).stat().st_size for name, _ in files if settings.query is None)

    @property
    def progress(self) -> Progress:
        """How far it has come."""
        return Progress(self._bytes_read, self._bytes_total, self._counts.records, 0, 0)

    def __iter__(self) -> Iterator[Taken]:
        """What came of each block, in the order of the files.

        Raises:
            UnusableError: a file cannot be read to its end.
        """
        for name, shape in self._files:
            for block in blocks_of_input(name, self._settings.query, self._add_bytes, shape):
                yield self._intake.take(shown(name), block, shape)
            self._counts.files += 1

    def _add_bytes(self, size: int) -> None:
        self._bytes_read += size


class History(NamedTuple):
    """All events of an input that are wanted, by contact."""

    contacts: Gathering
    items: LocalItems | None
    """Events of items, and the interest in them; None: no rule needs them."""
    counts: Counts
    progress: Progress
    starts: LocalStarts | None = None
    """What contacts start from; None: all start with nothing."""
    kept: KeptEvents | None = None
    """Events that the accelerator keeps; None: none."""


def read_history(
    programs: Programs,
    files: Sequence[ShapedFile],
    settings: RunSettings,
    gathering: Gathering,
    items: LocalItems | None,
    on_dead_letter: Callable[[DeadLetter], None],
    on_progress: OnProgress = _ignore,
    kept: KeptEvents | None = None,
) -> History:
    """Every wanted event of local files, in `gathering`, `items` and `kept`; what is none goes to `on_dead_letter`.

    Raises:
        UnusableError: a file cannot be read to its end.
    """
    counts = Counts()
    intake = FileIntake(files, settings, programs, counts, None if kept is None else kept.keeping)
    for taken in intake:
        gathering.add(taken.table if kept is None else kept.add(taken.table))
        if kept is not None:
            kept.make_room(gathering)
        if items is not None:
            items.add(taken.items, taken.table)
        for dead in taken.dead_letters:
            on_dead_letter(dead)
        on_progress(intake.progress)
    return History(gathering, items, counts, intake.progress, kept=kept)


# ---------------------------------------------------------------- out


class Decided(NamedTuple):
    """What became of a contact, or of several."""

    decisions: Iterable[Decision]
    snapshot: Sequence[bytes] = ()
    """The line of its state, where the run was asked for it and there is anything to say; filled with the first
    decision."""
    lines: tuple[bytes, bytes] = (b"", b"")
    """Further decisions, and those of them that fired, as lines without the end of the last."""


def decide(
    programs: Programs,
    history: History,
    settings: RunSettings,
    counts: Counts,
    on_progress: OnProgress = _ignore,
) -> Iterator[Decided]:
    """What becomes of each contact, in order of account and contact; counted into `counts`."""
    until_us = end_of_run(settings, history.counts, programs.used.frozen_at_us)
    starting = 0 if history.starts is None else history.starts.contacts
    contacts, rows = history.contacts.contacts, history.contacts.rows
    if history.kept is not None:
        contacts, rows = history.kept.contacts(history.contacts), rows + history.kept.rows
    seen = ContactsSeen(on_progress, history.progress, max(contacts, starting), rows)
    for one in _contacts(programs, history, until_us, counts):
        if isinstance(one, Lines):
            yield Decided((), lines=(one.all, one.fired))
            seen.add_some(one.contacts, one.rows)
            continue
        yield _decided(programs, one, until_us, settings, counts)
        seen.add(one.rows)
    seen.end()


def _contacts(programs: Programs, history: History, until_us: int, counts: Counts) -> Iterator[Lines | Undecided]:
    """Every contact that has rows or a state, with both, or what has been decided of some."""
    if history.kept is not None:
        yield from history.kept.by_contact(history.contacts, until_us, counts)
        return
    if history.starts is None:
        yield from (Undecided(subject, rows) for subject, rows in history.contacts.by_contact())
        return
    from kittiwake.batch.starts.merge import sound_state, starting  # noqa: PLC0415 - as above

    for subject, rows, state in starting(history.contacts.by_contact(), history.starts.in_order()):
        if subject[0] not in programs.refused:
            yield Undecided(subject, rows, None if state is None else sound_state(state))


def _decided(programs: Programs, contact: Undecided, until_us: int, settings: RunSettings, counts: Counts) -> Decided:
    from kittiwake.batch.oversized_contacts import decide_contact  # noqa: PLC0415 - 20 ms, for those left to the kernel

    subject, rows, start = contact
    plan, snapshots = programs.plan(subject[0]), list[bytes]()

    def keep(state: State) -> None:
        from kittiwake.output.snapshots import snapshot_line  # noqa: PLC0415 - 20 ms, for runs that keep states only

        line = snapshot_line(plan.versions, state)
        snapshots.extend([] if line is None else [line])

    kept = keep if settings.snapshots else None
    decisions = decide_contact(plan, subject[1], rows, until_us, counts, HELD_BYTES // 4, kept, start)
    return Decided(decisions, snapshots)


def _write_decisions(decisions: Iterable[Decision], fired: RowFile, all_: RowFile) -> None:
    for decision in decisions:
        text = decision_line(decision, Mode.REPLAY)
        all_.write(text)
        if decision.decision is Outcome.FIRED:
            fired.write(text)
