"""One streaming job that takes contacts and prices day after day, under rules that are published meanwhile.

The real intake, steps of items, feeds and contacts, on runners that inject faults; checked every day.
"""

from __future__ import annotations

import random
import resource
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Final, NamedTuple

from kittiwake.model import Event
from kittiwake.stream.contact.timer_grid import USUAL
from kittiwake.stream.intake import Brought, IntakeSettings, Message, take
from kittiwake.stream.items.routing import ItemRouters, Routed
from kittiwake.stream.records import encode
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US
from kittiwake.values import parse_json
from tests.soak.firings import Firings, Quiet
from tests.soak.histories import (
    GONE_US,
    LIFE_US,
    MAX_AGE_US,
    START_US,
    Draw,
    History,
    Seen,
    Sent,
    crowd,
    decided,
    history,
    item_events,
    seen,
    till,
)
from tests.soak.items import Element, Items
from tests.soak.outages import Outages
from tests.soak.published import PublishedRules
from tests.soak.rules import ACCOUNTS
from tests.stream.fault_injecting_runner import Bundle, DiedError, FaultInjectingRunner, Kept, Timer
from tests.stream.generated_cases import Row, standing
from tests.stream.test_hosting import Clock

STEP_US: Final = 3 * HOUR_US
"""The watermark moves by up to so much at a time."""
BACKLOG_EVERY: Final = 3
"""Days from one on which the watermark stands still to the next."""
BACKLOG_US: Final = (4 * HOUR_US, 20 * HOUR_US)
"""From when to when in such a day: events come meanwhile, long before the watermark reaches them."""
GHOSTS_MAX: Final = 50
"""Timers that have fired, of which some fire again."""
PUBLISHED_EVERY: Final = 10
"""Days from one version to the next."""
CROWD_EVERY: Final = 3
"""Days from one contact that floods its account to the next."""
SHARDS: Final = 4
INTAKE: Final = IntakeSettings(max_age_us=MAX_AGE_US)
COMPARED_US: Final = LIFE_US + GONE_US + 14 * DAY_US
"""So long events of items and of feeds are kept to compare with: the life of a contact, and some of each before it."""


class Day(NamedTuple):
    """What a day of event time has left."""

    number: int
    contacts: int
    """Of whom anything is kept."""
    kept_bytes: int
    timers: int
    resident_mb: int
    item_bytes: int
    """Of items, and of the interest of contacts in them."""
    feed_bytes: int
    """Of feeds and breakers, and of who waits for what they say."""
    versions: int
    quiet: Quiet


