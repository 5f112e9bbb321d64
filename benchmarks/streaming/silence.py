"""`python -m benchmarks.streaming.silence`: what a contact costs that does not come, where rules are at a target.

Contacts come once, under the twelve rules; then days pass. Counts and bytes are exact, and the same on any machine; CPU
is that of our own code on the minimal runner. Then the same over gRPC: CPU of Beam's runner and its worker, of the days
in which hardly any contact is evaluated.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Iterable, Sequence
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

CONTACTS, CONTACTS_OVER_GRPC = 1_000, 100
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


class Span(NamedTuple):
    """Some days without a visit, of our own code: of a contact and day, but for the first two."""

    begins: int
    ends: int
    firings: float
    written: float
    bytes_read: float
    bytes_written: float
    cpu_us: float


class OverGrpc(NamedTuple):
    """`GRPC_SPAN` over gRPC, of a contact and day, but for the first."""

    cache_mb: int
    cpu_us: float
    requests: float
    """For state, over all days from the visit on."""


class Silence(NamedTuple):
    """What contacts cost that do not come."""

    contacts: int
    contacts_over_grpc: int
    spans: Sequence[Span]
    over_grpc: Sequence[OverGrpc]


def measure(contacts: int, contacts_over_grpc: int) -> Silence:
    """All of it, in one go."""
    days = Days(contacts)
    spans = [_span(days, contacts, *span) for span in SPANS]
    return Silence(contacts, contacts_over_grpc, spans, [_over_grpc(contacts_over_grpc, mb) for mb in CACHES_MB])


def _span(days: Days, contacts: int, begins: int, ends: int) -> Span:
    of, each = days.spent(begins, ends), contacts * (ends - begins)
    counted = (of.firings, of.written, of.bytes_read, of.bytes_written, of.cpu_s * 1e6)
    return Span(begins, ends, *(number / each for number in counted))


def _over_grpc(contacts: int, cache_mb: int) -> OverGrpc:
    begins, ends = GRPC_SPAN
    found = over_grpc(contacts, cache_mb)
    return OverGrpc(cache_mb, found.cpu_us / (contacts * (ends - begins)), found.requests.total() / (contacts * ends))


def _copied(counts: Counts) -> Counts:
    return Counts(**{name: getattr(counts, name) for name in counts.__slots__})


def table_of_spans(spans: Iterable[Span]) -> str:
    """Of our own code."""
    head = (
        "| days after | firings | states written | bytes read | bytes written | CPU µs |\n|---|--:|--:|--:|--:|--:|\n"
    )
    return head + "".join(
        f"| {of.begins} to {of.ends - 1} | {of.firings:.2f} | {of.written:.2f} "
        f"| {of.bytes_read:,.0f} | {of.bytes_written:,.0f} | {of.cpu_us:,.0f} |\n"
        for of in spans
    )


def table_over_grpc(found: Iterable[OverGrpc]) -> str:
    """Of Beam's runner and its worker."""
    begins, ends = GRPC_SPAN
    head = "| days after | Beam's cache | CPU µs | requests for state |\n|---|---|--:|--:|\n"
    return head + "".join(
        f"| {begins} to {ends - 1} | {f'{of.cache_mb} MB' if of.cache_mb else 'off'} | {of.cpu_us:,.0f} "
        f"| {of.requests:.2f} |\n"
        for of in found
    )


def main() -> None:
    """Let months pass, and print two tables."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.streaming.silence", description=__doc__)
    asked.add_argument("--contacts", type=int, default=CONTACTS, help=f"({CONTACTS:,})")
    asked.add_argument("--contacts_over_grpc", type=int, default=CONTACTS_OVER_GRPC, help=f"({CONTACTS_OVER_GRPC})")
    flags = asked.parse_args()
    logging.disable(logging.WARNING)
    found = measure(flags.contacts, flags.contacts_over_grpc)
    print(table_of_spans(found.spans))
    print(table_over_grpc(found.over_grpc), end="")


if __name__ == "__main__":
    main()
