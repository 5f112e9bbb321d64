"""A shop's events, published rules that are frozen at an instant, and what `replay` decides of them until then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import yaml

from examples.shop import generate
from tests.examples.running import ROOT, Ran, python
from tests.runners.jobs import Row, by_id

RULES: Final = ROOT / "examples/shop/rules"
FROZEN_AT: Final = "2025-02-10T00:00:00Z"
"""After the last event of 35 days: so the end is one, and nothing is settled beyond, however far the watermark goes."""
CLOSING: Final = (
    b'{"event_id":"closing","account_id":"acme","contact_id":"closing","type":"consent.granted",'
    b'"time":"2025-02-12T00:00:00Z","properties":{"purpose":"marketing"}}\n'
)
"""An event after the freeze, by whose watermark one sees that everything has been taken in and settled."""


Document: TypeAlias = dict[str, Any]


class Case(NamedTuple):
    """What a job is given, and what is expected of it."""

    rules: Path
    events: Path
    replayed: Ran


def kittiwake(*arguments: str | Path) -> None:
    """The command."""
    python("-m", "kittiwake.cli.main", *arguments)


CATALOGUE: Final = {"price-drop", "price-drop-since-viewed", "back-in-stock", "low-stock"}
"""Recipes about items."""


def of_contacts(document: Document) -> None:
    """Leave out the rules about items, for a host that does not join items."""
    document["rules"] = [rule for rule in document["rules"] if rule.get("use") not in CATALOGUE]


def watched(document: Document) -> None:
    """Let carts wait for orders that come all the time, and be few: of forty contacts the nights are a silence."""
    document["policy"]["feeds"] = {"order.completed": {"every": "8h", "mode": "hold"}}
    document["policy"]["breaker"] = {"cart.item_added": {"max": 1, "per": "6h", "mode": "hold"}}


def _changed(folder: Path, change: Callable[[Document], None]) -> Path:
    """The shop's rules, each of its documents changed."""
    found = folder / "rules"
    found.mkdir(parents=True, exist_ok=True)
    for name in ("acme.yaml", "globex.yaml"):
        document = yaml.safe_load((RULES / name).read_text(encoding="utf-8"))
        change(document)
        (found / name).write_text(yaml.safe_dump(document), encoding="utf-8")
    return found


def shop(
    folder: Path,
    seed: int,
    contacts: int = 40,
    days: int = 35,
    frozen_at: str = FROZEN_AT,
    change: Callable[[Document], None] | None = None,
) -> Case:
    """Days of a shop, 35 at most, closed by `CLOSING`; its rules as they are, or changed."""
    folder.mkdir(parents=True, exist_ok=True)
    events = generate.write(folder / "shop", contacts, seed, days)
    events.write_bytes(events.read_bytes() + CLOSING)
    return frozen(RULES if change is None else _changed(folder, change), events, frozen_at, folder)


def frozen(rules: Path, events: Path, at: str, folder: Path) -> Case:
    """The case of rules published to the target of a folder, frozen at an instant."""
    target = folder / "target"
    kittiwake("publish", rules, target, "--effective-from", "always")
    kittiwake("freeze", target, "--at", at)
    return replayed(target, events, folder, at)


def replayed(rules: Path, events: Path, folder: Path, until: str) -> Case:
    """The case of these."""
    output = folder / "replay"
    kittiwake("replay", "--allow-empty", "--rules", rules, "--input", events, "--output", output, "--until", until)
    return Case(rules, events, Ran(output, ""))


def differing(wanted: Iterable[Row], found: Iterable[Row]) -> list[tuple[Row | None, Row | None]]:
    """What stands of each where it is not the same."""
    left, right = by_id(wanted), by_id(found)
    return [(left.get(one), right.get(one)) for one in sorted({*left, *right}) if left.get(one) != right.get(one)]


def twice(rows: Iterable[Row]) -> list[tuple[str, int]]:
    """Ids and revisions that have been told more than once."""
    told: dict[tuple[str, int], int] = defaultdict(int)
    for row in rows:
        told[row["trigger_id"], row["revision"]] += 1
    return [one for one, times in told.items() if times > 1]
