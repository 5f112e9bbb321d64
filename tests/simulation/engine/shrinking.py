"""Make a failing world smaller: leave out whatever the same check fails without.

Pure. Contacts, versions and rules are left out one by one, steps in ever smaller runs, until nothing more can go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from tests.simulation.engine.model import Account, Freeze, Give, Learn, Nudge, Step, World
from tests.simulation.engine.running import run
from tests.simulation.engine.truth import Truth

TRIES_MAX: Final = 1_500
"""Runs after which the world is told as it is then."""


class _Tries:
    """Whether a smaller world still fails in the same check; after too many tries nothing does."""

    def __init__(self, check: str, truths: Sequence[Truth]) -> None:
        self._check, self._truths, self._left = check, truths, TRIES_MAX

    def fails(self, world: World) -> bool:
        self._left -= 1
        if self._left < 0:
            return False
        try:
            failure = run(world, self._truths).failure
        except Exception:  # noqa: BLE001 - rules that are not usable without what was left out
            return False
        return failure is not None and failure.check == self._check


def shrunk(world: World, check: str, truths: Sequence[Truth] = ()) -> World:
    """The smallest world found in which that check fails."""
    tries = _Tries(check, truths)
    size = -1
    while size != _size(world):
        size = _size(world)
        for smaller in (_without_contacts, _without_versions, _without_rules):
            world = _by_ones(world, smaller, tries.fails)
        world = world._replace(steps=_fewer(world, tries.fails))
        world = _by_ones(world, _with_simpler_rules, tries.fails)
    return world


def _size(world: World) -> int:
    return len(str(world))


def _by_ones(world: World, smaller: Callable[[World], Iterator[World]], fails: Callable[[World], bool]) -> World:
    """Leave out one thing after the other, as long as it goes on failing."""
    found: World | None = world
    while found is not None:
        world = found
        found = next((each for each in smaller(world) if fails(each)), None)
    return world


def _fewer(world: World, fails: Callable[[World], bool]) -> tuple[Step, ...]:
    """The steps without those that it fails without: runs of half of them, then of a quarter, …, then one by one."""
    steps, length = world.steps, max(1, len(world.steps) // 2)
    while length:
        at = 0
        while at < len(steps):
            rest = steps[:at] + steps[at + length :]
            if fails(world._replace(steps=rest)):
                steps = rest
            else:
                at += length
        length //= 2
    return steps


# ---------------------------------------------------------------- what can be left out


def _without_contacts(world: World) -> Iterator[World]:
    for key in {step.key: None for step in world.steps if isinstance(step, Give)}:
        rest = [step for step in world.steps if not (isinstance(step, (Give, Nudge)) and step.key == key)]
        yield world._replace(steps=tuple(rest))
    for account in world.accounts[:-1] and world.accounts:
        yield _without_account(world, account)


def _without_account(world: World, account: Account) -> World:
    def about(step: Step) -> str | None:
        if isinstance(step, (Give, Nudge)):
            return step.key[0]
        return step.account_id if isinstance(step, (Freeze, Learn)) else None

    accounts = [each for each in world.accounts if each is not account]
    steps = [step for step in world.steps if about(step) != account.account_id]
    return world._replace(accounts=tuple(accounts), steps=tuple(steps))


def _without_versions(world: World) -> Iterator[World]:
    for at, account in enumerate(world.accounts):
        for place in range(len(account.versions)):
            rest = account.versions[:place] + account.versions[place + 1 :]
            if rest:
                yield _with_versions(world, at, rest)


def _without_rules(world: World) -> Iterator[World]:
    """Without a rule in one version, or without something in its policy."""
    for at, account in enumerate(world.accounts):
        for place, (_, document) in enumerate(account.versions):
            for index in range(len(document["rules"])):
                rules = [*document["rules"][:index], *document["rules"][index + 1 :]]
                yield _with_document(world, at, place, {**document, "rules": rules})
            for name in document.get("policy", ()):
                policy = {key: value for key, value in document["policy"].items() if key != name}
                yield _with_document(world, at, place, {**document, "policy": policy})


def _with_simpler_rules(world: World) -> Iterator[World]:
    """With one clause of a rule less, wherever the rule stands."""
    for at, account in enumerate(world.accounts):
        for name in {rule["id"] for _, document in account.versions for rule in document["rules"]}:
            clauses = {key for _, document in account.versions for rule in document["rules"] for key in rule}
            for clause in sorted(clauses - {"id"}):
                versions = [(start, _without_clause(document, name, clause)) for start, document in account.versions]
                if tuple(versions) != account.versions:
                    yield _with_versions(world, at, tuple(versions))


def _without_clause(document: Mapping[str, Any], name: str, clause: str) -> Mapping[str, Any]:
    rules = [
        {key: value for key, value in rule.items() if rule["id"] != name or key != clause} for rule in document["rules"]
    ]
    return {**document, "rules": rules}


def _with_document(world: World, at: int, place: int, document: Mapping[str, Any]) -> World:
    versions = list(world.accounts[at].versions)
    versions[place] = (versions[place][0], document)
    return _with_versions(world, at, tuple(versions))


def _with_versions(world: World, at: int, versions: tuple[tuple[int | None, Mapping[str, Any]], ...]) -> World:
    accounts = list(world.accounts)
    accounts[at] = accounts[at]._replace(versions=versions)
    return world._replace(accounts=tuple(accounts))
