"""Sources that are known: whose export records are, by the names of their fields, and which shape reads them.

Pure. The one table, which what refuses foreign files (`records`) and `kittiwake inspect` read. The names are those of
the vendors' public schemas: as few as distinguish a source, since exports leave fields out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from kittiwake.input.mapping.paths import walk
from kittiwake.input.mapping.spec import FieldPath

RECORDS_MAX: Final = 100
"""Records of a sample that are asked: an export is of one source from its beginning."""


class Source(NamedTuple):
    """An export that a shape of the product reads."""

    what: str
    """What its records are, for people."""
    fields: tuple[FieldPath, ...]
    """What every record of it has, null or not."""
    some: tuple[str, ...] = ()
    """Of these at least one; empty: nothing more."""

    def is_source_of(self, record: Mapping[str, Any]) -> bool:
        """Whether a record is one of its."""
        has_some = not self.some or any(name in record for name in self.some)
        return has_some and all(_has(record, path) for path in self.fields)


def _has(record: Any, path: FieldPath) -> bool:
    *above, last = path
    inner = walk(record, tuple(above))
    return isinstance(inner, Mapping) and last in inner


def _source(what: str, *fields: str, some: tuple[str, ...] = ()) -> Source:
    return Source(what, tuple(tuple(field.split(".")) for field in fields), some)


EVENTS: Final = _source("canonical events", "event_id", "account_id", "type", "time")

SOURCES: Final = {
    "segment": _source("calls of Segment", "messageId", some=("userId", "anonymousId", "event", "originalTimestamp")),
    "cloudevents": _source("CloudEvents", "specversion", "source", "id"),
    "ga4": _source("events of Google Analytics 4, as BigQuery exports them", "event_name", "event_timestamp"),
    "shopify": _source("orders of Shopify", "line_items", "financial_status"),
    "woocommerce": _source("orders of WooCommerce", "line_items", "date_created_gmt"),
    "stripe": _source("events of Stripe", "object", "livemode", "data", "created"),
    "snowplow": _source("events of Snowplow", "collector_tstamp", "event_id"),
    "posthog": _source("events of PostHog", "distinct_id", "event", "timestamp"),
    "mixpanel": _source("events of Mixpanel", "event", "properties.time", "properties.distinct_id"),
    "amplitude": _source("events of Amplitude", "event_type", "event_time", "amplitude_id"),
    "matomo": _source("visits of Matomo", "idVisit", "actionDetails"),
}
"""By name of the shape that reads them; the first whose fields a record has counts."""


def source_name(record: Mapping[str, Any]) -> str | None:
    """The shape by which a foreign record is read; None: it is of no source that is known."""
    return next((name for name, source in SOURCES.items() if source.is_source_of(record)), None)


def source_of_all(records: Sequence[Mapping[str, Any]]) -> str | None:
    """The shape by which the records of a sample are read, `canonical` for events; None: they are of no one source."""
    first = records[:RECORDS_MAX]
    rows = {"canonical": EVENTS, **SOURCES}
    return next((name for name, one in rows.items() if first and all(map(one.is_source_of, first))), None)
