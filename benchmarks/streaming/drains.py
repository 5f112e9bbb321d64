"""`python -m benchmarks.streaming.drains`: how many timers a drain fires for a contact of whom something is known.

Contacts have put something into a cart within the last three hours. Nothing is timed: the counts are exact, and the
same on any machine.
"""

from __future__ import annotations

import argparse
from typing import Final, NamedTuple

from benchmarks.rulesets import ONE
from benchmarks.streaming.lean import Lean
from benchmarks.streaming.workload import BETWEEN_US, START_US, Workload, known_rules
from kittiwake.input.shapes.base import CANONICAL, InputShape
from kittiwake.stream.contact.timer_grid import LAST_US, USUAL
from kittiwake.stream.rules_source.view import RulesView, StaticRules
from kittiwake.time.instants import MINUTE_US
from kittiwake.transforms.stream.evaluate import EvaluateDoFn

BURSTS: Final = 26
"""Contacts take turns, seven minutes apart: three hours."""
CLOCK_US: Final = START_US + BURSTS * BETWEEN_US
FROZEN_AT_US: Final = CLOCK_US - 2 * MINUTE_US


class Frozen(NamedTuple):
    """Rules that are frozen."""

    rules: StaticRules

    def view(self, clock_us: int) -> RulesView:
        """As `RulesSource`."""
        found = self.rules.view(clock_us)
        return found._replace(programs=found.programs.frozen_at(FROZEN_AT_US))

    def of_shape(self, shape: InputShape) -> Frozen:
        """As `RulesSource`."""
        return Frozen(self.rules.of_shape(shape))


def firings(contacts: int, *, frozen: bool, in_rounds: bool) -> int:
    """Timers that a drain fires, of contacts all of whose events have been evaluated."""
    load, rules = Workload(ONE, contacts, BURSTS, 1), known_rules(ONE)
    step = EvaluateDoFn(Frozen(rules) if frozen else rules, USUAL, CANONICAL, None, lambda: CLOCK_US)
    lean = Lean(step)
    for number in range(BURSTS):
        lean.give([pair for contact, pair in enumerate(load.burst(number)) if contact % BURSTS == number])
    lean.pass_to(CLOCK_US)
    before = lean.counts.fired
    (lean.pass_in_rounds if in_rounds else lean.pass_to)(LAST_US)
    return lean.counts.fired - before


def main() -> None:
    """Run all four, and print a table."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.streaming.drains", description=__doc__)
    asked.add_argument("--contacts", type=int, default=2_000, help="(2000)")
    contacts = asked.parse_args().contacts
    print("| timers fire | frozen before | firings a contact |\n|---|---|--:|")
    for in_rounds in (True, False):
        for frozen in (True, False):
            found = firings(contacts, frozen=frozen, in_rounds=in_rounds) / contacts
            order = "a bundle, then what it has set" if in_rounds else "in order of time, over all contacts"
            print(f"| {order} | {'yes' if frozen else 'no'} | {found:.2f} |")


if __name__ == "__main__":
    main()
