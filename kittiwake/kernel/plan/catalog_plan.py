"""What the join needs of an account's rules: which values of items they read, and which events show interest.

Pure. Made once for a run of an account's versions; read by `kernel.items`, which gives every contact the changes of the
items that it showed interest in (ADR 0026).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from kittiwake.kernel.plan.match import Matches
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.kernel.plan.versions import Versions
from kittiwake.kernel.plan.wait import Delays
from kittiwake.time.instants import DAY_US
from kittiwake.values import Path

DEFERRAL_MAX_US: Final = 15 * DAY_US
"""Longer than quiet hours and a round of arbitration can hold a candidate, twice: quiet hours leave some hour of every
week free, and a candidate is deferred anew only where a zone has changed meanwhile."""

ITEM: Final = "item"
"""What a path of `include` begins with that leads to the item."""


class InterestOf(NamedTuple):
    """Events that show interest, and for how long their contacts need the item's changes."""

    matches: Matches
    item: Path
    """The property that names the item."""
    reach_us: int
    """An interest at t covers `[t, t + reach_us)`."""


class CatalogPlan(NamedTuple):
    """What all catalogue rules of an account need, over all versions."""

    paths: tuple[Path, ...]
    """Of items, sorted."""
    interests: tuple[InterestOf, ...]


def catalog_of(versions: Versions) -> CatalogPlan | None:
    """What the catalogue rules of an account need; None: it has none."""
    rules = [rule for program in versions.programs for rule in program.rules if rule.catalog is not None]
    if not rules:
        return None
    interests = dict.fromkeys(_interest_of(rule) for rule in rules)
    return CatalogPlan(tuple(sorted({path for rule in rules for path in paths_of_item(rule)})), tuple(interests))


def paths_of_item(rule: RuleProgram) -> Iterator[Path]:
    """The paths of the item that a catalogue rule reads."""
    assert rule.catalog is not None
    yield rule.catalog.change.path
    yield from (tuple(path.split(".")) for path in rule.catalog.asked_of_item())
    yield from shown_of_item(rule)


def shown_of_item(rule: RuleProgram) -> Iterator[Path]:
    """The paths of the item that `include` names."""
    for one in rule.include:
        if one.of_event and len(one.path) > 1 and one.path[0] == ITEM:
            yield one.path[1:]


def _interest_of(rule: RuleProgram) -> InterestOf:
    assert rule.catalog is not None
    wait_us = rule.wait.delays_us[-1] if isinstance(rule.wait, Delays) else 0
    reach_us = rule.catalog.within_us + wait_us + rule.expires_us + DEFERRAL_MAX_US
    return InterestOf(rule.catalog.interest, rule.catalog.item, reach_us)
