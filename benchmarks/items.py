"""`python -m benchmarks.items`: an item that very many watch, a contact that watches very many, a whole catalogue.

Replay and the job join by sorting. Beside them a naive join: a Beam pipeline that hands the whole interest to every
worker as a side input. Each run is a process of its own; CPU and the largest resident size of one process count.

    python -m benchmarks.items                  # a tenth of the sizes
    python -m benchmarks.items --scale 1        # 1,000,000 contacts and 20 changes; 5,000 items and 20 changes of each;
                                                # 1,000,000 items, 2 changes of each, and 10,000,000 views
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

from benchmarks.measuring import run
from kittiwake.batch.summary import from_text
from kittiwake.kernel.plan.limits import DEFAULT_LIMITS
from kittiwake.time.instants import HOUR_US, MINUTE_US, format_instant, parse_instant
from kittiwake.values import canonical_bytes

START_US: Final = parse_instant("2026-03-02T08:00:00Z")
CONTACTS: Final = 1_000_000
ITEMS: Final = 5_000
CHANGES: Final = 20
VIEWS: Final = 10
"""Of each contact of a whole catalogue, where each item has as many."""

SECONDS_MAX: Final = 6 * 3_600.0
"""Whole sizes take minutes of CPU, and hours by the clock where others have the machine."""

RULES: Final = """
account: acme
rules:
  - id: price-drop
    when: {item: {price: {drops_by: 10%}}}
    interest: {events: product.viewed, item: product_id, within: 30d}
    include: {price: item.price}
