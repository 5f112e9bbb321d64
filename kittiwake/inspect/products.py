"""Whose export records are, by the names of their fields.

Pure. The names are those of the vendors' public schemas.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from kittiwake.inspect.fields import value_at

CANONICAL: Final = "canonical"

FIELDS: Final = (
    (CANONICAL, ("event_id", "account_id", "type", "time")),
    ("cloudevents", ("specversion", "id", "source", "type")),
    ("segment", ("messageId", "type", "timestamp")),
    ("stripe", ("id", "object", "type", "created", "data.object")),
    ("shopify", ("id", "line_items", "financial_status", "created_at")),
    ("woocommerce", ("id", "line_items", "order_key", "date_created")),
    ("ga4", ("event_timestamp", "event_name", "user_pseudo_id")),
    ("snowplow", ("collector_tstamp", "event_id", "event", "platform")),
    ("mixpanel", ("event", "properties.time", "properties.distinct_id")),
    ("posthog", ("event", "distinct_id", "timestamp", "properties")),
    ("amplitude", ("event_type", "event_time", "amplitude_id")),
    ("matomo", ("idVisit", "visitorId", "actionDetails")),
)
"""Fields that all records of a product have; the first product that has them counts."""


def product_of(records: Sequence[Mapping[str, Any]]) -> str | None:
    """The shape by which the records of a sample are read; None: they are of no product that is known."""
    if not records:
        return None
    for name, keys in FIELDS:
        paths = [tuple(key.split(".")) for key in keys]
        if all(all(value_at(record, path) is not None for path in paths) for record in records[:100]):
            return name
    return None
