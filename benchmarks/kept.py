"""`python -m benchmarks.kept`: what is kept of a contact once it is forgotten, in bytes of its cell, and when it wakes.

Exact, not timed: it says the same on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from kittiwake.kernel.incremental import advance
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.state.state import State, new_state
from kittiwake.model import Event
from kittiwake.rules.compile.account import compile_account
from kittiwake.rules.documents import load_document
from kittiwake.scenarios.player import event_of
from kittiwake.stream.contact.cell import new_cell
from kittiwake.time.instants import DAY_US, format_instant, parse_instant

CONTACT: Final = "contact-00000001"
BORN: Final = "2020-01-07T12:00:00Z"
PROFILE: Final = {"birthday": "1980-05-02", "tier": "gold", "timezone": "America/Toronto"}
RULES: Final[Sequence[Mapping[str, Any]]] = (
    {"use": "birthday"},
    {"use": "cart-abandonment"},
    {"use": "loyalty-milestone"},
    {"id": "gold", "when": {"event": "order.completed", "where": {"contact": {"tier": "gold"}}}, "wait": "1d"},
)
SHOP: Final = RULES[1:]


class Case(NamedTuple):
    """A contact by what it did; every one also had a cart and an order, long ago."""

    name: str
    rules: Sequence[Mapping[str, Any]]
    events: Sequence[tuple[str, Mapping[str, Any]]]


WITHDRAWN: Final = ("consent.withdrawn", {"purpose": "marketing"})
CASES: Final = (
    Case("nothing", SHOP, ()),
    Case("an opt-out", SHOP, (WITHDRAWN,)),
    Case(
        "an opt-out and two attributes",
        SHOP,
        (WITHDRAWN, ("contact.updated", {name: PROFILE[name] for name in ("tier", "timezone")})),
    ),
    Case("a birthday", RULES, (("contact.updated", {"birthday": PROFILE["birthday"]}),)),
    Case("a birthday, two attributes and an opt-out", RULES, (WITHDRAWN, ("contact.updated", PROFILE))),
    Case("a used milestone", SHOP, (("order.completed", {"total": 300}),)),
)


def main() -> None:
    """Print the table."""
    print("| what stays | bytes, a week after | bytes, forgotten | wakes |\n|---|---|---|---|")
    for case in CASES:
        before, _ = _cell(case, 7)
        after, wake_us = _cell(case, 401)
        wake = "never" if wake_us is None else format_instant(wake_us)[:10]
        print(f"| {case.name} | {before} | {after} | {wake} |")


def _cell(case: Case, days: int) -> tuple[int, int | None]:
    """Bytes of a contact's cell so many days after its last event, and when it asks to be woken."""
    account = {"account": "acme", "rules": list(case.rules), "policy": {"consent": {"purpose": "marketing"}}}
    program = compile_account(load_document(account), "acme")
    did = [*case.events, ("cart.item_added", {"product_id": "p-1"}), ("order.completed", {"total": 20})]
    events = [_event(place, kind, properties) for place, (kind, properties) in enumerate(did)]
    state, wake_us = _woken(program, events, events[-1].time_us + days * DAY_US)
    assert state.evaluated_to_us is not None
    return len(new_cell(state, state.evaluated_to_us, {})), wake_us


def _woken(program: Program, events: Sequence[Event], until_us: int) -> tuple[State, int | None]:
    """A contact that is woken whenever it asks for it."""
    found = advance(program, new_state(CONTACT), events, events[-1].time_us + 1)
    while found.next_timer_us is not None and found.next_timer_us <= until_us:
        found = advance(program, found.state, [], found.next_timer_us)
    return found.state, found.next_timer_us


def _event(place: int, kind: str, properties: Mapping[str, Any]) -> Event:
    time = format_instant(parse_instant(BORN) + place * DAY_US)
    return event_of(
        "acme", CONTACT, {"event_id": f"e-{place:08}", "time": time, "type": kind, "properties": properties}
    )


if __name__ == "__main__":
    main()
