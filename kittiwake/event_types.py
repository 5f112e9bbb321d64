"""Event types that the product itself gives a meaning, and those that "*" does not cover (rules.md, section 3).

Types and ids of events that the product makes are made and taken apart here.

Read by the shapes of input, by the compiler and by the kernel.
"""

from __future__ import annotations

import re
from typing import Final

UNMATCHED_BY_ANY: Final = ("contact.", "consent.")
"""Types that "*" does not cover."""

ITEM_MARK: Final = "*"
"""What the type of an item change begins with in the order of a contact's events: no event's type has a star."""

FEED_MARK: Final = "**"
"""What the type of an event begins with by which a contact hears anew of a feed: no item's event has an empty type."""

UPDATED: Final = "contact.updated"
DELETED: Final = "contact.deleted"
MERGED: Final = "contact.merged"
ENDINGS: Final = frozenset({DELETED, MERGED})
"""Types that end a contact: nothing is known of it after such an event."""
GRANTED: Final = "consent.granted"
WITHDRAWN: Final = "consent.withdrawn"


def is_item_change(event_type: str) -> bool:
    """Whether an event of a contact is a change of an item that reached it (ADR 0026)."""
    return event_type.startswith(ITEM_MARK)


def is_feed_notice(event_type: str) -> bool:
    """Whether an event of a contact does nothing but say that something else is known of a feed (ADR 0031)."""
    return event_type.startswith(FEED_MARK)


def feed_notice_type(event_type: str) -> str:
    """The type of such an event, of the feed of a type.

    >>> is_feed_notice(feed_notice_type("order.completed")), is_feed_notice(item_change_type("order.completed", "p-1"))
    (True, False)
    """
    return f"{FEED_MARK}{event_type}"


def item_change_type(event_type: str, item_id: str) -> str:
    """The type of an item change among the events of a contact: two items may have events of one id and type.

    >>> item_change_type("price.changed", "p-1"), own_type("*price.changed*p-1")
    ('*price.changed*p-1', 'price.changed')
    """
    return f"{ITEM_MARK}{event_type}{ITEM_MARK}{item_id}"


def own_type(event_type: str) -> str:
    """The type as its producer knows it: of an item change that of the item's event."""
    return event_type.split(ITEM_MARK)[1] if is_item_change(event_type) else event_type


_DERIVED: Final = re.compile(r"(?P<parent>.+)/[^/]+/[^/]+/[0-9]+")


def derived_prefix(event_id: str, event_type: str, derived_type: str) -> str:
    """What the ids of the events of one type begin with that are derived of an event; their place follows.

    >>> parent_id(derived_prefix("o/1", "order.completed", "order.item_purchased") + "0"), parent_id("o-1")
    ('o/1', None)
    """
    return f"{event_id}/{event_type}/{derived_type}/"


def parent_id(event_id: str) -> str | None:
    """The id of the event that one of this id is derived from, by its looks; None: it is not derived."""
    found = _DERIVED.fullmatch(event_id)
    return None if found is None else found["parent"]


def parent_and_type(event_id: str, derived_type: str) -> str:
    """Id and type, with "/" between, of the event that one of this id and type is derived from, if it is derived.

    >>> parent_and_type(derived_prefix("o/1", "order.completed", "order.item_purchased") + "0", "order.item_purchased")
    'o/1/order.completed'
    """
    return event_id.rpartition("/")[0].removesuffix(f"/{derived_type}")
