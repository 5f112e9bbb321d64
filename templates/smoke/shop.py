"""What the shop tells the job in a smoke run, and when: events, some of them late, some of them twice. Pure.

It is the shop of `make stream-demo` in several streets at once, whose visits show the rules: seconds stand for hours.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from examples.stream.visits import Due, steps

ACCOUNT: Final = "acme"
SEED: Final = 1
LATE_EACH: Final = 17
LATE_S: Final = 12.0
"""Each 17th event comes so much late, beside those whose tills were offline: longer than the job waits for them."""
TWICE_EACH: Final = 10
TWICE_S: Final = 3.0
"""Each tenth comes once more so much later."""


class Delivery(NamedTuple):
    """An event on its way to the job; times are seconds since the shop has opened."""

    at_s: float
    """When it is published."""
    happened_s: float
    fields: dict[str, Any]
    """The event without its `time`, which is known when it is published."""
    is_copy: bool = False

    @property
    def delay_s(self) -> float:
        """How late it is published."""
        return self.at_s - self.happened_s


def deliveries(run_id: str, events: int, shops: int) -> list[Delivery]:
    """So many events of so many streets, in the order in which they are published; copies come on top."""
    found: list[Delivery] = []
    for number, (street, due) in enumerate(itertools.islice(_crowd(shops), events)):
        happened_s = due.at_s - due.step.held_up_s
        late_s = LATE_S if number % LATE_EACH == LATE_EACH - 1 else 0.0
        sent = Delivery(due.at_s + late_s, happened_s, _fields(f"{run_id}-{number:05}", street, due))
        found.append(sent)
        if number % TWICE_EACH == TWICE_EACH - 1:
            again_s = sent.at_s + TWICE_S
            found.append(sent._replace(at_s=again_s, happened_s=happened_s, is_copy=True))
    return sorted(found, key=lambda one: (one.at_s, one.fields["event_id"]))


def _crowd(shops: int) -> Iterator[tuple[int, Due]]:
    streets = (((street, due) for due in steps(SEED + street)) for street in range(shops))
    return heapq.merge(*streets, key=lambda one: (one[1].at_s, one[0]))


def _fields(event_id: str, street: int, due: Due) -> dict[str, Any]:
    properties = {
        name: f"{value}-{street}" if name in ("order_id", "checkout_id") else value
        for name, value in due.step.properties.items()
    }
    return {
        "event_id": event_id,
        "account_id": ACCOUNT,
        "contact_id": f"{due.contact}-{street}",
        "type": due.step.type,
        "properties": properties,
    }


# ---------------------------------------------------------------- parts


class Part(NamedTuple):
    """A part of the deliveries: from the one number to before the other."""

    begin: int
    end: int


SHARES: Final = {"launch": 0.35, "update": 0.3, "freeze": 0.2, "go_on": 0.15}
"""Steps in which events are published, and how many of them."""


def parts(number: int) -> dict[str, Part]:
    """The parts of so many deliveries, by the step that publishes them."""
    found: dict[str, Part] = {}
    begin, share = 0, 0.0
    for name, own in SHARES.items():
        share += own
        end = number if name == "go_on" else round(number * share)
        found[name] = Part(begin, end)
        begin = end
    return found
