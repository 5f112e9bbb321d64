"""`python -m benchmarks.streaming.silence`: what a contact costs that does not come, where rules are at a target.

Contacts come once, under the twelve rules; then days pass. Counts and bytes are exact, and the same on any machine; CPU
is that of our own code on the minimal runner. `--over_grpc`: CPU of Beam's runner and its worker, of the days in which
hardly any contact is evaluated.
"""

from __future__ import annotations

import argparse
import logging
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from benchmarks.rulesets import TWELVE
from benchmarks.streaming.lean import Counts, Lean
from benchmarks.streaming.names import CACHES_MB
from benchmarks.streaming.steady import Flowed, Steps, flow
from benchmarks.streaming.workload import START_US, Workload, known_rules
from kittiwake.input.shapes.base import CANONICAL, InputShape
from kittiwake.stream.contact.timer_grid import USUAL
from kittiwake.stream.rules_source.view import RulesView, StaticRules
from kittiwake.time.instants import DAY_US, SECOND_US
from kittiwake.transforms.stream.evaluate import EvaluateDoFn

EVENTS: Final = 5
KNOWN_US: Final = 90 * SECOND_US
SPANS: Final = ((1, 8), (8, 31), (31, 91))
"""Days after the visit: from, and until before."""
GRPC_SPAN: Final = SPANS[1]
"""Over gRPC: in these days hardly any contact is evaluated."""


class Polled(NamedTuple):
    """Rules as a target gives them, into which nothing is published."""

    rules: StaticRules

    def view(self, clock_us: int) -> RulesView:
        """As `RulesSource`."""
        return self.rules.view(clock_us)._replace(until_us=clock_us + KNOWN_US)

    def of_shape(self, shape: InputShape) -> Polled:
        """As `RulesSource`."""
        return Polled(self.rules.of_shape(shape))


class Spent(NamedTuple):
    """What a span of days took."""

    days: int
    firings: int
    written: int
    """Firings that wrote a state."""
    bytes_read: int
    bytes_written: int
    cpu_s: float


class Days:
    """A job whose contacts have come, and whose watermark moves by days."""

    def __init__(self, contacts: int) -> None:
        load, self._at_us = Workload(TWELVE, contacts, 1, EVENTS), START_US
        self._lean = Lean(EvaluateDoFn(Polled(known_rules(TWELVE)), USUAL, CANONICAL, None, lambda: self._at_us))
        self._lean.give(load.burst(0))
        self._pass_to(1)

    def spent(self, begins: int, ends: int) -> Spent:
        """From one day to another."""
        before, began_s = _copied(self._lean.counts), time.process_time()
        for day in range(begins, ends):
            self._pass_to(day + 1)
        now = self._lean.counts
        return Spent(
            ends - begins,
            now.fired - before.fired,
            now.cells - before.cells,
            now.bytes_read - before.bytes_read,
            now.bytes_written - before.bytes_written,
            time.process_time() - began_s,
        )

    def _pass_to(self, day: int) -> None:
        self._at_us = START_US + day * DAY_US
        self._lean.pass_to(self._at_us)


def after_us() -> int:
    """A clock that stands behind the days over gRPC: no contact is held back in them, and none goes on for long."""
    return START_US + (GRPC_SPAN[1] + 1) * DAY_US


def over_grpc(contacts: int, cache_mb: int) -> Flowed:
    """`GRPC_SPAN`, by the day."""
    step = EvaluateDoFn(Polled(known_rules(TWELVE)), USUAL, CANONICAL, None, after_us)
    with TemporaryDirectory() as folder:
        load = Workload(TWELVE, contacts, 1, EVENTS)
        return flow(load, step, cache_mb, Path(folder) / "steps", Steps(*GRPC_SPAN, DAY_US))


def _copied(counts: Counts) -> Counts:
    return Counts(**{name: getattr(counts, name) for name in counts.__slots__})


def main() -> None:
    """Let months pass, and print a table."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.streaming.silence", description=__doc__)
    asked.add_argument("--contacts", type=int, help="(1000, over gRPC 100)")
    asked.add_argument("--over_grpc", action="store_true", help="through Beam's runner and a worker process")
    flags = asked.parse_args()
    if flags.over_grpc:
        _print_over_grpc(flags.contacts or 100)
    else:
        _print_lean(flags.contacts or 1_000)


def _print_over_grpc(contacts: int) -> None:
    logging.disable(logging.WARNING)
    begins, ends = GRPC_SPAN
    print("| days after | cache | CPU µs | requests for state |\n|---|---|--:|--:|")
    for cache_mb in CACHES_MB:
        found, days = over_grpc(contacts, cache_mb), contacts * (ends - begins)
        requests = found.requests.total() / (contacts * ends)
        cache = f"{cache_mb} MB" if cache_mb else "off"
        print(f"| {begins} to {ends - 1} | {cache} | {found.cpu_us / days:,.0f} | {requests:.2f} |")


def _print_lean(contacts: int) -> None:
    days = Days(contacts)
    print("| days after | firings | states written | bytes read | bytes written | CPU µs |\n|---|--:|--:|--:|--:|--:|")
    for begins, ends in SPANS:
        of, each = days.spent(begins, ends), contacts * (ends - begins)
        print(
            f"| {begins} to {ends - 1} | {of.firings / each:.2f} | {of.written / each:.3f} "
            f"| {of.bytes_read / each:,.0f} | {of.bytes_written / each:,.0f} | {of.cpu_s * 1e6 / each:,.0f} |"
        )


if __name__ == "__main__":
    main()
