"""Witnesses as a scenario file, which `kittiwake test` plays and keeps.

Pure. Called by `kittiwake witness`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from kittiwake.model import Decision
from kittiwake.reasons import Kind, Outcome
from kittiwake.time.durations import format_duration
from kittiwake.time.instants import format_instant
from kittiwake.values import canonical
from kittiwake.witness.model import CONTACT, Happening, Witness

_PLAIN: Final = re.compile(r"(?!(?:true|false|null)$)[a-z_][\w-]*(?:\.[\w-]+)*", re.ASCII | re.IGNORECASE)
"""Names that YAML reads as texts without quotes."""


def scenario_text(rule_id: str, account_id: str, rules: str, witnesses: Sequence[Witness]) -> str:
    """The text of a scenario file; `rules` is the path of the rules from it."""
    lines = [
        f"# How {rule_id} fires, and how each gate refuses it: found by kittiwake witness.",
        f"rules: {canonical(rules)}",
        f"account: {canonical(account_id)}",
        f"about: {canonical(rule_id)}",
        "tests:",
    ]
    for one in witnesses:
        lines += _case(rule_id, one)
    return "\n".join(lines) + "\n"


def case_name(rule_id: str, one: Witness) -> str:
    """What a witness shows."""
    return f"{rule_id} fires" if one.gate is None else f"{rule_id} is refused by {one.gate}"


def _case(rule_id: str, one: Witness) -> Iterator[str]:
    history, end_us = one.history, one.until_us - 1
    first_us = min((event.at_us for event in history.events), default=0) + history.zero_us
    clock_us = min(first_us, end_us)
    yield f"  - name: {canonical(case_name(rule_id, one))}"
    yield f"    start: {canonical(format_instant(clock_us))}"
    if history.contact_id != CONTACT:
        yield f"    contact_id: {history.contact_id}"
    yield "    steps:"
    for event in history.events:
        at_us = history.zero_us + event.at_us
        if at_us <= end_us:
            yield f"      - {{{', '.join((*_passed(at_us - clock_us), *_event(event)))}}}"
            clock_us = at_us
    expected = ", ".join(f"{{{_expected(decision)}}}" for decision in one.decisions)
    yield f"      - {{{', '.join((*_passed(end_us - clock_us), f'expect: [{expected}]'))}}}"


def _passed(us: int) -> Iterator[str]:
    if us:
        yield f"after: {format_duration(us)}"


def _event(event: Happening) -> Iterator[str]:
    yield f"event: {_name(event.type)}"
    if event.item_id is not None:
        yield f"item: {event.item_id}"
    if event.properties:
        yield f"with: {canonical(dict(event.properties))}"


def _expected(decision: Decision) -> str:
    verb = str(decision.decision)
    if decision.decision is Outcome.FIRED and decision.kind is not Kind.FIRED:
        verb = str(decision.kind)
    reason = "" if decision.reason is None else f", reason: {decision.reason}"
    return f"{verb}: {_name(decision.rule_id)}{reason}"


def _name(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else canonical(text)


def case_data(rule_id: str, one: Witness) -> dict[str, Any]:
    """For programs."""
    return {
        "name": case_name(rule_id, one),
        "gate": None if one.gate is None else str(one.gate),
        "contact_id": one.history.contact_id,
        "events": [
            {
                "time": format_instant(one.history.zero_us + event.at_us),
                "type": event.type,
                **({} if event.item_id is None else {"item_id": event.item_id}),
                "properties": dict(event.properties),
            }
            for event in one.history.events
        ],
        "until": format_instant(one.until_us),
    }
