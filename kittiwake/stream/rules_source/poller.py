"""Poll a target for rules: one process reads in the background, keeps what it read for all who ask, and what changed.

Called by `source`. The one part of this package that is not pure: it reads a target, in a thread of its own. It has no
clock; whoever asks brings the time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from enum import StrEnum
from threading import Lock
from typing import Final, NamedTuple

from kittiwake.input.shapes.base import CANONICAL, InputShape
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.errors import RulesError
from kittiwake.rules.publishing.bounds import SKEW_US
from kittiwake.rules.publishing.errors import TargetError
from kittiwake.rules.publishing.loading import NOTHING_READ, Reading, read_anew
from kittiwake.rules.publishing.target import Target
from kittiwake.rules.versions import RuleSetVersion
from kittiwake.stream.rules_source.view import RulesView
from kittiwake.time.instants import SECOND_US, format_instant

FIRST_WAIT_S: Final = 300
"""For the first poll, which reads every version: 500 of them at a tenth of a second each, and compiling them."""
STALE_WAIT_S: Final = 5
"""For a poll while what is known is of no use: a pointer is there within one second, and a bundle may wait for five."""
CHANGES_MAX: Final = 64
"""Kept until somebody takes them to report; the newest."""
MESSAGE_CHARS_MAX: Final = 500
"""Of what is wrong: file, line and why, and no page of text in a log."""


class RulesChangeKind(StrEnum):
    """What a poll of the target has brought that is to be reported."""

    READ = "rules_read"
    """Versions, or a freeze, that were not known."""
    UNREADABLE = "rules_unreadable"
    """The poll failed; what is known stays, and nothing is evaluated beyond `until_us`."""
    ACCOUNT_REFUSED = "rules_account_refused"
    """The rules of some accounts in a version cannot be used: each keeps its last good version, or has none."""
    TOO_SOON = "rules_too_soon"
    """A version was published nearer than `min_lead`: contacts may have been evaluated beyond it."""


class RulesChange(NamedTuple):
    """One of them, with a message for a person."""

    kind: RulesChangeKind
    text: str


class Status(NamedTuple):
    """How a process stands to its target."""

    age_us: int | None
    """Since the newest poll that was good, by the asker's clock; None: there has been none."""
    error: str | None
    """Why the newest poll failed; None: it did not."""
    frozen_at_us: int | None


class Terms(NamedTuple):
    """By what a target is watched. All that travels to another process."""

    target: str
    allowed_lateness_us: int
    poll_interval_us: int
    min_lead_us: int
    shape: InputShape = CANONICAL
    """Of the messages."""


def complete_until_us(polled_us: int, min_lead_us: int) -> int:
    """Up to which instant, it included, a poll of the pointer has brought every version that is ever to be.

    `polled_us` is what this process's clock said before the pointer was read. A version that the poll did not bring is
    one whose pointer moved after the read, at a real time when this clock said `polled_us` or later. Its publisher had
    read its own clock before, at P; clocks, and the time from that reading to the pointer's move, are together less
    than `SKEW_US` apart (see `bounds`), so P >= polled_us - SKEW_US. It refused every `effective_from` before
    P + min_lead. So E >= polled_us - SKEW_US + min_lead for whatever is not known. The last microsecond is taken off
    since `advance` evaluates deadlines **at** the instant it is given, and those at E are the new version's.
    """
    return polled_us - SKEW_US + min_lead_us - 1


class _Good(NamedTuple):
    """The newest poll that was good."""

    reading: Reading
    polled_us: int
    known: RulesView


