"""Rules that are published while a job runs, and polled by its process, whose line to the target is bad."""

from __future__ import annotations

import random
from typing import Final

from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load_files
from kittiwake.rules.publishing.bounds import MIN_LEAD_US
from kittiwake.rules.publishing.publish import publish
from kittiwake.rules.versions import RuleSetHistory, RuleSetVersion
from kittiwake.stream.rules_source.view import RulesView
from kittiwake.time.instants import HOUR_US
from tests.soak.rules import LATENESS_US, rules_files
from tests.stream.faulty_targets import REFUSED, Faulty, Inline, Memory, polled

VERSIONS_MAX: Final = 40
"""More than a year of them. A target takes 500, which a process keeps, and compiles anew with each that comes."""


class PublishedRules:
    """A target with versions, and what the process at hand knows of it."""

    def __init__(self, rng: random.Random, clock_us: int) -> None:
        self._rng, self._target, self._is_down = rng, Memory(), False
        self._versions = [RuleSetVersion(None, load_files(rules_files(0)))]
        publish(self._target, rules_files(0), None, 0)
        self.programs = self._all()
        """Of every version there is."""
        self.restart(clock_us)

    @property
    def number(self) -> int:
        """How many versions there are."""
        return len(self._versions)

    def publish(self, clock_us: int) -> None:
        """One version more, in force as soon as may be, or some hours later; none if there are enough."""
        if self.number == VERSIONS_MAX:
            return
        files = rules_files(self.number)
        starts_us = clock_us + MIN_LEAD_US + self._rng.choice((0, 1, self._rng.randrange(12 * HOUR_US)))
        publish(self._target, files, starts_us, clock_us)
        self._versions.append(RuleSetVersion(starts_us, load_files(files)))
        self.programs = self._all()

    def restart(self, clock_us: int) -> None:
        """Another process, which reads everything before its first bundle: one that cannot has none."""
        self._line = Faulty(self._target)
        self._poll = polled(self._line, pool=Inline(), lateness_us=LATENESS_US)
        self._poll.view(clock_us)

    def begin_day(self) -> None:
        """On some days the line is bad all day."""
        self._is_down = self._rng.random() < 0.1

    def pass_time(self) -> None:
        """The line goes bad, or is good again."""
        self._line.error = REFUSED if self._is_down or self._rng.random() < 0.2 else None

    def mend(self) -> None:
        """The line is good, but on such a day."""
        self._line.error = REFUSED if self._is_down else None

    def view(self, clock_us: int) -> RulesView:
        """As the process knows them."""
        return self._poll.view(clock_us)

    def _all(self) -> Programs:
        return Programs(RuleSetHistory(tuple(self._versions)), LATENESS_US, whole_history=False)
