"""The check that spans the documents of an account: nothing is done with derived events but to cast them.

Pure. Called by `documents`.
"""

from __future__ import annotations

from collections.abc import Iterator

from kittiwake.rules.diagnostics import Diagnostic, each
from kittiwake.rules.errors import Code, KeyPath
from kittiwake.rules.model.derive import Derivations
from kittiwake.rules.model.match import EventTypes, MatchObject
from kittiwake.rules.model.repeats import RepeatsList


def check_derived_types(
    repeats: RepeatsList | None,
    derivations: Derivations | None,
    shared_repeats: RepeatsList | None,
    shared_derivations: Derivations | None,
) -> Iterator[Diagnostic[Code]]:
    """What an account says of derived types, its own and the `shared` ones of "*", where it comes too late for it."""
    derived = {one.event for one in (*(derivations or ()), *(shared_derivations or ()))}
    repeated = {name for _, name in _repeated(shared_repeats)}
    for path, name in _repeated(repeats):
        if name in derived:
            message = f"{name} is derived, and what is dropped is dropped before"
            yield Diagnostic(path, Code.CLAUSE, message, "Name the event it is derived from")
    for path, name in _parents(derivations):
        if name in derived:
            message = f"{name} is derived, and nothing is derived from derived events"
            advice = "Name the event that came in, and walk to the list: order.lines"
            yield Diagnostic(path, Code.CLAUSE, message, advice)
    for path, one in each(derivations, ("derive",)):
        if one.event in repeated:
            message = f'the repeats of "*" name {one.event}, and what is dropped is dropped before'
            yield Diagnostic((*path, "event"), Code.CLAUSE, message, "Derive another type")


def _repeated(repeats: RepeatsList | None) -> Iterator[tuple[KeyPath, str]]:
    for path, one in each(repeats, ("repeats",)):
        yield from _types(one.event, (*path, "event"))


def _parents(derivations: Derivations | None) -> Iterator[tuple[KeyPath, str]]:
    for path, one in each(derivations, ("derive",)):
        for where, entry in each(one.from_, (*path, "from")):
            if isinstance(entry, MatchObject):
                yield from _types(entry.event, (*where, "event"))
            elif isinstance(entry, str):
                yield where, entry


def _types(types: EventTypes, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    yield from each(types, path)
