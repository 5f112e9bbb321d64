"""The rules that are measured, written into a folder: one rule, twelve with a policy or without gates, one among many.

The many are copies of the one: `absent-N` adds N whose event types never occur in the data, `present-N` is N in all
that read the same events and differ in their wait, so that each has something to decide.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

ONE: Final = "one"
TWELVE: Final = "twelve"
UNGATED: Final = "ungated"
"""The twelve without gates, which other tools can answer too: no policy, re-entry, groups, priorities and shadow."""
ABSENT: Final = "absent-"
PRESENT: Final = "present-"

ACCOUNTS: Final = 10
ZONES: Final = ("America/Toronto", "Europe/Berlin", "America/Los_Angeles", "Asia/Tokyo", "Australia/Sydney")
SHIPPED: Final = Path(__file__).parent / "rules"
_GATES: Final = re.compile(r"(?m)^policy:\n(?:  .*\n)+|^    (?:reentry|group|priority|mode|transactional): .*\n")

_ABSENT_RULE: Final = """
  - id: absent-{n}
    when: absent.added_{n}
    wait: 1h
    unless: absent.bought_{n}
"""
_PRESENT_RULE: Final = """
  - id: cart-abandonment-{n}
    when: cart.item_added
    wait: {minutes}m
    unless: order.completed
"""


def write_rules(name: str, folder: Path) -> Path:
    """Write the set of that name below `folder`; where it stands."""
    target = folder / name
    target.mkdir(parents=True, exist_ok=True)
    for file, text in _files(name).items():
        (target / file).write_text(text, encoding="utf-8")
    return target


def _files(name: str) -> dict[str, str]:
    if name in {TWELVE, UNGATED}:
        text = (SHIPPED / "twelve.yaml").read_text(encoding="utf-8")
        text = _GATES.sub("", text) if name == UNGATED else text
        return {f"shop-{n}.yaml": _of_account(text, n) for n in range(ACCOUNTS)}
    one = (SHIPPED / "one.yaml").read_text(encoding="utf-8")
    if name == ONE:
        return {"rules.yaml": one}
    kind, _, number = name.rpartition("-")
    if f"{kind}-" == ABSENT:
        return {"rules.yaml": one + "".join(_ABSENT_RULE.format(n=n) for n in range(int(number)))}
    assert f"{kind}-" == PRESENT, name
    more = (_PRESENT_RULE.format(n=n, minutes=60 + n) for n in range(1, int(number)))
    return {"rules.yaml": one + "".join(more)}


def _of_account(text: str, number: int) -> str:
    text = text.replace("account: shop-0", f"account: shop-{number}")
    return text.replace(f"timezone: {ZONES[0]}", f"timezone: {ZONES[number % len(ZONES)]}")
