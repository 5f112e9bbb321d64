"""What a document asks of events before its rules see them: types and properties of `cast`, `repeats` and `derive`.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from kittiwake.event_plan.uses import Need, TypeUse, Use, is_narrowed, types_in, types_of_match, uses_of_where
from kittiwake.rules.compile.match import types_of
from kittiwake.rules.diagnostics import each
from kittiwake.rules.model.match import MatchObject
from kittiwake.rules.ruleset import Preparing


def types_before(said: Preparing, key: str) -> Iterator[TypeUse]:
    """The types that are named under one of the keys."""
    if key == "derive":
        for at, one in each(said.derive, ("derive",)):
            yield from types_in(one.from_, (*at, "from"))
        return
    for at, entry in each(said.cast if key == "cast" else said.repeats, (key,)):
        yield from (TypeUse(where, name) for where, name in each(entry.event, (*at, "event")) if name != "*")


def uses_before(said: Preparing, key: str) -> Iterator[Use]:
    """The properties that are named under one of the keys."""
    if key == "cast":
        yield from _of_casts(said)
    elif key == "repeats":
        for at, one in each(said.repeats, ("repeats",)):
            types = tuple(types_of(one.event))
            if one.where is not None:
                yield from uses_of_where(one.where, (*at, "where"), types)
            yield Use((*at, "same"), False, types, (one.same,), Need.KEY, narrowed=one.where is not None)
    else:
        yield from _of_derivations(said)


def _of_casts(said: Preparing) -> Iterator[Use]:
    for at, one in each(said.cast, ("cast",)):
        types = tuple(types_of(one.event))
        for where, name in each(one.number, (*at, "number")):
            yield Use(where, False, types, (name,), Need.VALUE)
        for name in one.instant.counted() if one.instant is not None else ():
            yield Use((*at, "instant", name), True, types, (name,), Need.VALUE)


def _of_derivations(said: Preparing) -> Iterator[Use]:
    for at, one in each(said.derive, ("derive",)):
        types, narrowed = types_of_match(one.from_), is_narrowed(one.from_)
        for where, entry in each(one.from_, (*at, "from")):
            if isinstance(entry, MatchObject) and entry.where is not None:
                yield from uses_of_where(entry.where, (*where, "where"), types_of_match(entry))
        yield Use((*at, "each"), False, types, (one.each,), Need.LIST, narrowed=narrowed)
        for where, name in each(one.keep, (*at, "keep")):
            yield Use(where, False, types, (name,), Need.VALUE, narrowed=narrowed)
