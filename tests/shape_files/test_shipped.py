"""The shapes that are shipped: records as each vendor documents them, invented, are the events that rules expect."""

from __future__ import annotations

import json
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import pytest

from kittiwake.errors import UnusableError
from kittiwake.input.shapes.base import InputShape, Shape
from kittiwake.input.single import events_from
from kittiwake.model import DeadLetter
from kittiwake.shape_files.names import SHIPPED
from kittiwake.shape_files.naming import input_shape, message_shape
from kittiwake.shape_files.reading import shipped
from kittiwake.time.instants import format_instant
from tests.shape_files.shaping import START_US, events_in, parsed

AT: Final = "2026-11-02T09:00:00Z"
SECONDS: Final = 1793610000


def param(key: str, **value: Any) -> dict[str, Any]:
    return {"key": key, "value": {"string_value": None, "int_value": None, **value}}


GA4: Final = [
    {
        "event_date": "20261102",
        "event_timestamp": str(SECONDS * 10**6),
        "event_name": "add_to_cart",
        "event_params": [param("currency", string_value="EUR"), param("ga_session_id", int_value="77")],
        "user_pseudo_id": "123.456",
        "event_bundle_sequence_id": "5",
        "items": [{"item_id": "p-1", "item_name": "Mug", "price": 12.5, "quantity": "2"}],
    },
    {
        "event_timestamp": str(SECONDS * 10**6),
        "event_name": "purchase",
        "event_params": [param("value", double_value=25.0), param("transaction_id", string_value="o-7")],
        "user_id": "c-42",
        "user_pseudo_id": "123.456",
        "ecommerce": {"transaction_id": "o-7", "purchase_revenue": 25.0},
        "items": [],
    },
]
SHOPIFY: Final = {
    "orders": [
        {
            "id": 450789469,
            "name": "#1001",
            "created_at": "2026-11-02T04:00:00-05:00",
            "processed_at": "2026-11-02T04:00:00-05:00",
            "cancelled_at": None,
            "test": False,
            "total_price": "598.94",
            "currency": "USD",
            "email": "ann@example.com",
            "customer": {"id": 207119551, "email": "ann@example.com"},
            "line_items": [{"product_id": 632910392, "price": "199.00", "quantity": 1, "sku": "IPOD"}],
            "discount_codes": [{"code": "TEN", "amount": "10.00"}],
            "note_attributes": [{"name": "gift", "value": "yes"}],
        },
        {"id": 2, "created_at": AT, "test": True, "email": "test@example.com"},
        {"id": 3, "created_at": AT, "customer": None, "email": "guest@example.com", "total_price": "5.00"},
        {"id": 4, "created_at": AT, "customer": None, "email": "", "total_price": "5.00"},
    ]
}
WOOCOMMERCE: Final = [
    {
        "id": 727,
        "number": "727",
        "status": "processing",
        "currency": "USD",
        "date_created": "2026-11-02T10:00:00",
        "date_created_gmt": "2026-11-02T09:00:00",
        "date_paid_gmt": None,
        "total": "29.35",
        "customer_id": 0,
        "billing": {"email": "ann@example.com"},
        "meta_data": [{"id": 1, "key": "channel", "value": "web"}],
        "line_items": [{"product_id": 93, "quantity": 2, "subtotal": "6.00", "price": 3}],
    },
    {"id": 728, "status": "pending", "customer_id": 7, "date_created_gmt": "2026-11-02T09:00:00"},
]
STRIPE: Final = {
    "object": "list",
    "data": [
        {
            "id": "evt_1",
            "object": "event",
            "type": "checkout.session.completed",
            "created": SECONDS,
            "data": {"object": {"id": "cs_1", "customer": "cus_1", "amount_total": 1999, "currency": "usd"}},
        },
        {
            "id": "evt_2",
            "type": "invoice.payment_failed",
            "created": SECONDS,
            "data": {"object": {"id": "in_1", "customer": {"id": "cus_1"}, "amount_due": 500, "currency": "jpy"}},
        },
        {"id": "evt_3", "type": "balance.available", "created": SECONDS, "data": {"object": {}}},
    ],
}
_ECOMMERCE: Final = "com_snowplowanalytics_snowplow_ecommerce"
SNOWPLOW: Final = [
    {
        "event_id": "c6ef3124-b53a-4b13-a233-0088f79dcbcb",
        "event_name": "snowplow_ecommerce_action",
        "derived_tstamp": "2026-11-02T09:00:00.000Z",
        "user_id": None,
        "domain_userid": "bc2e92ec6c204a14",
        f"unstruct_event_{_ECOMMERCE}_snowplow_ecommerce_action_1": {"type": "add_to_cart"},
        f"contexts_{_ECOMMERCE}_product_1": [{"id": "p-1", "price": 12.5, "currency": "EUR", "quantity": 2}],
    },
    {
        "event_id": "d0",
        "event_name": "page_view",
        "collector_tstamp": "2026-11-02 09:00:00.000",
        "user_id": "c-42",
        "domain_userid": "bc2e92ec6c204a14",
        "page_url": "https://shop.example/",
    },
]
POSTHOG: Final = [
    {
        "uuid": "0192",
        "event": "Order Completed",
        "distinct_id": "c-42",
        "timestamp": "2026-11-02 09:00:00.000000",
        "properties": '{"total": 12.50, "$lib": "web"}',
    },
    {"uuid": "0193", "event": "$pageview", "distinct_id": "a", "timestamp": AT, "properties": {"$pathname": "/"}},
]
MIXPANEL: Final = [
    {
        "event": "Add to Cart",
        "properties": {
            "time": SECONDS,
            "distinct_id": "$device:d1",
            "$device_id": "d1",
            "$insert_id": "i1",
            "price": 3,
        },
    },
    {
        "event": "Purchase",
        "properties": {
            "time": SECONDS,
            "distinct_id": "c-42",
            "$user_id": "c-42",
            "$device_id": "d1",
            "$insert_id": "i2",
        },
    },
]
AMPLITUDE: Final = [
    {
        "uuid": "u1",
        "event_type": "Order Completed",
        "event_time": "2026-11-02 09:00:00.250000",
        "user_id": "c-42",
        "device_id": "d1",
        "event_properties": {"total": 12.5},
    }
]
MATOMO: Final = [
    {
        "idVisit": 7,
        "visitorId": "ecd8b6a9b8e5",
        "userId": None,
        "actionDetails": [
            {"type": "action", "timestamp": SECONDS, "url": "https://shop.example/", "pageTitle": "Home"},
            {
                "type": "ecommerceOrder",
                "timestamp": SECONDS,
                "orderId": "o-7",
                "revenue": "25.00",
                "itemDetails": [{"itemSKU": "p-1", "price": "12.50", "quantity": 2}],
            },
        ],
    }
]