@dataclass
class Soak:
    """A job under way. `wrong` says what was found."""

    seed: int
    contacts_a_day: int
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._rng = random.Random(f"soak {self.seed}")
        self._clock = Clock()
        self._clock.at_us = START_US
        self._rules = PublishedRules(self._rng, START_US)
        self._runner = FaultInjectingRunner(self._rules, USUAL, self._clock, max_age_us=MAX_AGE_US)
        self._items, self._routers = Items(self._rng), ItemRouters(SHARDS)
        self._draw = Draw(self._rng, Outages(self.seed, START_US))
        self._prices: list[Event] = []
        self._of_contacts: dict[str, list[Event]] = {name: [] for name in ACCOUNTS}
        self._notices: list[Element] = []
        self._firings = Firings()
        self._ghosts: list[Timer] = []
        self._coming: list[Sent] = []
        self._live: list[tuple[int, History]] = []
        self._rows: dict[bytes, list[Row]] = defaultdict(list)
        self._day = 0

    def day(self, *, someone_comes: bool = True) -> Day:
        """Let a day of event time pass, and look at every contact whose time is over."""
        begins_us = START_US + self._day * DAY_US
        for of in self._come_today(begins_us) if someone_comes else ():
            heappush(self._live, (of.gone_us, of))
            self._of_contacts[of.events[0].account_id] += of.events
            for one in of.sent:
                heappush(self._coming, one)
        self._price(begins_us)
        self._rules.begin_day()
        if self._day % PUBLISHED_EVERY == PUBLISHED_EVERY // 2:
            self._rules.publish(self._clock.at_us)
        at_us = begins_us
        while at_us < begins_us + DAY_US:
            at_us = min(at_us + self._rng.randint(MINUTE_US, STEP_US), begins_us + DAY_US)
            self._pass_to(at_us, moves=not self._stands_still(at_us - begins_us))
        if self._rng.random() < 0.15:
            self._runner.restart()
            self._rules.restart(self._clock.at_us)
            self.counts["restarts"] += 1
        self._look_at_those_gone(at_us)
        self._day += 1
        self.wrong += self._firings.too_many()
        return self._left()

    def _come_today(self, begins_us: int) -> Iterator[History]:
        """Those of whom something is to be told, one who orders all day in each account, now and then a crowd."""
        for number in range(self.contacts_a_day):
            yield history(self._draw, f"d{self._day}-{number}", begins_us)
        for account_id in ACCOUNTS:
            yield till(self._draw, account_id, f"till{self._day}", begins_us)
        if self._day % CROWD_EVERY == 1:
            yield crowd(self._draw, f"crowd{self._day}", begins_us)

    def _look_at_those_gone(self, at_us: int) -> None:
        gone = list[History]()
        while self._live and self._live[0][0] <= at_us:
            gone.append(heappop(self._live)[1])
        if not gone:
            return
        for name, events in self._of_contacts.items():
            self._of_contacts[name] = [one for one in events if one.time_us > at_us - COMPARED_US]
        by, interested = seen(self._rules.programs, self._of_contacts, self._prices), self._items.interested()
        for of in gone:
            self._look(of, by, interested)

    def _stands_still(self, of_day_us: int) -> bool:
        """Whether the watermark does: a backlog builds up."""
        return self._day % BACKLOG_EVERY == 1 and BACKLOG_US[0] <= of_day_us < BACKLOG_US[1]

    def _pass_to(self, at_us: int, *, moves: bool) -> None:
        """Give what has come by then, and fire what is due: in bundles, in any order, some of which die.

        `moves`: whether the watermark does.
        """
        self._clock.at_us = at_us + USUAL.settle_delay_us
        self._rules.pass_time()
        came = self._come(at_us)
        while came or self._runner.tasks():
            taken, came = came[:20], came[20:]
            due = self._runner.tasks()
            timers = self._rng.sample(due, self._rng.randint(0 if came else len(due), len(due)))
            again = self._rng.sample(self._ghosts, min(len(self._ghosts), self._rng.choice((0, 0, 1, 3))))
            self._ghosts = [*self._ghosts, *timers][-GHOSTS_MAX:]
            self._run(Bundle(taken, timers), again)
        self._rules.mend()
        if moves:
            self._move_watermark(at_us)
        else:
            self.counts["steps of backlogs"] += 1
        self._take_rows()

    def _move_watermark(self, at_us: int) -> None:
        self._notices = self._items.pass_to(at_us // 1_000 * 1_000)
        if self._rng.random() < 0.5:  # else with what comes next, and what was decided meanwhile is corrected
            self._run(Bundle(self._notices))
            self._notices = []
        self._runner.watermark_us = at_us // 1_000 * 1_000
        while due := self._runner.tasks():
            self._rng.shuffle(due)
            self._run(Bundle((), due))

    def _come(self, at_us: int) -> list[Element]:
        """What the messages that have come by then bring to contacts, some of it by their items; in any order."""
        found, self._notices = self._notices, []
        of_items: list[Routed] = []
        while self._coming and self._coming[0].arrives_us < at_us:
            line = heappop(self._coming).line
            brought = take(Message(line), self._clock.at_us, self._rules.view(self._clock.at_us), INTAKE, self._routers)
            if not isinstance(brought, Brought):
                self.wrong.append(f"{brought} became a dead letter")
                continue
            found += [(key, encode(arrival)) for key, arrival in brought.needed]
            of_items += brought.of_items
        changes = self._items.take(of_items)
        self.counts["item changes"] += len(changes)
        return self._rng.sample([*found, *changes], len(found) + len(changes))

    def _price(self, begins_us: int) -> None:
        events, sent = item_events(self._rng, self._day, begins_us)
        self._prices = [one for one in self._prices if one.time_us > begins_us - COMPARED_US] + events
        for one in sent:
            heappush(self._coming, one)

    def _run(self, bundle: Bundle, again: Sequence[Timer] = ()) -> None:
        """A bundle, and timers that have fired before; now and then it dies half way, and is run once more."""
        whole = bundle._replace(timers=[*bundle.timers, *again])
        if self._rng.random() < 0.1:
            steps = self._runner.steps_of(whole)
            try:
                self._runner.run(whole, self._rng.randrange(steps) if steps else None)
            except DiedError:
                self.counts["deaths"] += 1
                self._runner.run(whole)
        else:
            self._runner.run(whole)
        came = [*(key for key, _ in bundle.elements), *(timer.key for timer in again)]
        self._firings.add((timer.key for timer in bundle.timers), came)
        self.counts["bundles"] += 1
        self.counts["events"] += len(bundle.elements)
        self.counts["firings"] += len(bundle.timers)

    def _take_rows(self) -> None:
        runner = self._runner
        for one in runner.emitted:
            row = parse_json(one.row)
            self._rows[f'["{row["account_id"]}","{row["contact_id"]}"]'.encode()].append(row)
        self.counts["rows"] += len(runner.emitted)
        for name, lost in (("late", runner.late), ("dead", runner.dead)):
            if lost:
                self.wrong.append(f"{len(lost)} events were {name}, the first: {lost[0]}")
        for taken in (runner.emitted, runner.late, runner.dead, runner.given, runner.reads):
            taken.clear()
        runner.firings.clear()

    def _look(self, of: History, by: Seen, interested: set[str]) -> None:
        """Its rows are those of the kernel, and nothing is kept of it."""
        (wanted, held), got = decided(by, of), standing(self._rows.pop(of.key, ()))
        kept = self._runner.kept.pop(of.key, Kept())
        if wanted != got:
            self.wrong.append(f"{of.key.decode()}: wanted {wanted}\ngot {got}")
        if kept.cell or kept.bag or kept.timers:
            self.wrong.append(f"{of.key.decode()}: kept {kept}")
        if of.events[0].contact_id in interested:
            self.wrong.append(f"{of.key.decode()}: its interest is kept")
        self.counts["contacts compared"] += 1
        self.counts["decisions compared"] += len(wanted)
        self.counts["decisions of items"] += sum(row.get("rule_id") == "cheaper" for row in wanted)
        self.counts += held

    def _left(self) -> Day:
        kept = self._runner.kept
        for key in [key for key, one in kept.items() if not (one.cell or one.bag or one.timers)]:
            del kept[key]
        sizes = [len(one.cell or b"") + sum(map(len, one.bag)) for one in kept.values()]
        timers = sum(len(one.timers) for one in kept.values())
        resident_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        self.counts["deaths of items"] = self._items.deaths
        return Day(
            self._day,
            sum(map(bool, sizes)),
            sum(sizes),
            timers,
            resident_mb,
            self._items.item_bytes,
            self._items.feed_bytes,
            self._rules.number,
            self._firings.end_day(kept),
        )
