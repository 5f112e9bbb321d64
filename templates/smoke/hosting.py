"""Begins and ends a run: its clients, its journal, its report, and that it is torn down whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from kittiwake.terminal.ending import StopRequest
from kittiwake.terminal.exit_codes import Exit
from templates.smoke import commands
from templates.smoke.dataflow import Dataflow
from templates.smoke.journal import Journal, JournalError, read_journal
from templates.smoke.places import Places, clients_of
from templates.smoke.report import passed, report_of, write_report
from templates.smoke.run import EXPECTED, Run
from templates.smoke.settings import Settings

Say = Callable[[str], None]


def new_run(
    settings: Settings, *, keep: bool, stop: StopRequest, say: Say, python: Sequence[str] = commands.RUN
) -> int:
    """A run from its beginning; the exit code."""
    settings.output.mkdir(parents=True)
    journal = Journal(settings)
    journal.save()
    return _host(journal, keep=keep, stop=stop, say=say, python=python)


def old_run(folder: Path, *, only_tear_down: bool, keep: bool, stop: StopRequest, say: Say) -> int:
    """Go on with a run, or only delete what it has made; the exit code."""
    try:
        journal = read_journal(folder)
    except JournalError as error:
        say(f"smoke: error: {error}")
        return Exit.UNUSABLE
    if journal.is_torn_down:
        say(f"smoke: error: what the run of {folder} had made is deleted: begin a new one")
        return Exit.UNUSABLE
    return _host(journal, keep=keep, stop=stop, say=say, goes=not only_tear_down)


def _host(
    journal: Journal,
    *,
    keep: bool,
    stop: StopRequest,
    say: Say,
    python: Sequence[str] = commands.RUN,
    goes: bool = True,
) -> int:
    settings = journal.settings
    try:
        with clients_of(settings) as clients:
            run = Run(journal, Places(settings, journal, clients), Dataflow(settings), say, python)
            return _run(run, keep=keep, stop=stop, goes=goes)
    except EXPECTED as error:
        say(f"smoke: error: Google's clients do not start: {error}")
        return Exit.UNUSABLE


def _run(run: Run, *, keep: bool, stop: StopRequest, goes: bool) -> int:
    """Whatever happens in the steps, what was made is deleted, and there is a report."""
    ended = False
    try:
        ended = run.go() if goes else passed(run.journal)
    except KeyboardInterrupt:
        run.say("interrupted")
    finally:
        left = [] if keep else _tear_down(run)
        _tell(run, keep=keep, left=left)
    if stop.signalled is not None:
        return stop.exit_code
    return Exit.FINE if not left and (ended or not goes) else Exit.FINDINGS


def _tear_down(run: Run) -> list[str]:
    run.say("tear down: the job is cancelled, and what was made is deleted")
    try:
        return run.tear_down()
    except KeyboardInterrupt:
        return [f"interrupted: python -m templates.smoke --tear_down {run.journal.settings.output}"]


def _tell(run: Run, *, keep: bool, left: list[str]) -> None:
    folder = run.journal.settings.output
    for one in left:
        run.say(f"  left: {one}")
    if left:
        run.say(f"to delete it: python -m templates.smoke --tear_down {folder}")
    if keep:
        run.say(f"kept, and paid for until: python -m templates.smoke --tear_down {folder}")
    files = write_report(report_of(run.journal, left), folder)
    run.say(f"{'passed' if passed(run.journal) else 'not passed'}; the report: {' and '.join(map(str, files))}")
