"""What becomes of an event before the rules see it (semantics.md, section 15)."""

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

from tests.oracle import clock
from tests.oracle.values import canonical, exact, is_number, is_scalar, value_at, where_holds

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_END = 253_402_300_800 * clock.SECOND


@dataclass(frozen=True)
class Cast:
    """What is read otherwise of the events of some types."""

    types: tuple[str, ...]
    numbers: tuple[str, ...]
    instants: dict[str, str]


@dataclass(frozen=True)
class Named:
    """Types, and what the properties of their events must be."""

    types: tuple[str, ...]
    where: dict[str, Any]

    def fits(self, kind: str, properties: dict[str, Any], attributes: dict[str, Any]) -> bool:
        return covers(self.types, kind) and where_holds(self.where, properties, attributes)


@dataclass(frozen=True)
class Repeat:
    """Events of a match that bring a value again."""

    of: Named
    path: str
    within: int

    @property
    def identity(self) -> str:
        """What it remembers: the same of two that differ in `within` alone."""
        return str((sorted(self.of.types), self.of.where, self.path))


@dataclass(frozen=True)
class Derivation:
    """One event of each element of a list."""

    event: str
    parents: tuple[Named, ...]
    path: str
    keep: tuple[str, ...]
    name: str | None


@dataclass(frozen=True)
class Preparation:
    """What one rules file says of events before its rules see them."""

    casts: tuple[Cast, ...] = ()
    repeats: tuple[Repeat, ...] = ()
    derivations: tuple[Derivation, ...] = ()


def preparation(document: dict[str, Any]) -> Preparation:
    """That of a rules file."""
    return Preparation(
        tuple(
            Cast(_many(each["event"]), _many(each.get("number") or []), each.get("instant") or {})
            for each in document.get("cast") or []
        ),
        tuple(
            Repeat(_named(each), each["same"], clock.duration(each["within"])) for each in document.get("repeats") or []
        ),
        tuple(
            Derivation(
                each["event"],
                tuple(map(_named, _many(each["from"]))),
                each["each"],
                _many(each.get("keep") or []),
                each.get("as"),
            )
            for each in document.get("derive") or []
        ),
    )


def _named(raw: Any) -> Named:
    return Named((raw,), {}) if isinstance(raw, str) else Named(_many(raw["event"]), raw.get("where") or {})


def _many(raw: Any) -> tuple[Any, ...]:
    return tuple(raw) if isinstance(raw, list) else (raw,)


def covers(types: tuple[str, ...], kind: str) -> bool:
    """Whether an event of that type is one of those named."""
    return kind in types or ("*" in types and not kind.startswith(("contact.", "consent.")))


def cast(every: tuple[Cast, ...], kind: str, properties: dict[str, Any]) -> dict[str, Any]:
    """The properties as the rules see them."""
    for each in every:
        if covers(each.types, kind):
            for path in each.numbers:
                properties = _put(properties, path, _number(value_at(path, properties)))
            for path, unit in each.instants.items():
                properties = _put(properties, path, _instant(value_at(path, properties), unit))
    return properties


# -- repeats -----------------------------------------------------------------------------------------------------


