"""A failing world as a person reads it: the rules, the host, what happened step by step, and what does not hold."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from kittiwake.time.instants import format_instant
from tests.simulation.engine.model import World
from tests.simulation.engine.running import run
from tests.simulation.engine.truth import Truth


def told_world(world: World, truths: Sequence[Truth] = ()) -> str:
    """The world and its run."""
    outcome = run(world, truths, tell=True)
    lines = [*_settings(world), *outcome.story]
    if outcome.failure is not None:
        lines += ["", f"WRONG, {outcome.failure.check}:", outcome.failure.message]
    return "\n".join(lines)


def _settings(world: World) -> Iterator[str]:
    for account in world.accounts:
        history = "whole history" if account.whole_history else "stream"
        yield f"account {account.account_id}: horizon {account.horizon_us / 1e6:g} s, {history}, {dict(account.limits)}"
        for effective_us, document in account.versions:
            yield f"  from {'always' if effective_us is None else format_instant(effective_us)}"
            yield f"    {json.dumps({key: value for key, value in document.items() if key != 'rules'}, default=str)}"
            for rule in document["rules"]:
                yield f"    {json.dumps(rule, default=str)}"
    yield f"host: {', '.join(f'{name}={value}' for name, value in world.habits._asdict().items())}"
