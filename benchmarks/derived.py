"""What `derive` costs: orders with lines, of which events are derived, beside the same events sent one by one.

Run with `python -m benchmarks.derived`. CPU time of replays of two files, in pairs that take turns, so that
what else the machine does falls on both; the median of the ratios is what counts.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time
from typing import Final

from kittiwake.batch.replay import replay
from kittiwake.batch.settings import RunSettings
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.documents import load_document
from kittiwake.rules.ruleset import RuleSet
from kittiwake.time.instants import DAY_US, HOUR_US, format_instant
from kittiwake.values import canonical

CONTACTS: Final = 2_000
ORDERS: Final = 20
LINES: Final = 3
PAIRS: Final = 15
START_US: Final = 1_767_225_600_000_000

RULES: Final = [
    {"id": "replenish", "when": "bought", "wait": "30d", "per": "sku"},
    {"id": "spender", "when": "paid", "reaches": {"sum": "total", "at": [250, 500, 1000]}},
    {"id": "varied", "audience": {"distinct": "category", "of": "bought", "within": "90d", "gte": 3}},
]
DERIVE: Final = [{"event": "bought", "from": "paid", "each": "lines", "keep": ["order"]}]
History = list[tuple[int, str, str, bytes]]


def rules(**beside: object) -> RuleSet:
    """The rules, with keys beside them."""
    return load_document({"account": "acme", "rules": RULES, **beside})


def histories() -> tuple[list[History], list[History]]:
    """Orders with their lines; and orders without, each followed by an event of every line. As a host has them."""
    dice = random.Random(16)
    whole, apart = [], []
    for _ in range(CONTACTS):
        orders: History = []
        events: History = []
        for number in range(ORDERS):
            at_us = START_US + number * 15 * DAY_US + dice.randrange(24) * HOUR_US
            name = f"o-{number:02}"
            lines = [
                {"sku": f"s-{dice.randrange(40)}", "category": f"c-{dice.randrange(8)}", "price": dice.randrange(5, 90)}
                for _ in range(LINES)
            ]
            order = {"order": name, "total": sum(int(line["price"]) for line in lines)}
            orders.append((at_us, name, "paid", canonical({**order, "lines": lines}).encode()))
            events.append((at_us, name, "paid", canonical(order).encode()))
            events += [
                (at_us, f"{name}/paid/bought/{i}", "bought", canonical({"order": name, **line}).encode())
                for i, line in enumerate(lines)
            ]
        whole.append(orders)
        apart.append(events)
    return whole, apart


def decided(rules: RuleSet, events: Path, output: Path) -> int:
    """How many decisions a replay of a file leaves."""
    settings = RunSettings(START_US + 500 * DAY_US, START_US + 400 * DAY_US)
    summary = replay(Programs(rules), [str(events)], output, settings)
    return sum(summary.counts.verdicts.values())


def write(path: Path, contacts: Sequence[History]) -> Path:
    """A file of the histories, as producers write them."""
    with path.open("wb") as file:
        for number, rows in enumerate(contacts):
            for time_us, event_id, name, properties in rows:
                about = {"event_id": event_id, "account_id": "acme", "contact_id": f"c-{number}", "type": name}
                head = canonical({**about, "time": format_instant(time_us)}).encode()
                file.write(head[:-1] + b',"properties":' + properties + b"}\n")
    return path


def seconds(work: Callable[[], int]) -> tuple[float, int]:
    """CPU time of this process, and what came of it."""
    began = process_time()
    found = work()
    return process_time() - began, found


def main() -> None:
    """Print the CPU time of both, and the ratio."""
    whole, apart = histories()
    pairs = []
    with TemporaryDirectory() as name:
        folder = Path(name)
        files = write(folder / "whole.jsonl", whole), write(folder / "apart.jsonl", apart)
        for number in range(PAIRS):
            derived_s, of_derived = seconds(lambda: decided(rules(derive=DERIVE), files[0], folder / f"d{number}"))  # noqa: B023
            apart_s, of_apart = seconds(lambda: decided(rules(), files[1], folder / f"a{number}"))  # noqa: B023
            assert of_derived == of_apart, "both decide the same"
            pairs.append((derived_s, apart_s))
    events = CONTACTS * ORDERS * (1 + LINES)
    ratio = median(derived_s / apart_s for derived_s, apart_s in pairs)
    least = [1e6 * min(times) / events for times in zip(*pairs, strict=True)]
    print(f"{events:,} events: derived {least[0]:.2f} µs each, sent separately {least[1]:.2f} µs, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
