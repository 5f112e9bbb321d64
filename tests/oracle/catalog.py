"""Changes of items: what an item's events say of it, in their order (semantics.md, section 17)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tests.oracle.ages import Ages
from tests.oracle.changes import moved_so
from tests.oracle.history import Event, Order, counted_copies
from tests.oracle.language import Catalog
from tests.oracle.needs import paths_read
from tests.oracle.preparing import cast
from tests.oracle.values import is_number, number_text, value_at, where_holds


@dataclass(frozen=True, eq=False)
class Change:
    """An item's event, and those of that item before it in the order, the oldest first."""

    time: int
    id: str
    type: str
    item: str
    properties: dict[str, Any]
    earlier: tuple["Change", ...]

    @property
    def order(self) -> Order:
        """Its place among the contact's events."""
        return (self.time, self.id, f"*{self.type}*{self.item}")

    def properties_at(self, path: str) -> Any:
        """What it says itself of a value."""
        return value_at(path, self.properties)

    def value(self, path: str) -> Any:
        """The item's value after it."""
        own = value_at(path, self.properties)
        return self.before(path) if own is None else own

    def before(self, path: str, order: Order | None = None) -> Any:
        """The item's value before it, or before some place in the order."""
        known = [each for each in self.earlier if order is None or each.order < order]
        values = [value for each in known if (value := value_at(path, each.properties)) is not None]
        return values[-1] if values else None


def changes_of_items(
    events: Iterable[dict[str, Any]], until_us: int, horizon_us: int, ages: Ages, limits: dict[str, int]
) -> list[Change]:
    """The events of items that count, before `until_us`, in the order of the contact's events."""
    by_item: dict[str, list[dict[str, Any]]] = {}
    for raw in events:
        by_item.setdefault(raw["item_id"], []).append(raw)
    found: list[Change] = []
    for item, mine in by_item.items():
        earlier: list[Change] = []
        for at, name, kind, properties in counted_copies(mine, horizon_us, limits["ids"]):
            if at < until_us:
                seen = cast(ages.preparation(at).casts, kind, properties)
                earlier.append(Change(at, name, kind, item, seen, tuple(earlier)))
        found += earlier
    return sorted(found, key=lambda each: each.order)


def item_named(catalog: Catalog, event: Event) -> str | None:
    """The item in which an event shows interest."""
    return item_text(value_at(catalog.item, event.properties))


def item_text(value: Any) -> str | None:
    """The id of the item that a value names: text, or a number as it is shortest written."""
    if isinstance(value, str):
        return value if 0 < len(value) <= 1_024 else None
    return number_text(value) if is_number(value) else None


def is_so(catalog: Catalog, reference: Any, value: Any) -> bool:
    """Whether a value differs from a reference as asked."""
    return reference is not None and value is not None and moved_so(catalog.spec, reference, value)


def fits(catalog: Catalog, change: Change, attributes: dict[str, Any]) -> bool:
    """Whether the item is as `where` asks after a change."""
    if catalog.where is None:
        return True
    paths = {path: change.value(path) for path in paths_read(catalog.where)}
    return where_holds(catalog.where, nested(paths), attributes)


def nested(values: dict[str, Any]) -> dict[str, Any]:
    """Values by their paths as an object; without those that are not known."""
    found: dict[str, Any] = {}
    for path, value in values.items():
        *outer, name = path.split(".")
        holder = found
        for each in outer:
            holder = holder.setdefault(each, {})
        if value is not None:
            holder[name] = value
    return found


def shown(names: Iterable[str], interest: Event) -> dict[str, Any]:
    """What `include` sees of an interest."""
    return {name: interest.properties[name] for name in names if name in interest.properties}
