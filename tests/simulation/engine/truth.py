"""What a contact's newest revisions have to be at rest: given by whoever runs a world, and one truth of our own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from msgspec.structs import replace

from kittiwake.kernel.incremental import advance
from kittiwake.kernel.state.state import new_state
from kittiwake.model import Decision, Event
from tests.simulation.engine.model import Key
from tests.simulation.engine.programs import Programs

Truth: TypeAlias = Callable[[Programs, Key, Sequence[Event], int, Sequence[Decision]], str]
"""What the rows that stand get wrong, given the events that count, in any order, and the instant settled to; "" if
nothing."""


def facts(row: Decision) -> Decision:
    """What a row shows of the facts, whatever led to it."""
    return replace(row, revision=0, replaces=(), late=False, stale=False, decided_us=0)


def batch_truth(programs: Programs, key: Key, events: Sequence[Event], until_us: int, rows: Sequence[Decision]) -> str:
    """One call with all events: it says whether slices and corrections add up, not whether the kernel is right."""
    wanted = advance(programs.known(programs.count), new_state(key[1]), events, until_us).decisions
    return "\n".join(
        [
            *(f"missing  {shown(row)}" for row in _beyond(wanted, rows)),
            *(f"too much {shown(row)}" for row in _beyond(rows, wanted)),
        ]
    )


def _beyond(some: Sequence[Decision], others: Sequence[Decision]) -> list[Decision]:
    known = {row.trigger_id: facts(row) for row in others}
    return [row for row in some if known.get(row.trigger_id) != facts(row)]


def in_short(text: str, lines: int = 8) -> str:
    """The first lines of a text, and how many there are more."""
    every = text.splitlines()
    return "\n".join([*every[:lines], *([f"… and {len(every) - lines} more"] if len(every) > lines else [])])


def shown(row: Decision) -> str:
    """A row as a person reads it."""
    names = ("rule_id", "kind", "time_us", "decision", "reason", "fired_at_us", "instance", "reminder", "threshold")
    found = {name.removesuffix("_us"): getattr(row, name) for name in names}
    about = None if row.events is None else f"{row.events.first}..{row.events.last} ({row.events.count})"
    replaced = f"replaces={[each[:6] for each in row.replaces]}" if row.replaces else ""
    parts = [
        f"{row.trigger_id[:6]} rev={row.revision}",
        *(f"{name}={value}" for name, value in found.items() if value is not None),
        f"events={about} decided={row.decided_us}",
        *(name for name in ("late", "stale", "partial_history") if getattr(row, name)),
        f"version={row.ruleset_version[:6]} {replaced}",
    ]
    return " ".join(parts).rstrip()
