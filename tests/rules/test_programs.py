"""Goldens of the compiler: rules beside the program they become, defaults left out."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from msgspec import NODEFAULT, Struct
from msgspec.structs import fields

from kittiwake.rules import compile_account, load
from kittiwake.time.durations import format_duration
from kittiwake.time.instants import format_instant
from tests.rules.goldens import HERE, assert_golden

RULES = sorted((HERE / "golden").glob("*.yaml"))


def shown(value: Any, name: str = "") -> str:
    """One line of a program's value, as short as it can be read."""
    if isinstance(value, Struct):
        parts = [f"{f.name}={shown(getattr(value, f.name), f.name)}" for f in fields(value) if told(value, f)]
        return f"{type(value).__name__}({', '.join(parts)})"
    if isinstance(value, Enum):
        return str(value)
    if isinstance(value, frozenset):
        return "{" + ", ".join(sorted(value)) + "}"
    if name == "delays_us":
        return f"({', '.join(map(format_duration, value))})"
    if isinstance(value, tuple):
        is_path = value and name in ("path", "") and all(isinstance(part, str) for part in value)
        return ".".join(value) if is_path else f"({', '.join(map(shown, value))})"
    if name == "ready_us":
        return format_instant(value)
    if name.endswith("_us") and isinstance(value, int):
        return format_duration(value)
    return repr(value)


def told(value: Any, field: Any) -> bool:
    default = field.default if field.default_factory is NODEFAULT else field.default_factory()
    return default is NODEFAULT or getattr(value, field.name) != default


def text_of(path: Path) -> str:
    program = compile_account(load(path), "acme")
    # The kernel's own indices over the rules are tested where they are made.
    lines = [f"{name}: {shown(getattr(program, name))}" for name in ("ruleset_version", "timezone", "policy")]
    for rule in program.rules:
        lines += ["", f"rule {rule.rule_id} {rule.version}"]
        told_fields = [f for f in fields(rule) if f.name not in ("rule_id", "version") and told(rule, f)]
        for field in told_fields:
            value = getattr(rule, field.name)
            several = isinstance(value, tuple) and field.name in ("conditions", "when", "unless", "include")
            if several:
                lines += [f"  {field.name}:", *(f"    {shown(part)}" for part in value)]
            else:
                lines.append(f"  {field.name}: {shown(value, field.name)}")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_rules_become_exactly_this_program(path: Path) -> None:
    assert_golden(path.with_suffix(".program.txt"), text_of(path))
