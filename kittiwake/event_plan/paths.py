"""Where event plans stand beside rules. Looks into folders, and reads no file.

Called by the commands that check rules, most of which stand alone: those load nothing else of event plans.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from kittiwake.rules.loader import is_plan_file, within


def plan_paths(rules: Iterable[Path]) -> list[Path]:
    """The event plans beside rules: those in a folder of rules and below, and those in the folder of a rules file."""
    found = [plan for path in rules for plan in _beside(path)]
    return list(dict.fromkeys(found))


def _beside(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from sorted(within(path, is_plan_file, []))  # what cannot be looked into is reported with the rules
    else:
        yield from sorted(one for one in path.parent.glob("*") if is_plan_file(one.name))
