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
    SchemaField("event_bundle_sequence_id", "INTEGER"),
    SchemaField("batch_event_index", "INTEGER"),
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
        ],
    ),
    SchemaField("platform", "STRING"),
]

_NAMES: Final = ("page_view", "view_item", "add_to_cart", "purchase", "scroll", "user_engagement")


def rows(number: int, seed: int = 0) -> Iterator[dict[str, Any]]:
    """Events of a few people, of whom some sign in; some rows stand twice, as the export has them now and then."""
    dice = random.Random(seed)
    for at in range(number):
        name, person = dice.choice(_NAMES), dice.randrange(5)
        item = {"item_id": f"p{dice.randrange(9)}", "item_name": "Tea é", "price": 19.9, "quantity": 1}
        row = {
            "event_date": "20261101",
            "event_timestamp": START_US + at * 60_000_000,
            "event_name": name,
            "event_params": [
                {"key": "ga_session_id", "value": {"int_value": person}},
                {"key": "value", "value": {"double_value": 19.9}},
                {"key": "page_location", "value": {"string_value": "https://shop.example/?q=é"}},
            ],
            "event_bundle_sequence_id": at,
            "user_id": f"c-{person}" if dice.random() < 0.5 else None,
            "user_pseudo_id": f"{person}.7",
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