class Poll:
    """A target as this process knows it. For any number of threads."""

    def __init__(self, terms: Terms, opened: Callable[[str], Target], pool: Executor | None = None) -> None:
        """Reads nothing yet. `opened` makes a target of its text; `pool` runs one poll at a time."""
        self._terms = terms
        self._opened = opened
        self._target: Target | None = None
        self._pool = pool or ThreadPoolExecutor(1, "kittiwake-rules")
        self._lock = Lock()
        self._good: _Good | None = None
        self._error: str | None = None
        self._running: Future[_Good] | None = None
        self._polled_us = 0
        self._hangs = False
        self._changes: deque[RulesChange] = deque(maxlen=CHANGES_MAX)

    def view(self, clock_us: int) -> RulesView:
        """The rules as they were read last; a poll that is due is begun beside.

        Only who asks first waits for it, and who asks when what is known does not reach `clock_us`: `STALE_WAIT_S` at
        most, and no more for a poll that has been waited for in vain.

        Raises:
            TargetError, RulesError: nothing has been read yet, and nothing can be.
        """
        with self._lock:
            self._collect()
            if self._is_due(clock_us):
                self._begin(clock_us)
            good, poll = self._good, self._running
            is_stale = good is not None and clock_us > good.known.until_us and not self._hangs
        if good is None:
            assert poll is not None
            return self._first(poll)
        return self._waited(poll) if poll is not None and is_stale else good.known

    def status(self, clock_us: int) -> Status:
        """How it stands."""
        with self._lock:
            self._collect()
            good = self._good
            if good is None:
                return Status(None, self._error, None)
            return Status(max(0, clock_us - good.polled_us), self._error, good.reading.frozen_at_us)

    def take_changes(self) -> tuple[RulesChange, ...]:
        """What nobody has reported yet; each change is taken once."""
        with self._lock:
            self._collect()
            found = tuple(self._changes)
            self._changes.clear()
            return found

    # ------------------------------------------------------------ waiting

    def _first(self, poll: Future[_Good]) -> RulesView:
        if not wait([poll], FIRST_WAIT_S).done:
            raise TargetError(f"{self._terms.target} has not answered for {FIRST_WAIT_S} s. Check that it can be read.")
        with self._lock:
            self._collect()
        return poll.result().known

    def _waited(self, poll: Future[_Good]) -> RulesView:
        is_done = bool(wait([poll], STALE_WAIT_S).done)
        with self._lock:
            self._hangs = not is_done
            self._collect()
            assert self._good is not None
            return self._good.known

    # ------------------------------------------------------------ polls, with the lock held

    def _is_due(self, clock_us: int) -> bool:
        """One poll at a time. A clock that was set back does not stop them; one a moment behind makes no more."""
        if self._running is not None:
            return False
        return self._good is None or abs(clock_us - self._polled_us) >= self._terms.poll_interval_us

    def _begin(self, clock_us: int) -> None:
        """The poll counts from `clock_us`, which was before it begins: that is never too late, which would be wrong."""
        self._polled_us = clock_us
        self._running = self._pool.submit(self._read, clock_us, self._good)

    def _collect(self) -> None:
        """Take what a poll has brought. What no target is expected to raise is a bug, and fails whoever asks."""
        if self._running is None or not self._running.done():
            return
        poll, self._running, self._hangs = self._running, None, False
        error = poll.exception()
        if error is None:
            self._take(poll.result())
        elif isinstance(error, (TargetError, RulesError)):
            self._error = _message_of(error)
            self._changes.append(RulesChange(RulesChangeKind.UNREADABLE, self._error))
        elif self._good is not None:
            raise error

    def _take(self, good: _Good) -> None:
        before, self._good = self._good, good
        had = NOTHING_READ if before is None else before.reading
        if before is None or self._error is not None or good.known.programs is not before.known.programs:
            self._changes.append(RulesChange(RulesChangeKind.READ, _text_of_reading(good.reading)))
        for version in good.reading.versions[len(had.versions) :]:
            if version.refused:
                self._changes.append(RulesChange(RulesChangeKind.ACCOUNT_REFUSED, _refused(version)))
            if before is not None and version.begins_by(before.known.until_us):
                self._changes.append(
                    RulesChange(RulesChangeKind.TOO_SOON, _too_soon(version.ruleset.version, before.known.until_us))
                )
        self._error = None

    # ------------------------------------------------------------ in the background

    def _read(self, asked_us: int, before: _Good | None) -> _Good:
        if self._target is None:
            self._target = self._opened(self._terms.target)
        reading = read_anew(self._target, NOTHING_READ if before is None else before.reading, by_account=True)
        until_us = complete_until_us(asked_us, self._terms.min_lead_us)
        return _Good(reading, asked_us, RulesView(self._programs(reading, before), until_us))

    def _programs(self, reading: Reading, before: _Good | None) -> Programs:
        """Those there are, if they still say it: to compile them may take seconds."""
        if before is None or reading.entries != before.reading.entries:
            terms = self._terms
            return Programs(reading.history, terms.allowed_lateness_us, whole_history=False, shape=terms.shape)
        if reading.frozen_at_us != before.reading.frozen_at_us:
            return before.known.programs.frozen_at(reading.frozen_at_us)
        return before.known.programs


def _message_of(error: TargetError | RulesError) -> str:
    """What is wrong, on one line."""
    lines = str(error).splitlines() or [type(error).__name__]
    more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
    return lines[0][:MESSAGE_CHARS_MAX] + more


def _text_of_reading(reading: Reading) -> str:
    count, newest = len(reading.versions), reading.versions[-1]
    start = "always" if newest.effective_us is None else format_instant(newest.effective_us)
    frozen = "" if reading.frozen_at_us is None else f", frozen at {format_instant(reading.frozen_at_us)}"
    return f"{count} version{'s'[: count > 1]}, the newest {newest.ruleset.version} in force from {start}{frozen}"


def _refused(version: RuleSetVersion) -> str:
    """What is wrong with the first, and of how many accounts; their names are none of a log's business."""
    number = len(version.refused)
    whose = "of one account" if number == 1 else f"of {number} accounts"
    first = str(next(iter(version.refused.values()))[0])[:MESSAGE_CHARS_MAX]
    return f"rules {whose} in {version.ruleset.version} cannot be used, the version before stays in force: {first}"


def _too_soon(ruleset_version: str, until_us: int) -> str:
    known_to = format_instant(until_us // SECOND_US * SECOND_US)
    advice = "Publish with the --min_lead of the jobs"
    return (
        f"{ruleset_version} comes into force before {known_to}, to which this process has known all versions. {advice}."
    )
