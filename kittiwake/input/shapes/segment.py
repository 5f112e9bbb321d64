"""Calls of the Segment Spec, as Segment's archives hold them: one call a line.

Pure. Called by `base.fields_of`. What becomes of which call, and why, stands in `docs/reference/events.md`.
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from kittiwake.event_types import MERGED, UPDATED
from kittiwake.input.fields import ID_CHARS_MAX, Fields, Record, RefusedError, is_absent, renamed, text_of
from kittiwake.reasons import DeadLetterReason
from kittiwake.values import as_number

ANONYMOUS: Final = "anonymous:"
"""What the `contact_id` of somebody unknown begins with."""

_ANONYMOUS_ID_CHARS_MAX: Final = ID_CHARS_MAX - len(ANONYMOUS)

ZONE: Final = "timezone"
"""The attribute that is the contact's time zone, and the key of a call's context that says the device's."""

TRACK: Final = "track"
ALIAS: Final = "alias"


class Call(NamedTuple):
    """What becomes of a call that is not named by its author."""

    type: str
    properties: str
    """The field that holds them."""
    beside: tuple[str, ...] = ()
    """Fields beside them that say what the call is about: they join the properties that lack them."""


CALLS: Final = {
    "identify": Call(UPDATED, "traits"),
    "page": Call("page.viewed", "properties", ("name", "category")),
    "screen": Call("screen.viewed", "properties", ("name", "category")),
    "group": Call("group.joined", "traits", ("groupId",)),
}

TYPES: Final = {
    "products searched": "search.performed",
    "product added": "cart.item_added",
    "wishlist product added to cart": "cart.item_added",
    "product added to wishlist": "wishlist.item_added",
}
"""Names of the e-commerce spec whose plain type is not the one that recipes use, by their words in lower case."""

NUMBERS: Final = (
    *("price", "quantity", "value", "total", "subtotal", "revenue"),
    *("tax", "shipping", "discount", "position"),
)
"""Properties that are numbers in the e-commerce spec, of an event and of each of its products."""

PRODUCTS: Final = "products"
"""The property under which the events of the e-commerce spec have their list."""

LINES: Final = {
    "order.completed": "order.item_purchased",
    "order.refunded": "order.item_refunded",
    "checkout.started": "checkout.item_started",
    "cart.viewed": "cart.item_viewed",
}
"""Events of the e-commerce spec with products → what an event of each product is, if rules name that."""

KEPT: Final = ("order_id", "checkout_id", "cart_id", "currency", "coupon", "affiliation")
"""What of the whole event the event of each product has."""

COMMERCE: Final = frozenset(
    {
        *("search.performed", "product.list.viewed", "product.list.filtered", "product.clicked", "product.viewed"),
        *("promotion.viewed", "promotion.clicked", "product.shared", "product.reviewed"),
        *("cart.item_added", "product.removed", "cart.viewed", "cart.shared"),
        *("wishlist.item_added", "product.removed.from.wishlist"),
        *("checkout.started", "checkout.step.viewed", "checkout.step.completed", "payment.info.entered"),
        *("order.updated", "order.completed", "order.refunded", "order.cancelled"),
        *("coupon.entered", "coupon.applied", "coupon.denied", "coupon.removed"),
    }
)
"""The types of the events of the e-commerce spec: their numbers are read as numbers where they are sent as text."""

_NAMES: Final = {"event_id": "messageId", "contact_id": "userId", "time": "timestamp"}
_TRACK_NAMES: Final = {**_NAMES, "type": "event", "properties": "properties"}
_CALL_NAMES: Final = {name: {**_NAMES, "properties": call.properties} for name, call in CALLS.items()}

_BETWEEN_WORDS: Final = re.compile(r"[\s.*\x00-\x1f\x7f]+")


def segment(record: Record, account_id: str | None) -> tuple[Fields, ...]:
    """As `segment_no_zone`; an update of the contact takes the zone of the call's context if it says no other."""
    found = segment_no_zone(record, account_id)
    if found[0].values.get("type") == UPDATED:
        _add_zone(found[0].values, record.get("context"))
    return found


