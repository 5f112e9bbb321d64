"""Rows as the BigQuery export of Google Analytics 4 has them, after its public schema, drawn from a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, Final

from google.cloud.bigquery import SchemaField

START_US: Final = 1_793_527_200_000_000
"""2026-11-01T10:00:00Z."""

_VALUES: Final = [
    SchemaField("string_value", "STRING"),
    SchemaField("int_value", "INTEGER"),
    SchemaField("float_value", "FLOAT"),
    SchemaField("double_value", "FLOAT"),
]
_PARAM: Final = [SchemaField("key", "STRING"), SchemaField("value", "RECORD", fields=_VALUES)]
_SET: Final = [*_VALUES, SchemaField("set_timestamp_micros", "INTEGER")]
SCHEMA: Final = [
    SchemaField("event_date", "STRING"),
    SchemaField("event_timestamp", "INTEGER"),
    SchemaField("event_name", "STRING"),
    SchemaField("event_params", "RECORD", mode="REPEATED", fields=_PARAM),
    SchemaField("event_value_in_usd", "FLOAT"),
    SchemaField("event_bundle_sequence_id", "INTEGER"),
    SchemaField("batch_event_index", "INTEGER"),
    SchemaField("batch_page_id", "INTEGER"),
    SchemaField("batch_ordering_id", "INTEGER"),
    SchemaField("is_active_user", "BOOLEAN"),
    SchemaField("privacy_info", "RECORD", fields=[SchemaField("analytics_storage", "STRING")]),
    SchemaField("collected_traffic_source", "RECORD", fields=[SchemaField("gclid", "STRING")]),
    SchemaField(
        "session_traffic_source_last_click",
        "RECORD",
        fields=[SchemaField("manual_campaign", "RECORD", fields=[SchemaField("source", "STRING")])],
    ),
    SchemaField("user_id", "STRING"),
    SchemaField("user_pseudo_id", "STRING"),
    SchemaField(
        "user_properties",
        "RECORD",
        mode="REPEATED",
        fields=[SchemaField("key", "STRING"), SchemaField("value", "RECORD", fields=_SET)],
    ),
    SchemaField("device", "RECORD", fields=[SchemaField("category", "STRING")]),
    SchemaField(
        "ecommerce",
        "RECORD",
        fields=[SchemaField("transaction_id", "STRING"), SchemaField("purchase_revenue", "FLOAT")],
    ),
    SchemaField(
        "items",
        "RECORD",
        mode="REPEATED",
        fields=[
            SchemaField("item_id", "STRING"),
            SchemaField("item_name", "STRING"),
            SchemaField("price", "FLOAT"),
            SchemaField("quantity", "INTEGER"),
            SchemaField("item_params", "RECORD", mode="REPEATED", fields=_PARAM),
        ],
    ),
    SchemaField("platform", "STRING"),
]

_NAMES: Final = ("page_view", "view_item", "add_to_cart", "purchase", "scroll", "user_engagement")


def rows(number: int, seed: int = 0) -> Iterator[dict[str, Any]]:
    """Events of a few people: some sign in, some decline consent; a few rows stand twice, as in the export."""
    dice = random.Random(seed)
    for at in range(number):
        name, person = dice.choice(_NAMES), dice.randrange(5)
        params = [{"key": "colour", "value": {"string_value": "green"}}]
        item = {"item_id": f"p{dice.randrange(9)}", "item_name": "Tea é", "price": 19.9, "quantity": 1}
        item["item_params"] = params * dice.randrange(2)
        is_known, signed_in = dice.random() < 0.8, dice.random() < 0.5
        row = {
            "event_date": "20261101",
            "event_timestamp": START_US + at * 60_000_000,
            "event_name": name,
            "event_params": [
                {"key": "ga_session_id", "value": {"int_value": person}},
                {"key": "value", "value": {"double_value": 19.9}},
                {"key": "page_location", "value": {"string_value": "https://shop.example/?q=é"}},
            ],
            "event_value_in_usd": 21.5,
            "event_bundle_sequence_id": at,
            "batch_page_id": START_US,
            "batch_ordering_id": 1,
            "is_active_user": True,
            "privacy_info": {"analytics_storage": "Yes" if is_known else "No"},
            "collected_traffic_source": {"gclid": "g"} if dice.random() < 0.5 else None,
            "session_traffic_source_last_click": {"manual_campaign": {"source": "news"}},
            "user_id": f"c-{person}" if is_known and signed_in else None,
            "user_pseudo_id": f"{person}.7" if is_known else None,
            "user_properties": [{"key": "tier", "value": {"string_value": "gold", "set_timestamp_micros": START_US}}],
            "device": {"category": "mobile"},
            "ecommerce": {"transaction_id": f"o-{at}", "purchase_revenue": 19.9} if name == "purchase" else None,
            "items": [item] * dice.randrange(3),
            "platform": "WEB",
        }
        yield from [row] * (2 if dice.random() < 0.05 else 1)


def exported(value: Any) -> Any:
    """A row as its export to JSON lines has it: an INT64 is a text there, and what is NULL is left out."""
    if isinstance(value, dict):
        return {name: exported(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [exported(inner) for inner in value]
    return str(value) if isinstance(value, int) else value
