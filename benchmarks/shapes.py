"""`python -m benchmarks.shapes`: what reading by a shape file costs, beside the same events in canonical form.

Each run is a replay of the one rule of the page, from files of the same events: canonical, with other names and the
properties as they are, and with properties named one by one. CPU time of a process of its own, in turns; the least of
several runs counts, less that of a run over ten events, so that starting costs nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks.generate import write

RULES: Final = """account: "*"
rules:
  - {id: cart-abandonment, when: cart.item_added, wait: 1h, unless: order.completed}
"""
HEADS: Final = "account: shop\ncontact: user.id\ntype: name\ntime: ts\nevent_id: id\n"
FEW: Final = 10
"""Events of a run that shows what starting costs."""

Raw = dict[str, Any]


class Way(NamedTuple):
    """A way to write an event, and the shape by which it is read."""

    name: str
    written: Callable[[Raw], Raw]
    shape: str | None


def _renamed(event: Raw) -> Raw:
    head = {"id": event["event_id"], "shop": event["account_id"], "user": {"id": event["contact_id"]}}
    return {**head, "name": event["type"], "ts": event["time"]}


WAYS: Final = (
    Way("canonical", lambda event: event, None),
    Way("renamed", lambda event: {**_renamed(event), "data": event.get("properties")}, HEADS + "properties: data\n"),
    Way(
        "named",
        lambda event: {**_renamed(event), **(event.get("properties") or {})},
        HEADS + "properties: {product_id: product_id, price: price, total: total, query: query, quantity: quantity}\n",
    ),
)


def cpu_s(command: list[str]) -> float:
    """CPU seconds of a process."""
    before = os.times()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def commands(folder: Path, events: int) -> Iterator[list[str]]:
    """A replay of so many events for each way."""
    source = folder / f"{events}.jsonl"
    write(events, 0, source)
    drawn = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]
    for way in WAYS:
        file, shape = folder / f"{events}-{way.name}.jsonl", folder / f"{way.name}.yaml"
        lines = (json.dumps(way.written(event), separators=(",", ":")) + "\n" for event in drawn)
        file.write_text("".join(lines), encoding="utf-8")
        shape.write_text(way.shape or "", encoding="utf-8")
        own = ["--input-shape", str(shape)] if way.shape else []
        command = Path(sys.executable).with_name("kittiwake")
        yield [
            *(str(command), "replay", "--rules", str(folder / "rules.yaml"), "--output", str(folder / "out")),
            *("--input", str(file), *own),
        ]


def measured(folder: Path, events: int, runs: int) -> list[float]:
    """CPU seconds of each way, the least of several runs."""
    asked = list(commands(folder, events))
    found = [[cpu_s(command) for command in asked] for _ in range(runs)]
    return [min(column) for column in zip(*found, strict=True)]


def main() -> None:
    """Print a row for each way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "rules.yaml").write_text(RULES, encoding="utf-8")
        begun, whole = measured(folder, FEW, asked.runs), measured(folder, asked.events, asked.runs)
    net = [(all_of - start) / (asked.events - FEW) * 1e6 for all_of, start in zip(whole, begun, strict=True)]
    print("| read as | CPU µs an event | ratio |\n|---|--:|--:|")
    for way, one in zip(WAYS, net, strict=True):
        print(f"| {way.name} | {one:.2f} | {one / net[0]:.2f} |")


if __name__ == "__main__":
    main()