def segment_no_zone(record: Record, account_id: str | None) -> tuple[Fields, ...]:
    """The canonical fields of a call; all calls of an input are of one account.

    A call that names a visitor and a customer brings a second event: from now on the visitor is that customer.

    Raises:
        RefusedError: it is of no known type, joins two ids, or is of nobody.
    """
    call = text_of(record, "type")
    if call == ALIAS:
        detail = "alias joins previousId and userId, which rules never do: resolve ids before ingestion"
        raise RefusedError(DeadLetterReason.TWO_SUBJECTS, detail)
    if call != TRACK and call not in CALLS:
        known = "track, identify, page, screen or group"
        raise RefusedError(DeadLetterReason.WRONG_TYPE, f"type has to be {known}")
    fields = _track(record) if call == TRACK else _other(record, call)
    fields.values["account_id"] = account_id
    if is_absent(record.get("userId")):
        fields.values["contact_id"] = _anonymous(record)
        return (fields,)
    visitor = _visitor(record)
    return (fields,) if visitor is None else (fields, _merged(record, account_id, visitor))


def _track(record: Record) -> Fields:
    values = renamed(record, _TRACK_NAMES)
    name = values.get("type")
    if isinstance(name, str):
        values["type"] = type_of(name)
        if values["type"] in COMMERCE and isinstance(values.get("properties"), dict):
            values["properties"] = _with_numbers(values["properties"])
    return Fields(values, _TRACK_NAMES)


def _add_zone(values: Record, context: Any) -> None:
    """Give the attributes of an update the zone of a context, unless they name one, or none on purpose (null)."""
    zone = context.get(ZONE) if isinstance(context, dict) else None
    properties = values.get("properties")
    if not isinstance(zone, str) or not zone:
        return
    if properties is None:
        values["properties"] = {ZONE: zone}
    elif isinstance(properties, dict) and ZONE not in properties:
        values["properties"] = {**properties, ZONE: zone}


def _with_numbers(properties: dict[str, Any]) -> dict[str, Any]:
    """With numbers for what is a number sent as text, in the products too; the same where there is none."""
    found = {name: as_number(properties[name]) for name in NUMBERS if isinstance(properties.get(name), str)}
    products = properties.get(PRODUCTS)
    if isinstance(products, list):
        found[PRODUCTS] = [_with_numbers(one) if isinstance(one, dict) else one for one in products]
    return properties | found if found else properties


def _other(record: Record, call: str) -> Fields:
    event_type, _, beside = CALLS[call]
    values = renamed(record, _CALL_NAMES[call])
    values["type"] = event_type
    properties: Any = values.get("properties")
    if beside and (properties is None or isinstance(properties, dict)):
        values["properties"] = {name: record[name] for name in beside if name in record} | (properties or {})
    return Fields(values, _CALL_NAMES[call])


def type_of(name: str) -> str:
    """The type of a tracked event.

    >>> type_of("Order Completed"), type_of("Product Added"), type_of("orderCompleted"), type_of("cart.item_added")
    ('order.completed', 'cart.item_added', 'orderCompleted', 'cart.item_added')
    """
    words = [word for word in _BETWEEN_WORDS.split(name) if word]
    if ".".join(words) == name:
        return name
    return TYPES.get(" ".join(words).lower(), ".".join(words).lower()) or name


def _anonymous(record: Record) -> str:
    if is_absent(record.get("anonymousId")):
        raise RefusedError(DeadLetterReason.NO_SUBJECT, "neither userId nor anonymousId is given")
    return ANONYMOUS + text_of(record, "anonymousId", chars_max=_ANONYMOUS_ID_CHARS_MAX)


def _visitor(record: Record) -> str | None:
    """Whom a customer's call names as visitor; None: nobody, or nobody else.

    What cannot be an `anonymousId` has never been anybody's, and keeps no customer's event from being one.
    """
    name = record.get("anonymousId")
    if not isinstance(name, str) or not 0 < len(name) <= _ANONYMOUS_ID_CHARS_MAX:
        return None
    return None if record["userId"] == ANONYMOUS + name else ANONYMOUS + name


def _merged(record: Record, account_id: str | None, visitor: str) -> Fields:
    """That a visitor is a customer, said by a call of that customer, under the call's id and time."""
    values = renamed(record, {"event_id": "messageId", "time": "timestamp"})
    into = {"into": record["userId"]}
    return Fields(
        {**values, "account_id": account_id, "contact_id": visitor, "type": MERGED, "properties": into}, _NAMES
    )
