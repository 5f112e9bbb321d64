"""`python -m benchmarks.arbitrated`: what arbitration changes of what the frequency caps refuse.

Half a year of the shop in `examples/shop` is replayed without arbitration and with several `within`. Exact, not timed:
it says the same on every machine. It prints what fired, what the caps refused, and how much of that lost to a rule of
lower priority that came up to a day earlier.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

import yaml

from examples.shop import generate as shop
from kittiwake.batch.replay import replay
from kittiwake.batch.settings import RunSettings
from kittiwake.kernel.plan.rule import Mode
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load_files
from kittiwake.rules.ruleset import RuleSet
from kittiwake.time.instants import DAY_US, parse_instant

WITHIN: Final = (None, "30m", "2h", "6h", "24h")
LATER_US: Final = parse_instant("2035-01-01T00:00:00Z")
SEED: Final = 1
DAYS: Final = 180
SHOP_RULES: Final = Path(shop.__file__).parent / "rules"

Raw = dict[str, Any]


class Found(NamedTuple):
    """What a run came to."""

    fired: Counter[str]
    """By rule, transactional ones left out."""
    capped: int
    lost_to_lower: int
    """Of those that caps refused: what fired of a rule of lower priority had been due up to a day earlier."""
    outranked: int


def with_arbitration(within: str | None) -> RuleSet:
    """The shop's rules, in which of what falls due within so long the best is sent."""
    document = yaml.safe_load((SHOP_RULES / "acme.yaml").read_text(encoding="utf-8"))
    document["policy"] |= {} if within is None else {"arbitration": {"within": within}}
    return load_files({"acme.json": json.dumps(document, default=str).encode()})


def run(events: Path, within: str | None, folder: Path) -> tuple[Found, dict[str, int]]:
    """Replay the events, and read what became of whom; the priorities of the rules."""
    programs = Programs(with_arbitration(within))
    replay(programs, [str(events)], folder, RunSettings(LATER_US))
    priority = {
        one.rule_id: one.priority
        for one in programs.of("acme").newest.rules
        if one.mode is Mode.LIVE and not one.transactional
    }
    return read(rows_of(folder / "decisions"), priority), priority


def rows_of(folder: Path) -> Iterator[Raw]:
    """Every decision of a run."""
    for path in sorted(folder.iterdir()):
        yield from map(json.loads, path.read_text(encoding="utf-8").splitlines())


def read(rows: Iterator[Raw], priority: Mapping[str, int]) -> Found:
    """Count the rows of the rules whose priority is given: those that caps and arbitration concern."""
    decided = [row for row in rows if row["rule_id"] in priority]
    sent: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for row in decided:
        if row["decision"] == "fired":
            due_us = parse_instant(row["time"])
            sent[row["account_id"], row["contact_id"]].append((due_us, priority[row["rule_id"]]))
    capped = [row for row in decided if row["reason"] == "frequency_cap"]
    lost = 0
    for row in capped:
        due_us, own = parse_instant(row["time"]), priority[row["rule_id"]]
        before = sent[row["account_id"], row["contact_id"]]
        lost += any(due_us - DAY_US <= other_us <= due_us and other < own for other_us, other in before)
    fired = Counter(row["rule_id"] for row in decided if row["decision"] == "fired")
    return Found(fired, len(capped), lost, sum(row["reason"] == "outranked" for row in decided))


def tables(found: Mapping[str, Found], priority: Mapping[str, int]) -> Iterator[str]:
    """What the runs came to, by their arbitration."""
    yield "| arbitration | fired | refused by caps | of these after a lower priority | outranked |"
    yield "|---|--:|--:|--:|--:|"
    for name, one in found.items():
        lost = f"{one.lost_to_lower:,} ({one.lost_to_lower / max(one.capped, 1):.0%})"
        yield f"| {name} | {one.fired.total():,} | {one.capped:,} | {lost} | {one.outranked:,} |"
    yield f"\n| fired, by rule | priority | {' | '.join(found)} |\n|---|--:|{'--:|' * len(found)}"
    for rule_id, number in sorted(priority.items(), key=lambda one: (-one[1], one[0])):
        yield f"| `{rule_id}` | {number} | {' | '.join(f'{one.fired[rule_id]:,}' for one in found.values())} |"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.arbitrated")
    parser.add_argument("--contacts", type=int, default=1_000)
    asked = parser.parse_args()
    found, priority = {}, dict[str, int]()
    with TemporaryDirectory() as name:
        events = shop.write(Path(name), asked.contacts, SEED, DAYS)
        for within in WITHIN:
            found[within or "none"], priority = run(events, within, Path(name) / str(within))
    print(*tables(found, priority), sep="\n")


if __name__ == "__main__":
    main()
