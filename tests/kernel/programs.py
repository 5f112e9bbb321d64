"""Programs of rules as YAML, instants and values, as tests of the kernel write them."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from textwrap import dedent, indent
from typing import Any

from kittiwake.kernel.plan.limits import DEFAULT_LIMITS
from kittiwake.kernel.plan.program import Program
from kittiwake.rules.compile.account import compile_account
from kittiwake.rules.loader import load_files
from kittiwake.time.durations import parse_duration
from kittiwake.time.instants import HOUR_US, parse_instant
from kittiwake.values import number

ACCOUNT = "acme"
START = "2026-11-02T00:00:00Z"
"""A Monday at midnight in UTC."""


def us(text: str) -> int:
    """Microseconds of a duration."""
    found = parse_duration(text)
    assert found is not None, text
    return found


def at(text: str) -> int:
    """Microseconds of an instant."""
    return parse_instant(text)


def program(
    rules: str, policy: str = "", zone: str = "UTC", limits: dict[str, int] | None = None, lateness_us: int = HOUR_US
) -> Program:
    """The program of rules as YAML: one rule (`r` where it has no id), or a list of them."""
    return _compiled(rules, policy, zone, tuple((limits or {}).items()), lateness_us)


@cache
def _compiled(rules: str, policy: str, zone: str, limits: tuple[tuple[str, int], ...], lateness_us: int) -> Program:
    text = (
        f"account: {ACCOUNT}\ntimezone: {zone}\npolicy:\n{indent(policy or '{}', '  ')}\nrules:\n{listed_rules(rules)}"
    )
    ruleset = load_files({"rules.yaml": text.encode()})
    chosen = DEFAULT_LIMITS._replace(**dict(limits))
    return compile_account(ruleset, ACCOUNT, allowed_lateness_us=lateness_us, limits=chosen)


def listed_rules(rules: str) -> str:
    """Rules as entries of `rules:`."""
    text = dedent(rules).strip()
    if text.startswith("{"):
        return "  - {id: r, " + text[1:]
    return indent(text if text.startswith("-") else "- id: r\n" + indent(text, "  "), "  ")


def exact(value: Any) -> Any:
    """A value as the parser of events gives it: floats written in a test become the decimals they look like."""
    if isinstance(value, float):
        return number(repr(value))
    if isinstance(value, Decimal):
        return number(str(value))
    if isinstance(value, dict):
        return {name: exact(part) for name, part in value.items()}
    return [exact(part) for part in value] if isinstance(value, list) else value
