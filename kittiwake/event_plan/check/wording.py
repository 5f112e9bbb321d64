"""How the checks name types, properties and numbers, and which name may have been meant.

Pure.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Final

from kittiwake.event_plan.known import Answer, Known
from kittiwake.event_plan.model import HistoryObject
from kittiwake.event_plan.uses import Use

_NAMED_MAX: Final = 3
"""Types that a message names: it is a line."""
_LISTED_MAX: Final = 12
"""Names that an advice lists."""
_CLOSE: Final = 0.75
"""How alike two names have to be, from 0 to 1, for one to be a slip of the other."""


def closest(name: str, names: Iterable[str]) -> str | None:
    """The name that may have been meant: spelled otherwise, inside an object or out of one, or with a slip."""
    known = list(dict.fromkeys(names))
    by_spelling = {_spelling(one): one for one in reversed(known)}
    found = by_spelling.get(_spelling(name))
    if found is None:
        leaves = {_spelling(one.rpartition(".")[2]): one for one in reversed(known)}
        found = leaves.get(_spelling(name.rpartition(".")[2]))
    if found is None:
        close = difflib.get_close_matches(_spelling(name), by_spelling, 1, _CLOSE)
        found = by_spelling[close[0]] if close else None
    return found if found != name else None


def _spelling(name: str) -> str:
    """A name without what producers vary: case, and what stands between words."""
    return re.sub(r"[^0-9a-z]", "", name.lower()) or name


def listed(names: Iterable[str]) -> str:
    """Some names, as an advice gives them."""
    known = list(names)
    return ", ".join(known[:_LISTED_MAX]) + (
        f" and {len(known) - _LISTED_MAX} more" if len(known) > _LISTED_MAX else ""
    )


def one_of_types(types: Sequence[str]) -> str:
    """Types, as an event of one of them is spoken of."""
    if len(types) > _NAMED_MAX:
        return f"{', '.join(types[:_NAMED_MAX])} or {len(types) - _NAMED_MAX} more types"
    return " or ".join([", ".join(types[:-1]), types[-1]] if len(types) > 1 else types)


def type_of(value: object) -> str:
    """The type of a value that is not null, by the words of plans."""
    if isinstance(value, (bool, str)):
        return "bool" if isinstance(value, bool) else "text"
    return "list" if isinstance(value, list) else "object" if isinstance(value, dict) else "number"


def types_words(types: Iterable[str]) -> str:
    """Types of values, as one of them is spoken of."""
    words = [f"an {one}" if one[0] in "aeiou" else f"a {one}" for one in sorted(types)]
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def number(count: int) -> str:
    """A count as people read it."""
    return f"{count:,}"


def share_words(share: float) -> str:
    """A share as people read it: never 0 % or 100 % of something between."""
    percent = round(share * 100)
    return f"{percent} %" if 0 < percent < 100 else "less than 1 %" if share < 0.5 else "more than 99 %"


def subject(use: Use) -> str:
    """What is spoken of: a property of some events, or an attribute."""
    if use.of_contact:
        return f"the attribute {use.path[0]}"
    if use.of_item:
        return f"{use.path[0]} of items"
    *lists, name = use.path
    return f"{name} of the elements of {'.'.join(lists)}" if lists else name


def events_words(known: Known, types: Sequence[str], *, of_items: bool = False) -> str:
    """Events of types with their number, as far as it is known: `5,120 order.completed`."""
    events = (known.items or {}) if of_items else known.events
    counts = [events[one].count for one in types if one in events]
    named = one_of_types(list(types))
    total = sum(one for one in counts if one is not None)
    return f"{number(total)} {named}" if counts and None not in counts else named


def whose(known: Known, answer: Answer, use: Use) -> str:
    """Where a property has been seen."""
    if use.of_contact:
        return "of contacts"
    words = events_words(known, [one.event_type for one in answer.found], of_items=use.of_item)
    return f"in {words}" if use.of_item else f"of {words}"


def span_of(history: HistoryObject | None) -> str:
    """From when to when events were seen, in days; empty if that is not known."""
    if history is None or history.first is None or history.last is None:
        return ""
    return f" from {history.first[:10]} to {history.last[:10]}"