class Brought:
    """The values that events have brought which counted, in the order in which they did."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.kept: list[tuple[int, str, str]] = []
        """Time, identity of the entry, value."""

    def forget(self) -> None:
        """Nothing is known of the contact any more, or nothing of what it did."""
        self.kept = []

    def pass_to(self, before: Preparation, after: Preparation, at: int) -> None:
        """A version ends at an instant: what it remembered no more then is gone, and what the next does not know."""
        known = {each.identity for each in after.repeats}
        self.kept = [each for each in self._lasting(before, at) if each[1] in known]

    def is_repeat(self, now: Preparation, kind: str, properties: dict[str, Any], at: int) -> bool:
        """Whether the event is dropped; where it is not, its values are remembered."""
        asked = [
            (each, canonical(value_at(each.path, properties)))
            for each in now.repeats
            if is_scalar(value_at(each.path, properties)) and each.of.fits(kind, properties, {})
        ]
        if any(
            identity == each.identity and value == brought and at - time < each.within
            for each, value in asked
            for time, identity, brought in self.kept
        ):
            return True
        new = list(dict.fromkeys((at, each.identity, value) for each, value in asked))
        again = {each[1:] for each in new}
        self.kept = [each for each in self.kept if each[1:] not in again] + new
        if len(self.kept) > self.limit:
            self._make_room(now, at)
        return False

    def _make_room(self, now: Preparation, at: int) -> None:
        self.kept = self._lasting(now, at)
        order = [each.identity for each in now.repeats]
        while len(self.kept) > self.limit:
            self.kept.remove(min(self.kept, key=lambda each: (each[0], order.index(each[1]))))

    def _lasting(self, of: Preparation, at: int) -> list[tuple[int, str, str]]:
        longest: dict[str, int] = {}
        for each in of.repeats:
            longest[each.identity] = max(each.within, longest.get(each.identity, 0))
        return [each for each in self.kept if at - each[0] < longest.get(each[1], 0)]


# -- derive ------------------------------------------------------------------------------------------------------

PLACES = 1_000
Derived = tuple[str, str, dict[str, Any]]


def derived(
    derivations: tuple[Derivation, ...],
    event: tuple[str, str],
    properties: dict[str, Any],
    attributes: dict[str, Any],
) -> tuple[list[Derived], list[tuple[str, str]]]:
    """Id, type and properties of what is derived from an event; and of what lists not all was, by type and path."""
    found: list[Derived] = []
    cut: list[tuple[str, str]] = []
    places: dict[str, int] = {}
    for each in derivations:
        elements = value_at(each.path, properties)
        if not isinstance(elements, list) or not any(of.fits(event[1], properties, attributes) for of in each.parents):
            continue
        for element in elements[:PLACES]:
            place = places.get(each.event, 0)
            places[each.event] = place + 1
            own = _own(element, each.name)
            if own is not None:
                kept = {name: properties[name] for name in each.keep if name in properties}
                found.append((f"{event[0]}/{event[1]}/{each.event}/{place}", each.event, {**kept, **own}))
        if len(elements) > PLACES and (each.event, each.path) not in cut:
            cut.append((each.event, each.path))
    return found, cut


def _own(element: Any, name: str | None) -> dict[str, Any] | None:
    if isinstance(element, dict):
        return element
    return {name: element} if name is not None and is_scalar(element) else None


# -- casts -------------------------------------------------------------------------------------------------------


def _put(properties: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    if value is None:
        return properties
    name, _, rest = path.partition(".")
    return {**properties, name: _put(properties[name], rest, value) if rest else value}


def _number(value: Any) -> Any:
    """The number that a text is; anything else as it is."""
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        return value
    if value.lstrip("-").isdecimal():
        return Fraction(value) if len(value.lstrip("-")) <= 309 else value
    digits, _, exponent = value.lower().partition("e")
    if abs(int(exponent or 0)) > 400:
        return value if Fraction(digits) else Fraction(0)
    number = Fraction(value)
    size = abs(number)
    return value if size and not Fraction(10) ** -324 <= size < Fraction(10) ** 309 else _rounded(value)


def _rounded(value: str) -> Fraction:
    """To 15 significant digits, as of any number of an event."""
    found = exact(Decimal(value))
    assert isinstance(found, Fraction)
    return found


def _instant(value: Any, unit: str) -> Any:
    number = _number(value)
    if not is_number(number):
        return value
    at = floor(number * (clock.SECOND if unit == "epoch_seconds" else 1_000))
    if number < 0 or at >= _END:
        return value
    text = clock.rfc3339(at - at % clock.SECOND).removesuffix("Z").split(".")[0]
    return f"{text}.{at % clock.SECOND:06}Z" if at % clock.SECOND else f"{text}Z"
