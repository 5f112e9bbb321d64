"""Tracking plans of other tools become event plans, and what rules need becomes a JSON Schema."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kittiwake.errors import UnusableError
from kittiwake.event_plan.check.document import check_rules
from kittiwake.event_plan.exporting import schema_of_needs
from kittiwake.event_plan.model import PlanObject
from kittiwake.event_plan.reading import read_plan
from kittiwake.event_plan.tracking_plans.importing import Imported, import_plans, parse_document
from kittiwake.event_plan.writing import plan_data, plan_yaml
from kittiwake.rules import load_document


def imported(*documents: Any, as_segment: bool = False, account: str | None = None) -> Imported:
    read = [parse_document(f"{i}.json", f"file-{i}", json.dumps(one).encode()) for i, one in enumerate(documents)]
    return import_plans(read, account, as_segment=as_segment)


def events_of(*documents: Any, as_segment: bool = False) -> dict[str, Any]:
    data: dict[str, Any] = plan_data(imported(*documents, as_segment=as_segment).plan)["events"]
    return data


def call(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"context": {}, "properties": {"properties": properties, **more}}}


ORDER = {
    "order_id": {"type": "string", "description": "its number"},
    "total": {"type": ["string", "null"]},
    "cart": {"type": "object", "properties": {"id": {"type": "integer"}}},
    "products": {"type": "array", "items": {"properties": {"product_id": {"type": "string"}, "price": {}}}},
}


def test_a_plan_of_segments_public_api_is_read_as_its_calls_are() -> None:
    rules = [
        {"type": "TRACK", "key": "Order Completed", "version": 2, "jsonSchema": call(ORDER, required=["order_id"])},
        {"type": "TRACK", "key": "Order Completed", "version": 1, "jsonSchema": call({"old": {}})},
        {"type": "TRACK", "key": "Product Added", "version": 1, "jsonSchema": call({}, additionalProperties=True)},
        {"type": "IDENTIFY", "jsonSchema": {"properties": {"traits": {"properties": {"tier": {"enum": ["gold"]}}}}}},
        {"type": "COMMON", "key": None, "jsonSchema": call({"brand": {"type": "string"}})},
        {"type": "PAGE", "key": "Home", "jsonSchema": call({})},
    ]
    plan = plan_data(imported({"data": {"rules": rules}}).plan)
    brand = {"brand": {"type": "text"}}
    lines = {"product_id": {"type": "text"}, "price": {}}
    order = {"description": "its number", "type": "text", "required": True}
    assert plan["attributes"] == {"tier": {"type": "text", "values": ["gold"]}}
    assert plan["events"] == {
        "cart.item_added": {"properties": brand, "complete": False},
        "order.completed": {
            "properties": {
                **brand,
                "order_id": order,
                "total": {"type": ["text", "null"]},
                "cart": {"type": "object"},
                "cart.id": {"type": "number"},
                "products": {"type": "list", "elements": {"type": "object", "properties": lines}},
            }
        },
        "page.viewed": {"properties": brand},
        "order.item_purchased": {"properties": {"order_id": order, **lines}},
    }


def test_numbers_of_the_commerce_spec_are_those_that_the_shape_makes() -> None:
    rules = {
        "events": [{"name": "Order Completed", "rules": call({"total": {"type": "string"}}), "description": "Paid"}]
    }
    assert events_of({"display_name": "Plan", "rules": rules}) == {
        "order.completed": {"description": "Paid", "properties": {"total": {"type": "number"}}}
    }


def test_schemas_of_snowplow_are_called_by_their_name_and_the_newest_counts() -> None:
    def schema(version: str, **properties: Any) -> dict[str, Any]:
        return {"self": {"vendor": "com.acme", "name": "add_to_cart", "version": version}, "properties": properties}

    documents = [schema("1-0-0", old={}), {"data": schema("1-0-10", new={})}, schema("1-0-2", middle={})]
    assert events_of(documents) == {"add_to_cart": {"properties": {"new": {}}}}
    assert events_of(*reversed(documents)) == {"add_to_cart": {"properties": {"new": {}}}}


BUNDLES = [
    {"events": [{"name": "Signup Done", "rules": call({"plan": {"type": "string"}})}]},
    {"events": {"Signup Done": {"title": "Who signed up", "jsonSchema": {"properties": {"plan": {"type": "string"}}}}}},
    {"events": {"Signup Done": {"type": "object", "properties": {"plan": {"type": "string"}}}}},
    {"$defs": {"a": {"title": "Signup Done", "properties": {"plan": {"type": "string"}}}}},
    {
        "definitions": {
            "a": {
                "properties": {
                    "event": {"const": "Signup Done"},
                    "properties": {"properties": {"plan": {"type": "string"}}},
                }
            }
        }
    },
    {"title": "Signup Done", "properties": {"plan": {"type": "string"}}},
    [{"title": "Signup Done", "properties": {"plan": {"type": "string"}}}],
]


@pytest.mark.parametrize("document", BUNDLES)
def test_bundles_and_schemas_name_their_events(document: Any) -> None:
    assert events_of(document) == {"Signup Done": {"properties": {"plan": {"type": "text"}}}}
    assert [*events_of(document, as_segment=True)] == ["signup.done"]


def test_a_schema_without_a_name_is_called_by_its_file() -> None:
    assert [*events_of({"properties": {"a": {}}})] == ["file-0"]


PROPERTIES = [
    ({"type": "string", "format": "date-time"}, {"type": "text", "format": "instant"}),
    ({"type": "string", "format": "email"}, {"type": "text"}),
    ({"enum": ["a", 1, None]}, {"type": ["text", "number", "null"], "values": ["a", 1]}),
    ({"type": "integer", "minimum": 1, "maximum": 9}, {"type": "number", "min": 1, "max": 9}),
    ({"type": "integer", "minimum": 1}, {"type": "number"}),
    ({"anyOf": [{"type": "null"}, {"type": "string", "format": "date"}]}, {"type": ["null", "text"], "format": "date"}),
    ({"allOf": [{"type": "string"}, {"description": "d"}]}, {"description": "d", "type": "text"}),
    ({"$ref": "#/definitions/word"}, {"type": "text"}),
    ({"type": "array", "items": {"type": "number"}}, {"type": "list", "elements": {"type": "number"}}),
    (True, {}),
    ({"type": "strange", "enum": [{}]}, {}),
]


@pytest.mark.parametrize(("schema", "said"), PROPERTIES)
def test_what_a_schema_says_of_a_property_is_kept(schema: Any, said: dict[str, Any]) -> None:
    document = {"title": "a.b", "properties": {"x": schema}, "definitions": {"word": {"type": "string"}}}
    assert events_of(document) == {"a.b": {"properties": {"x": said}}}


def test_references_elsewhere_and_names_with_a_dot_are_named_and_nothing_is_fetched() -> None:
    found = imported(
        {"title": "a.b", "properties": {"x": {"$ref": "https://example.com/x"}, "y.z": {}, "w": {"$ref": "#/no"}}}
    )
    assert set(found.unread) == {"https://example.com/x", "y.z", "#/no"}
    assert [*(found.plan.events["a.b"].properties or {})] == ["x", "w"]


def test_a_schema_that_contains_itself_is_read_once() -> None:
    node = {"properties": {name: {"$ref": "#/definitions/node"} for name in ("a", "b")} | {"list": {"type": "array"}}}
    node["properties"]["list"]["items"] = {"$ref": "#/definitions/node"}
    ring = {"allOf": [{"$ref": "#/definitions/ring"}] * 2}
    document = {
        "title": "a.b",
        "properties": {"tree": {"$ref": "#/definitions/node"}, "ring": {"$ref": "#/definitions/ring"}},
        "definitions": {"node": node, "ring": ring},
    }
    properties = events_of(document)["a.b"]["properties"]
    assert properties["tree.a"] == properties["tree.list"]["elements"] == {"type": "object"}
    assert len(properties) < 10


UNUSABLE = [
    (b"{", "0.json:1:2: this is no JSON"),
    (b"\xff", "0.json is not UTF-8"),
    (b"[" * 100_000, "nested too deep"),
    (b'{"a": 1}', "describes no events: a tracking plan is of Segment Protocols"),
    (b"[]", "describes no events"),
]


@pytest.mark.parametrize(("content", "said"), UNUSABLE)
def test_what_is_no_tracking_plan_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(UnusableError, match=said.replace("(", "\\(")):
        import_plans([parse_document("0.json", "0", content)], None, as_segment=False)


KEYS = st.sampled_from(
    [
        "type",
        "properties",
        "items",
        "$ref",
        "enum",
        "const",
        "allOf",
        "anyOf",
        "required",
        "title",
        "events",
        "rules",
        "self",
    ]
)
JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.sampled_from(["string", "object", "#", "#/properties/x", ""])
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(KEYS, st.just("x")), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=80)
@given(JSON)
def test_any_json_is_refused_or_becomes_a_plan_that_is_read_back(document: Any) -> None:
    try:
        plan = imported(document).plan
    except UnusableError:
        return
    assert read_plan("events.yaml", plan_yaml(plan).encode()) == plan


# ---------------------------------------------------------------- export

RULES: dict[str, Any] = {
    "account": "acme",
    "cast": [{"event": "order.completed", "number": ["total"], "instant": {"paid_at": "epoch_millis"}}],
    "derive": [{"event": "order.line", "from": "order.completed", "each": "lines", "keep": ["order_id"]}],
    "rules": [
        {
            "id": "cart",
            "when": {"event": "cart.opened", "where": {"cart.total": {"gte": 5}, "contact": {"tier": "gold"}}},
            "wait": {"field": "days", "unit": "days", "default": "1d"},
            "unless": {"event": "order.completed", "same": "cart.id"},
        },
        {"id": "sum", "audience": {"sum": "total", "of": "order.completed", "gte": 500}},
        {"id": "line", "when": "order.line", "wait": "30d", "per": ["sku", "order_id"]},
        {"id": "date", "when": "trial.started", "wait": {"until": "ends_on"}, "include": {"plan": "plan"}},
        {"id": "paid", "when": "order.completed", "wait": {"until": "paid_at", "days": 1}},
        {"id": "off", "when": "never.sent", "mode": "off"},
    ],
}
FITS: list[dict[str, Any]] = [
    {"type": "cart.opened", "properties": {"cart": {"id": "c", "total": 3}}},
    {"type": "cart.opened", "properties": {"cart": {"id": "c"}, "days": 3}},
    {
        "type": "order.completed",
        "properties": {"cart": {"id": 1}, "total": "5", "paid_at": 1, "order_id": "o", "lines": [{"sku": "a"}]},
    },
    {
        "type": "order.completed",
        "properties": {"cart": {"id": 1}, "total": 5, "paid_at": "1", "order_id": "o", "lines": []},
    },
    {"type": "trial.started", "properties": {"ends_on": "2026-11-01"}},
    {"type": "contact.updated", "properties": {"tier": "gold"}},
    {"type": "contact.updated"},
    {"type": "anything.else", "properties": {"cart": 1}},
]
FITS_NOT: list[tuple[dict[str, Any], str]] = [
    ({"type": "cart.opened"}, "properties"),
    ({"type": "cart.opened", "properties": {"cart": {}}}, "id"),
    ({"type": "cart.opened", "properties": {"cart": {"id": "c", "total": "3"}}}, "number"),
    ({"type": "cart.opened", "properties": {"cart": {"id": ["c"]}}}, "string"),
    ({**FITS[2], "properties": {**FITS[2]["properties"], "lines": [{"name": "a"}]}}, "sku"),
    ({**FITS[2], "properties": {**FITS[2]["properties"], "total": True}}, "number"),
    ({"type": "trial.started", "properties": {"ends_on": "tomorrow"}}, "match"),
    ({"type": "contact.updated", "properties": {"tier": 3}}, "string"),
]
VALIDATOR = jsonschema.Draft202012Validator(schema_of_needs(load_document(RULES)))


@pytest.mark.parametrize("event", FITS)
def test_an_event_that_rules_can_use_meets_the_schema(event: dict[str, Any]) -> None:
    assert [one.message for one in VALIDATOR.iter_errors(event)] == []


@pytest.mark.parametrize(("event", "said"), FITS_NOT)
def test_an_event_that_rules_cannot_use_does_not_meet_the_schema(event: dict[str, Any], said: str) -> None:
    errors = [one.message for one in VALIDATOR.iter_errors(event)]
    assert errors
    assert any(said in one for one in errors)


def test_the_schema_names_no_type_of_a_rule_that_is_off_or_derived() -> None:
    jsonschema.Draft202012Validator.check_schema(VALIDATOR.schema)
    assert sorted(VALIDATOR.schema["$defs"]) == ["cart.opened", "contact.updated", "order.completed", "trial.started"]
    total = VALIDATOR.schema["$defs"]["order.completed"]["properties"]["properties"]["properties"]["total"]
    assert total["$comment"] == "needed by cast, sum"


def test_what_rules_need_makes_a_plan_that_they_fit() -> None:
    ruleset = load_document(RULES)
    plan = imported(schema_of_needs(ruleset)).plan
    assert sorted(plan.events) == ["cart.opened", "contact.updated", "order.completed", "trial.started"]
    assert check_rules(ruleset, [plan]) == []
    assert check_rules(ruleset, [PlanObject.model_validate({"events": {}})]) != []
