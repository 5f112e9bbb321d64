"""One draw of random accounts with the later clauses, under three versions: all hosts decide it as the oracle does.

The oracle looks at whole histories. Replay, the backfill in one run of the direct runner, the backfill on an engine and
the streaming host, whose runner is adversarial, are given the same rules, the same events and the same end.

    KITTIWAKE_ACCOUNTS=2000 pytest tests/runners/test_accounts.py --hypothesis-seed=0

tries so many (`tests.oracle.accounts`). What is drawn depends on the run's seed alone.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pytest

from kittiwake.batch.replay import replay
from kittiwake.batch.settings import RunSettings
from kittiwake.batch.summary import Summary, from_text
from kittiwake.reasons import Outcome
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.publishing.loading import load_rules
from kittiwake.stream.contact.timer_grid import TimerSettings
from kittiwake.stream.records import subject_of
from kittiwake.terminal.exit_codes import Exit
from kittiwake.time.instants import parse_instant
from tests.examples.running import Ran
from tests.oracle import clock
from tests.oracle.accounts import Part, parts
from tests.oracle.published import Subject, Together, together
from tests.oracle.test_worlds import CLAUSES, names_in
from tests.pipelines.running import as_a_process
from tests.pipelines.test_worlds import counts_of, rows_by_contact
from tests.properties.comparison import Rows
from tests.runners.drawn import decided, differences, published, report, write_events
from tests.runners.jobs import LOOPBACK, facts
from tests.stream.generated_cases import as_messages, emitted_by_key, on_grid
from tests.stream.test_hosting import play

START: Final = "2035-01-01T00:00:00Z"
"""When the runs start: after every event."""
HORIZON_US: Final = 400 * clock.DAY
"""No event comes too late, whatever a runner does to its order."""
TOGETHER: Final = 12
"""So many contacts are one stream."""
WAITS: Final = TimerSettings()
SAME_IN_A_STREAM: Final = 0.5
"""Of the contacts, whom a stream decides as a batch does: the others meet rules that look back on what it never had."""
RARE: Final = 200
"""So many contacts have every clause: of 250 accounts the rarest has more than twenty."""


class Case:
    """What every host is given, and what replay decides of it."""

    def __init__(self, folder: Path, seed: int, part: Part) -> None:
        self.rng = random.Random(f"accounts {seed} {part.number}")
        self.drawn = _alike(together(self.rng, part.accounts, added=True))
        self.target = published(folder / "target", self.drawn)
        self.inputs = write_events(folder / "in", self.drawn, self.rng)
        self.history = load_rules(self.target)
        self.folder = folder
        self.flags = ("--start", START, "--until", clock.rfc3339(self.drawn.until_us), "--allowed_lateness", "400d")

    @cached_property
    def replayed(self) -> Path:
        """The output of a replay."""
        settings = RunSettings(parse_instant(START), self.drawn.until_us, HORIZON_US)
        programs = Programs(self.history, HORIZON_US)
        replay(programs, list(map(str, self.inputs)), self.folder / "replay", settings)
        return self.folder / "replay"

    def backfilled(self, name: str, *flags: str) -> Path:
        """The output of a backfill, run as a process."""
        output = self.folder / name
        places = ("--rules", self.target, "--output", output, "--input", *self.inputs)
        ran = as_a_process([*map(str, places), "--allow_empty", *self.flags, *flags])
        assert ran.returncode in (Exit.FINE, Exit.FINDINGS), ran.stderr[-4_000:]
        return output


def _alike(drawn: Together) -> Together:
    """The draw with an end at which a stream can stop, and a horizon within which everything comes."""
    until_us = on_grid(drawn.until_us, WAITS)
    worlds: Any = {
        subject: of.__class__(of.versions, of.events, until_us, HORIZON_US) for subject, of in drawn.worlds.items()
    }
    return drawn._replace(worlds=worlds, until_us=until_us, horizon_us=HORIZON_US)


@pytest.fixture(scope="module", params=parts(), ids=lambda part: f"part{part.number}")
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, seed: int) -> Case:
    return Case(tmp_path_factory.mktemp("accounts"), seed, request.param)


def summary_of(output: Path) -> Summary:
    return from_text((output / "summary.json").read_bytes())


def test_replay_decides_as_the_oracle(case: Case) -> None:
    found = rows_by_contact(case.replayed)
    wrong = differences(case.drawn, case.history, found)
    assert not wrong, report(case.drawn, wrong)
    rows = [row for of_contact in found.values() for row in of_contact]
    assert {"fired", "suppressed", "cancelled"} <= Counter(row["decision"] for row in rows).keys()
    assert {row["ruleset_version"] for row in rows} == {one.ruleset.version for one in case.history.versions}
    assert {"rule_changed", "rule_removed"} & {row["reason"] for row in rows}


def test_the_backfill_of_all_accounts_in_one_run_decides_and_counts_as_replay(case: Case) -> None:
    output = case.backfilled("backfill")
    assert facts(Ran(output, "")) == facts(Ran(case.replayed, ""))
    assert counts_of(summary_of(output)) == counts_of(summary_of(case.replayed))


def test_the_backfill_on_an_engine_decides_as_replay(case: Case, endpoint: str) -> None:
    output = case.backfilled("engine", "--runner=PortableRunner", f"--job_endpoint={endpoint}", *LOOPBACK)
    assert facts(Ran(output, "")) == facts(Ran(case.replayed, ""))


def test_the_stream_decides_as_the_oracle_and_mostly_as_replay(case: Case) -> None:
    """A stream that never had what a new version's rule looks back on says `not_ready`; else the rows are replay's."""
    found: dict[Subject, Rows] = {}
    for few in _few_by_few(case.drawn):
        runner = play(as_messages(few, case.history, WAITS, HORIZON_US), WAITS, case.rng)
        assert not runner.late
        assert not runner.dead
        found |= {subject_of(key): rows for key, rows in emitted_by_key(runner.emitted).items()}
    by_replay = rows_by_contact(case.replayed)
    same = [subject for subject in case.drawn.worlds if _looks_back_no_further(case.drawn, subject)]
    assert len(same) > SAME_IN_A_STREAM * len(case.drawn.worlds)
    for subject in same:
        assert _plain(found.get(subject, [])) == _plain(by_replay.get(subject, [])), subject
    wrong = differences(case.drawn, case.history, found, stream=True)
    assert not wrong, report(case.drawn, wrong)


def _few_by_few(drawn: Together) -> Iterator[Together]:
    """The draw in pieces: the runner asks every contact after every bundle whether a timer is due."""
    subjects = [*drawn.worlds]
    for at in range(0, len(subjects), TOGETHER):
        yield drawn._replace(worlds={one: drawn.worlds[one] for one in subjects[at : at + TOGETHER]})


def _looks_back_no_further(drawn: Together, subject: Subject) -> bool:
    return decided(drawn, subject) == decided(drawn, subject, stream=True)


def _plain(rows: Rows) -> list[str]:
    """What stands, in the order of its text: a stream has no end, and its rows say that they are a stream's."""
    only = ("late", "stale", "replaces", "revision", "mode")
    kept = [row for row in rows if row["decision"] != Outcome.DEFERRED]
    return sorted(str(sorted((name, str(value)) for name, value in row.items() if name not in only)) for row in kept)


def test_every_clause_is_among_them(case: Case) -> None:
    """Many accounts have all names of the language; that rules of every shape decide, `test_worlds` asks."""
    if len(case.drawn.worlds) < RARE:
        pytest.skip(f"below {RARE} contacts some clauses are not drawn")
    documents = [document for of in case.drawn.worlds.values() for _, document in of.versions]
    assert not set(CLAUSES) - {name for document in documents for name in names_in(document)}