Row = tuple[str, str, str]
"""Contact, type, id."""
SAMPLES: Final[dict[str, tuple[Any, list[Row]]]] = {
    "ga4": (
        GA4,
        [
            ("anonymous:123.456", "cart.item_added", f"123.456 {SECONDS}000000 5 -"),
            ("c-42", "order.completed", f"123.456 {SECONDS}000000 - -"),
            ("anonymous:123.456", "contact.merged", f"123.456 {SECONDS}000000 - -"),
        ],
    ),
    "shopify": (
        SHOPIFY,
        [("207119551", "order.completed", "450789469"), ("email:guest@example.com", "order.completed", "3")],
    ),
    "woocommerce": (WOOCOMMERCE, [("email:ann@example.com", "order.completed", "727")]),
    "stripe": (STRIPE, [("cus_1", "order.completed", "evt_1"), ("cus_1", "payment.failed", "evt_2")]),
    "snowplow": (
        SNOWPLOW,
        [
            ("anonymous:bc2e92ec6c204a14", "cart.item_added", "c6ef3124-b53a-4b13-a233-0088f79dcbcb"),
            ("c-42", "page.viewed", "d0"),
            ("anonymous:bc2e92ec6c204a14", "contact.merged", "d0"),
        ],
    ),
    "posthog": (POSTHOG, [("c-42", "order.completed", "0192"), ("a", "page.viewed", "0193")]),
    "mixpanel": (
        MIXPANEL,
        [
            ("$device:d1", "cart.item_added", f"i1 $device:d1 {SECONDS}"),
            ("c-42", "order.completed", f"i2 c-42 {SECONDS}"),
            ("$device:d1", "contact.merged", f"i2 c-42 {SECONDS}"),
        ],
    ),
    "amplitude": (
        AMPLITUDE,
        [("c-42", "order.completed", "u1"), ("anonymous:d1", "contact.merged", "u1")],
    ),
    "matomo": (
        MATOMO,
        [("anonymous:ecd8b6a9b8e5", "page.viewed", "7 0"), ("anonymous:ecd8b6a9b8e5", "order.completed", "7 1")],
    ),
}
PROPERTIES: Final[dict[str, list[dict[str, Any]]]] = {
    "ga4": [{"currency": "EUR", "ga_session_id": "77", "product_id": "p-1"}, {"order_id": "o-7", "total": 25}, {}],
    "shopify": [
        {"order_id": "450789469", "total": Decimal("598.94"), "coupon": "TEN", "attributes": {"gift": "yes"}},
        {"total": 5},
    ],
    "woocommerce": [{"order_id": "727", "total": Decimal("29.35"), "meta": {"channel": "web"}}],
    "stripe": [{"total": Decimal("19.99"), "currency": "usd"}, {"total": 500}],
    "snowplow": [
        {"product_id": "p-1", "price": Decimal("12.5"), "currency": "EUR"},
        {"url": "https://shop.example/"},
        {},
    ],
    "posthog": [{"total": Decimal("12.5")}, {"$pathname": "/"}],
    "mixpanel": [{"price": 3}, {"$user_id": "c-42"}, {"into": "c-42"}],
    "amplitude": [{"total": Decimal("12.5")}, {"into": "c-42"}],
    "matomo": [{"url": "https://shop.example/"}, {"order_id": "o-7", "total": 25, "product_id": "p-1"}],
}
"""What each event has among its properties."""


