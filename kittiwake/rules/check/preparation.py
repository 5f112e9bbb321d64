"""The check that spans the documents of an account: nothing is done with derived events but to cast them.

Pure. Called by `documents`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kittiwake.rules.compile.match import matches_of, types_of
from kittiwake.rules.diagnostics import each
from kittiwake.rules.errors import Code, KeyPath, RuleError
from kittiwake.rules.ruleset import Preparing


def errors_of_preparing(own: Preparing, shared: Preparing | None) -> Iterator[RuleError]:
    """What an account says of derived types, its own and those of "*", where they come too late for it."""
    every = [one for one in (shared, own) if one is not None]
    derived = frozenset(written.event for one in every for written in one.derive or ())
    repeated = frozenset(name for _, name in _repeated(shared)) if shared is not None else frozenset()
    for path, name in _repeated(own):
        if name in derived:
            message = f"{name} is derived, and what is dropped is dropped before"
            yield _located(own, path, message, "Name the event it is derived from")
    for path, name in _parents(own):
        if name in derived:
            message = f"{name} is derived, and nothing is derived from derived events"
            yield _located(own, path, message, "Name the event that came in, and walk to the list: order.lines")
    for path, written in each(own.derive, ("derive",)):
        if written.event in repeated:
            message = f'the repeats of "*" name {written.event}, and what is dropped is dropped before'
            yield _located(own, (*path, "event"), message, "Name another type, or the event it is derived from there")


def _repeated(one: Preparing | None) -> Iterator[tuple[KeyPath, str]]:
    for path, written in each(one.repeats if one is not None else None, ("repeats",)):
        yield from each(types_of(written.event), (*path, "event"))


def _parents(one: Preparing) -> Iterable[tuple[KeyPath, str]]:
    for path, written in each(one.derive, ("derive",)):
        types = {name for match in matches_of(written.from_) for name in match.types}
        yield from (((*path, "from"), name) for name in sorted(types))


def _located(one: Preparing, path: KeyPath, message: str, advice: str) -> RuleError:
    return one.locations[str(path[0])].error(path, Code.CLAUSE, message, advice)
