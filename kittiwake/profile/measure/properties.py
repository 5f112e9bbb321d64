"""What stands at a path of the properties of events: how many values of which type, and what is in objects and lists.

Pure. Values of many events are taken at once, a path at a time, so that most of the work is counting in C.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from itertools import chain
from typing import Any, Final

from kittiwake.profile.measure.paths import ELEMENT, Budget, Key, is_reachable
from kittiwake.profile.measure.values import Counted, Numbers, Texts

_NONE: Final = type(None)


class Lists:
    """The lists at a path."""

    __slots__ = ("count", "empty", "longest")

    def __init__(self) -> None:
        self.count = self.empty = self.longest = 0


class Stats:
    """The values at a path."""

    __slots__ = (
        "children",
        "counted",
        "element",
        "false",
        "lists",
        "nulls",
        "numbers",
        "objects",
        "texts",
        "true",
        "unreachable",
    )

    def __init__(self) -> None:
        self.nulls = self.true = self.false = self.objects = self.unreachable = 0
        self.texts: Texts | None = None
        self.numbers: Numbers | None = None
        self.lists: Lists | None = None
        self.counted = Counted()
        """The texts and numbers one by one."""
        self.children: dict[str, Stats] = {}
        """Of objects: what is at their keys."""
        self.element: dict[str, Stats] = {}
        """Of lists: what their elements are, under `ELEMENT`."""

    @property
    def present(self) -> int:
        """How many values there are that are not null."""
        texts, numbers, lists = self.texts, self.numbers, self.lists
        counts = [one.count for one in (texts, numbers, lists) if one is not None]
        return self.true + self.false + self.objects + sum(counts)

    @property
    def distinct(self) -> int:
        """How many different texts, numbers and bools there are."""
        counts = [one.count for one in (self.texts, self.numbers) if one is not None]
        return self.counted.number_of(sum(counts)) + (self.true > 0) + (self.false > 0)

    # ------------------------------------------------------------ taking

    def add(self, values: Sequence[Any], path: Key, budget: Budget) -> None:
        """Take values that stand at `path`."""
        types = Counter(map(type, values))
        for kind in types:
            some = values if len(types) == 1 else [one for one in values if type(one) is kind]
            self._add_of(kind, some, path, budget)

    def _add_of(self, kind: type, values: Sequence[Any], path: Key, budget: Budget) -> None:
        """Take values of one Python type."""
        if kind is str:
            self._add_texts(Counter(values))
        elif kind is int or kind is Decimal:
            self._add_numbers(Counter(values))
        elif kind is dict:
            self.add_objects(values, path, budget)
        elif kind is list:
            self._add_lists(values, path, budget)
        elif kind is bool:
            true = sum(values)
            self.true += true
            self.false += len(values) - true
        else:
            assert kind is _NONE
            self.nulls += len(values)

    def _add_texts(self, found: Counter[str]) -> None:
        if self.texts is None:
            self.texts = Texts()
        self.texts.add(found)
        self.counted.add(found)

    def _add_numbers(self, found: Counter[int | Decimal]) -> None:
        if self.numbers is None:
            self.numbers = Numbers()
        self.numbers.add(found)
        self.counted.add(found)

    def add_objects(self, objects: Sequence[dict[str, Any]], path: Key, budget: Budget) -> None:
        """Take objects: each of their keys is a path of its own."""
        self.objects += len(objects)
        for key, number in Counter(chain.from_iterable(objects)).items():
            child = self.children.get(key)
            if child is None:
                if not is_reachable(key):
                    self.unreachable += number
                    continue
                child = budget.keep(self.children, key, (*path, key), Stats)
            if child is not None:
                values = [one[key] for one in objects if key in one] if number < len(objects) else None
                child.add([one[key] for one in objects] if values is None else values, (*path, key), budget)

    def _add_lists(self, values: Sequence[list[Any]], path: Key, budget: Budget) -> None:
        lists = self.lists = self.lists or Lists()
        lengths = list(map(len, values))
        lists.count += len(values)
        lists.empty += lengths.count(0)
        lists.longest = max(lists.longest, *lengths)
        elements = list(chain.from_iterable(values))
        inner = (*path, ELEMENT)
        element = self.element.get(ELEMENT) or (budget.keep(self.element, ELEMENT, inner, Stats) if elements else None)
        if element is not None and elements:
            element.add(elements, inner, budget)

    # ------------------------------------------------------------ merging

    def merge(self, other: Stats, path: Key, budget: Budget) -> None:
        """Take what stands at the same path in another part."""
        for name in ("nulls", "true", "false", "objects", "unreachable"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.counted.merge(other.counted)
        self._merge_kinds(other)
        for own, more in ((self.children, other.children), (self.element, other.element)):
            for key, stats in more.items():
                inner = (*path, key)
                mine = own.get(key) or budget.keep(own, key, inner, Stats)
                if mine is not None:
                    mine.merge(stats, inner, budget)

    def _merge_kinds(self, other: Stats) -> None:
        if other.texts is not None:
            self.texts = self.texts or Texts()
            self.texts.merge(other.texts)
        if other.numbers is not None:
            self.numbers = self.numbers or Numbers()
            self.numbers.merge(other.numbers)
        if other.lists is not None:
            mine = self.lists = self.lists or Lists()
            mine.count += other.lists.count
            mine.empty += other.lists.empty
            mine.longest = max(mine.longest, other.lists.longest)