def written(folder: Path, name: str) -> Path:
    """The sample of a shape in the format that it says."""
    sample, _ = SAMPLES[name]
    is_lines = shipped(name).spec.records.format == "json_lines"
    text = "".join(json.dumps(one) + "\n" for one in sample) if is_lines else json.dumps(sample, indent=2)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_every_shape_that_is_shipped_has_its_name_its_sample_and_its_line_on_the_page(root: Path) -> None:
    folder = files("kittiwake.shape_files").joinpath("shipped")
    assert {one.name for one in folder.iterdir()} == {f"{name}.yaml" for name in SHIPPED}
    assert set(SAMPLES) == set(PROPERTIES) == set(SHIPPED)
    page = (root / "docs" / "reference" / "shapes.md").read_text(encoding="utf-8")
    names = (*SHIPPED, Shape.SEGMENT, Shape.SEGMENT_NO_ZONE, Shape.CLOUDEVENTS)
    assert [name for name in names if f"\n| `{name}` | " not in page] == []


@pytest.mark.parametrize("name", SHIPPED)
def test_a_vendors_records_are_the_events_that_rules_expect(tmp_path: Path, name: str) -> None:
    found = events_in(written(tmp_path, name), shipped(name), "acme")
    assert [(one.contact_id, one.type, one.event_id) for one in found] == SAMPLES[name][1]
    assert {format_instant(one.time_us)[:19] for one in found} == {AT[:19]}
    assert {one.account_id for one in found} == {"acme"}
    wanted = PROPERTIES[name]
    assert [{key: one.properties.get(key) for key in some} for one, some in zip(found, wanted, strict=True)] == wanted


@pytest.mark.parametrize("name", SHIPPED)
def test_prices_in_lists_are_numbers(tmp_path: Path, name: str) -> None:
    for event in events_in(written(tmp_path, name), shipped(name), "acme"):
        products = event.properties.get("products", [])
        assert [one["price"] for one in products if isinstance(one.get("price", 0), str)] == []


@pytest.mark.parametrize("name", SHIPPED)
def test_each_reads_messages_too(tmp_path: Path, name: str) -> None:
    asked = message_shape(input_shape(name, "acme", ("shape", "account_id")), "shape")
    sample: Any = SAMPLES[name][0]
    records = sample.get("orders") or sample["data"] if isinstance(sample, dict) else sample
    events: list[Row] = []
    for record in records:
        found = events_from(json.dumps(record).encode(), START_US, asked)
        assert not isinstance(found, DeadLetter)
        events += [(one.contact_id or "", one.type, one.event_id) for one in found]
    assert events == SAMPLES[name][1]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_record_of_something_else_is_a_dead_letter_or_left_out(name: str) -> None:
    found = parsed(shipped(name), {"hello": "world"}, account_id="acme")
    assert isinstance(found, DeadLetter) or found == ()


def test_a_shape_that_is_shipped_needs_the_account(tmp_path: Path) -> None:

    with pytest.raises(UnusableError, match="ga4's records name no account: say whose they are"):
        input_shape("ga4", None, ("--input-shape", "--input-account"))
    assert isinstance(input_shape("ga4", "acme", ("a", "b")), InputShape)
