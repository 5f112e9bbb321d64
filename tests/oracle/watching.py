"""What a change of an item does to the catalogue rules of a contact (semantics.md, section 17)."""

from typing import Any

from tests.oracle.catalog import Change, fits, is_so, item_named, nested, shown
from tests.oracle.changing import Changing
from tests.oracle.history import Event, Order
from tests.oracle.language import Catalog, Rule
from tests.oracle.needs import paths_read
from tests.oracle.state import Episode
from tests.oracle.values import key_of


class Watching(Changing):
    """One contact's interest in items that change."""

    def take_change(self, change: Change) -> None:
        """Let an item's change do what it does; nothing to a contact of whom nothing is known."""
        if not self.history.alive(self.position):
            return
        for rule in self.rules:
            catalog = rule.catalog
            if catalog is None:
                continue
            if any(change.properties_at(path) is not None for path in (catalog.path, *paths_read(catalog.where or {}))):
                self._revert(rule, catalog, change)
            if change.properties_at(catalog.path) is not None:
                self._watch(rule, catalog, change)

    def _revert(self, rule: Rule, catalog: Catalog, change: Change) -> None:
        """End what is pending or deferred of the item, if it is not as it was asked any more."""
        place, value = (rule.id, _key(change)), change.value(catalog.path)
        held, episode = self.life.held.get(place), self.life.episodes.get(place)
        fitting = fits(catalog, change, self.attributes)
        if held is not None and not (fitting and is_so(catalog, held.episode.reference, value)):
            self.write(self.life.held.pop(place), "cancelled", "reverted")
        if episode is not None and not (fitting and is_so(catalog, episode.reference, value)):
            self.life.episodes.pop(place, None)

    def _watch(self, rule: Rule, catalog: Catalog, change: Change) -> None:
        interest = self._newest_interest(catalog, change)
        if interest is None or change.time >= interest.time + catalog.within:
            return
        before, value = change.before(catalog.path), change.value(catalog.path)
        reference = change.before(catalog.path, self._order(interest)) if catalog.since else before
        is_new = is_so(catalog, reference, value) and not (catalog.since and is_so(catalog, reference, before))
        if is_new and fits(catalog, change, self.attributes):
            self.reference = reference
            self._matched(rule, self._arming(rule, change, interest), _key(change))

    def _newest_interest(self, catalog: Catalog, change: Change) -> Event | None:
        since = self.ages.of_interest(catalog).since
        for event in reversed(self.history.alive(self.position)):
            is_interest = since <= event.time and self.history.matches(catalog.interest, event)
            if is_interest and item_named(catalog, event) == change.item:
                return event
        return None

    def _order(self, event: Event) -> Order:
        """Its place; what is derived stands right behind its parent."""
        parent = self.history.events[event.family]
        return (parent.time, parent.id, parent.type)

    def _arming(self, rule: Rule, change: Change, interest: Event) -> Event:
        """The change as an event that arms, between the events taken and those to come."""
        paths = [path for path in rule.include.values() if isinstance(path, str)]
        names = {path.split(".")[0] for path in paths if not path.startswith(("contact.", "item."))} - {"item_id"}
        properties = {**shown(names, interest), "item_id": change.item, "item": _item(change, paths)}
        life, person = self.history.life(self.position), self.history.person(self.position)
        place = self.position - 0.5
        return Event(
            place, change.id, change.time, change.order[2], properties, self.attributes, life, person, {}, family=-2
        )

    def _episode(self, rule: Rule, event: Event, key: str) -> Episode:
        found = super()._episode(rule, event, key)
        found.reference = self.reference if rule.catalog is not None else None
        return found

    reference: Any = None


def _key(change: Change) -> str:
    key = key_of(("item_id",), {"item_id": change.item})
    assert key is not None
    return key


def _item(change: Change, paths: list[str]) -> dict[str, Any]:
    """The item's values that the paths lead to."""
    names = [path.removeprefix("item.") for path in paths if path.startswith("item.")]
    return nested({name: change.value(name) for name in names})