"""
REPLAY: Final = ("-c", "from kittiwake.cli.entry import main; main()", "replay")
JOB: Final = ("-m", "kittiwake.pipelines.backfill")
NAIVE: Final = ("-m", "benchmarks.items", "--naive")


class Shape(NamedTuple):
    """What a file of events holds."""

    name: str
    contacts: int
    items: int
    views: int
    """So many items each contact views."""
    changes: int = CHANGES
    """Of each item."""

    @property
    def matches(self) -> int:
        """How many changes contacts have to be given."""
        return self.contacts * self.views * self.changes


def lines(shape: Shape) -> Iterator[bytes]:
    """A first price of each item, a view of each by every contact, then the changes of its price."""
    for item in range(shape.items):
        yield _price(f"i{item}", START_US, f"p{item}", 1_000)
    for contact in range(shape.contacts):
        for view in range(shape.views):
            item = (contact * shape.views + view) % shape.items
            at_us = START_US + HOUR_US + (contact + item) % 3_600 * 1_000_000
            yield _line(f"v{contact}-{item}", at_us, "product.viewed", {"product_id": f"p{item}"}, contact=contact)
    for change in range(shape.changes):
        for item in range(shape.items):
            price = (1_000 if change < shape.changes // 2 else 500) + change  # once it falls far enough
            yield _price(f"c{change}-{item}", START_US + 3 * HOUR_US + change * MINUTE_US, f"p{item}", price)


def _price(event_id: str, at_us: int, item_id: str, price: int) -> bytes:
    return _line(event_id, at_us, "price.changed", {"price": price}, item_id=item_id)


def _line(event_id: str, at_us: int, event_type: str, properties: dict[str, Any], **subject: Any) -> bytes:
    who = {"contact_id": f"c{subject['contact']:07}"} if "contact" in subject else subject
    fields = {"event_id": event_id, "account_id": "acme", **who, "type": event_type, "time": format_instant(at_us)}
    return canonical_bytes({**fields, "properties": properties}) + b"\n"


def main() -> int:
    """Run the cases and print a table."""
    if NAIVE[-1] in sys.argv:
        return naive([text for text in sys.argv[1:] if text != NAIVE[-1]])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=0.1, help="part of the sizes; 1: whole (default 0.1)")
    parser.add_argument("--hosts", default="replay,job,naive", help="which (default all)")
    parser.add_argument("--cases", default="hot item,busy contact,catalogue", help="which (default all)")
    known = parser.parse_args()
    scale: float = known.scale
    shapes = (
        Shape("hot item", int(CONTACTS * scale), 1, 1),
        Shape("busy contact", 1, int(ITEMS * scale), int(ITEMS * scale)),
        Shape("catalogue", int(CONTACTS * scale), int(CONTACTS * scale), VIEWS, 2),
    )
    print("| case | host | item changes given | triggers | CPU s | µs a change | peak MB |")
    print("| --- | --- | --: | --: | --: | --: | --: |")
    with TemporaryDirectory() as folder:
        (Path(folder) / "rules.yaml").write_text(RULES)
        for shape in (one for one in shapes if one.name in known.cases.split(",")):
            events = Path(folder) / "events.jsonl"
            with events.open("wb") as file:
                file.writelines(lines(shape))
            for host in known.hosts.split(","):
                print(_row(Path(folder), shape, host), flush=True)
    return 0


def _row(folder: Path, shape: Shape, host: str) -> str:
    command = {"replay": REPLAY, "job": JOB, "naive": NAIVE}[host]
    output = folder / host
    argv = ["--rules", str(folder / "rules.yaml"), "--input", str(folder / "events.jsonl"), "--output", str(output)]
    cost = run([sys.executable, *command, *argv], Path.cwd(), folder / "log", seconds_max=SECONDS_MAX)
    if cost.exit_code:
        return f"| {shape.name} | {host} | – | – | – | – | failed: {(folder / 'log').read_text()[-200:]!r} |"
    summary = from_text((output / "summary.json").read_bytes()) if host != "naive" else None
    given = shape.matches if summary is None else summary.counts.item_changes
    fired = int((output / "fired").read_text()) if summary is None else summary.triggers
    assert fired == shape.contacts * min(shape.views, DEFAULT_LIMITS.keys), f"{host} fired {fired} times"
    each = cost.cpu_s / given * 1e6
    return f"| {shape.name} | {host} | {given:,} | {fired:,} | {cost.cpu_s:.1f} | {each:.1f} | {cost.peak_mb:,.0f} |"


# ---------------------------------------------------------------- the naive join


def naive(argv: list[str]) -> int:
    """The same decisions by a pipeline in which all of the interest is a side input; how many fired, in a file."""
    import apache_beam as beam  # noqa: PLC0415 - only this process needs it

    from kittiwake.input.events import parse_event  # noqa: PLC0415
    from kittiwake.rules.compile.accounts import Programs  # noqa: PLC0415
    from kittiwake.rules.loader import load  # noqa: PLC0415

    parser = argparse.ArgumentParser()
    for name in ("--rules", "--input", "--output"):
        parser.add_argument(name, type=Path)
    known = parser.parse_args(argv)
    plan = Programs(load(known.rules)).plan("acme")
    known.output.mkdir(exist_ok=True)
    until_us = START_US + 24 * HOUR_US
    with beam.Pipeline() as pipeline:
        events = (
            pipeline
            | beam.io.ReadFromText(str(known.input))
            | beam.Map(lambda line: parse_event(line.encode(), "", until_us))
        )
        views = events | "Views" >> beam.Filter(lambda event: event.contact_id is not None)
        interest = (
            views
            | beam.Map(lambda event: (event.properties["product_id"], event.contact_id))
            | "ByItem" >> beam.GroupByKey()
        )
        changes = (
            events
            | "OfItems" >> beam.Filter(lambda event: event.item_id is not None)
            | "Keyed" >> beam.Map(lambda event: (event.item_id, event))
            | "History" >> beam.GroupByKey()
            | beam.FlatMap(_given(plan), beam.pvalue.AsDict(interest))
        )
        own = views | "ByContact" >> beam.Map(lambda event: (event.contact_id, event))
        fired = (own, changes) | beam.Flatten() | "Meet" >> beam.GroupByKey() | beam.Map(_fired(plan, until_us))
        count = fired | beam.CombineGlobally(sum)
        _ = count | beam.Map(lambda number: (known.output / "fired").write_text(str(number)))
    return 0


def _given(plan: Any) -> Callable[..., Iterator[tuple[str, Any]]]:
    from kittiwake.kernel.items.changes import event_of  # noqa: PLC0415
    from kittiwake.kernel.items.join import changes_by_item  # noqa: PLC0415

    def given(element: tuple[str, Any], interest: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        item_id, history = element
        for change in changes_by_item(plan.versions, plan.catalog, history)[item_id]:
            for contact_id in interest.get(item_id, ()):
                yield contact_id, event_of(change, "acme", contact_id)

    return given


def _fired(plan: Any, until_us: int) -> Callable[[tuple[str, Any]], int]:
    from kittiwake.kernel import decide_history  # noqa: PLC0415

    def fired(element: tuple[str, Any]) -> int:
        contact_id, events = element
        decided = decide_history(plan.versions, contact_id, list(events), until_us)
        return sum(one.decision == "fired" for one in decided.decisions)

    return fired


if __name__ == "__main__":
    sys.exit(main())
