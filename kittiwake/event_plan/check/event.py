"""The check of one event that a person has written, in a scenario: whether such events come at all.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kittiwake.event_plan.check.names import check_properties, check_types
from kittiwake.event_plan.check.values import is_always
from kittiwake.event_plan.check.wording import subject, type_of, types_words, whose
from kittiwake.event_plan.known import Known, types_seen
from kittiwake.event_plan.uses import Need, TypeUse, Use
from kittiwake.event_types import UPDATED
from kittiwake.rules.diagnostics import Diagnostic
from kittiwake.rules.errors import LintCode


def check_event(event_type: str, properties: Mapping[str, Any], known: Known) -> Iterator[Diagnostic[LintCode]]:
    """A type that never comes, properties that such events never have, and values of another type than they have."""
    yield from check_types([TypeUse((), event_type)], known)
    types = () if event_type == UPDATED and known.attributes is not None else (event_type,)
    uses = [Use((), False, types, (name,), Need.VALUE) for name in properties]
    yield from check_properties(uses, known)
    for use, value in zip(uses, properties.values(), strict=True):
        answer = known.answer(use)
        if value is None or answer.unknown or not answer.found:
            continue
        seen = frozenset[str]().union(*(types_seen(one.property) for one in answer.found))
        if seen and type_of(value) not in seen:
            message = f"{subject(use)} {whose(known, answer, use)} {is_always(answer.found, seen)}"
            advice = f"Write it so, not as {types_words([type_of(value)])}"
            yield Diagnostic((), LintCode.TYPE_OF_VALUE, message, advice)
