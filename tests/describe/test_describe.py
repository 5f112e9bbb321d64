"""Every clause, gate and setting stands in some sentence: whoever edits one edits a description."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from kittiwake.describe.document import DescribedAccount, describe, lines_of, markdown_of
from kittiwake.rules.loader import load_files
from kittiwake.rules.model.policy import PolicyObject
from kittiwake.rules.model.rule import Rule
from kittiwake.rules.recipes import recipe_names
from kittiwake.rules.ruleset import PREPARING
from tests.cli.command import kittiwake, write

ARMED: dict[str, Any] = {"when": "cart.item_added"}
WAITING = {**ARMED, "wait": "1h"}
COUNT = {"count": "page.viewed", "within": "1d", "gte": 2}
SPENT = {"sum": "total", "of": "order.completed", "gte": 9}
AUDIENCE: dict[str, Any] = {"audience": SPENT}
CATALOG = {
    "when": {"item": {"price": {"drops_by": "10%"}}},
    "interest": {"events": ["product.viewed"], "item": "sku", "within": "30d"},
}
UNTIL = {"until": "contact.birthday", "at": "10:00", "repeat": "yearly"}

RULES: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {
    "when": (ARMED, [
        {"when": "product.viewed"},
        {"when": "*"},
        {"when": {"event": "cart.item_added", "where": {"price": {"gt": 5}}}},
        {"when": {"contact": {"tier": {"becomes": "gold", "from": "silver"}}}},
        {"when": {"sequence": ["product.viewed", "cart.item_added"], "within": "30m"}},
        {"when": {"sequence": ["product.viewed", "cart.item_added"], "within": "31m"}},
        CATALOG,
    ]),
    "given": (ARMED, [
        {"given": COUNT},
        {"given": {**COUNT, "within": "2d"}},
        {"given": {**COUNT, "within": "today"}},
        {"given": {**COUNT, "gte": 3}},
        {"given": {**COUNT, "same": "sku"}},
        {"given": {"absent": "page.viewed"}},
        {"given": {"last": "plan", "of": "plan.set", "in": ["a", "b"]}},
        {"given": {"any": [COUNT, {"not": {"contact": {"tier": "gold"}}}]}},
        {"given": {"all": [COUNT, {"not": {"contact": {"tier": "gold"}}}]}},
        {"given": {"in": "audience"}},
    ]),
    "still": (WAITING, [{"still": COUNT}]),
    "wait": (WAITING, [
        {"wait": "2h"},
        {"wait": ["1h", "2h"]},
        {"wait": {"field": "days", "unit": "days"}},
        {"wait": {"field": "days", "unit": "hours"}},
        {"wait": {"field": "days", "unit": "days", "default": "3d"}},
        {"wait": {"days": 1, "at": "10:00"}},
        {"wait": {"days": 1, "at": "10:00", "on": ["tue"]}},
        {"wait": {"days": 1}},
        {"wait": {"until": "contact.birthday"}},
        {"wait": {"until": "birthday"}},
        {"wait": {"until": "birthday", "offset": "-1d"}},
        {"wait": {"until": "birthday", "days": -7}},
        {"wait": UNTIL},
        {"wait": {**UNTIL, "repeat": "monthly"}},
        {"wait": {**UNTIL, "repeat": "FREQ=YEARLY"}},
        {"wait": {**UNTIL, "except": ["2027-01-01"]}},
    ]),
    "unless": (WAITING, [{"unless": "order.completed"}, {"unless": {"event": "order.completed", "same": "sku"}}]),
    "per": (ARMED, [{"per": "sku"}, {"per": ["sku", "shop"]}]),
    "restart": (WAITING, [{"restart": False}]),
    "reaches": (ARMED, [
        {"reaches": {"count": True, "at": [3]}},
        {"reaches": {"sum": "total", "at": [3]}},
        {"reaches": {"sum": "total", "at": [3, 4]}},
        {"reaches": {"sum": "total", "at": [3], "within": "this_month"}},
    ]),
    "interest": (CATALOG, [
        {"interest": {**CATALOG["interest"], "within": "31d"}},
        {"interest": {**CATALOG["interest"], "item": "product_id"}},
        {"when": {"item": {"price": {"drops_by": "10%"}}, "since": "interest"}},
    ]),
    "audience": (AUDIENCE, [{"audience": COUNT}, {"audience": {"not": SPENT}}]),
    "emits": (AUDIENCE, [{"emits": ["entered", "exited"]}]),
    "include": (ARMED, [{"include": {"p": "price"}}, {"include": {"p": "contact.tier"}}, {"include": {"q": "price"}}]),
    "digest": ({"when": "cart.item_added", "per": "sku", "include": {"p": "price"}}, [
        {"digest": {"max": 2}},
        {"digest": {"max": 3}},
        {"digest": {"max": 3, "highest": "p"}},
        {"digest": {"max": 3, "lowest": "p"}},
    ]),
    "mode": (ARMED, [{"mode": "shadow"}, {"mode": "off"}]),
    "priority": (ARMED, [{"priority": 51}]),
    "reentry": (ARMED, [{"reentry": "once"}, {"reentry": "2d"}]),
    "group": (ARMED, [{"group": "intent"}]),
    "channel": (ARMED, [{"channel": "email"}, {"channel": "push"}]),
    "transactional": (ARMED, [{"transactional": True}]),
    "holdout": (ARMED, [{"holdout": False}]),
    "rollout": (ARMED, [{"rollout": {"percent": 5}}, {"rollout": {"percent": 6}},
                        {"rollout": {"percent": 5, "salt": "x"}}]),
    "expires": (ARMED, [{"expires": "1d"}]),
    "keep": (ARMED, [{"keep": "10d", "reentry": "once"}, {"keep": "11d", "reentry": "once"}]),
    "live_from": (ARMED, [{"live_from": "2026-01-01T00:00:00Z"}]),
    "variants": (ARMED, [{"variants": {"a": 50, "b": 50}}, {"variants": {"a": 40, "b": 60}},
                         {"variants": {"a": 50, "b": 50, "salt": "x"}}]),
    "description": (ARMED, [{"description": "what for"}]),
    "owner": (ARMED, [{"owner": "me"}]),
    "tags": (ARMED, [{"tags": ["one"]}]),
}  # fmt: skip
"""By key of a rule: a rule, and edits of it, no two of which read alike."""

QUIET = {"from": "21:00", "to": "08:00"}
POLICY: dict[str, list[Any]] = {
    "live_from": ["2026-01-01T00:00:00Z"],
    "history_from": ["2026-01-01T00:00:00Z"],
    "consent": [{"purpose": "mail"}, {"purpose": "mail", "default": "withdrawn"}],
    "holdout": [{"percent": 5, "salt": "a"}, {"percent": 6, "salt": "a"}, {"percent": 5, "salt": "b"}],
    "frequency": [[{"max": 1, "per": "day"}], [{"max": 1, "per": "1d"}], [{"max": 1, "per": "day", "group": "intent"}]],
    "quiet_hours": [QUIET, {**QUIET, "to": "09:00"}, [{**QUIET, "days": ["sat"]}], [{**QUIET, "days": ["sun"]}]],
    "channels": [{"email": {}}, {"email": {"quiet_hours": QUIET}}, {"email": {"consent": {"purpose": "mail"}}},
                 {"email": {"frequency": {"max": 1, "per": "day"}}}],
    "arbitration": [{"within": "2h"}, {"within": "3h"}, {"within": "2h", "max": 2}],
    "feeds": [{"order.completed": {"every": "6h"}}, {"order.completed": {"every": "7h"}},
              {"order.completed": {"every": "6h", "mode": "hold"}}, {"order.paid": {"every": "6h"}}],
    "breaker": [{"cart.item_added": {"max": 5, "per": "6h"}}, {"cart.item_added": {"max": 6, "per": "6h"}},
                {"cart.item_added": {"max": 5, "per": "7h"}}, {"order.paid": {"max": 5, "per": "6h"}},
                {"cart.item_added": {"max": 5, "per": "6h", "mode": "hold"}}],
    "retention": ["300d"],
    "profile_retention": ["900d"],
}  # fmt: skip
DOCUMENT: dict[str, list[Any]] = {
    "cast": [[{"event": "cart.item_added", "number": "price"}],
             [{"event": "cart.item_added", "instant": {"price": "epoch_seconds"}}]],
    "repeats": [[{"event": "cart.item_added", "same": "id", "within": "2d"}],
                [{"event": "cart.item_added", "same": "id", "within": "3d"}]],
    "derive": [[{"event": "product.viewed", "from": "cart.item_added", "each": "lines"}],
               [{"event": "product.viewed", "from": "cart.item_added", "each": "lines", "keep": ["id"], "as": "sku"}]],
    "timezone": ["America/Toronto"],
    "calendar": [["2027-01-01"], ["2027-01-02"]],
}  # fmt: skip
CHANNELS = {"channels": {"email": {}, "push": {"consent": {"purpose": "push"}}}}


def _described(document: dict[str, Any]) -> tuple[DescribedAccount, ...]:
    return describe(load_files({"acme.yaml": yaml.safe_dump(document).encode()}))


def _of_rule(rule: dict[str, Any], **document: Any) -> str:
    audience = {"id": "audience", **AUDIENCE, "mode": "off"}
    found = _described({"account": "acme", "rules": [{"id": "one", **rule}, audience], **document})
    return "\n".join(lines_of(found))


def test_every_key_of_a_rule_and_of_a_policy_is_edited_here() -> None:
    written_out = {"id", "use", "with_"}
    assert {*RULES} | written_out == {*Rule.model_fields}
    assert {*POLICY} == {*PolicyObject.model_fields}
    assert {*PREPARING} <= {*DOCUMENT}


@pytest.mark.parametrize("key", RULES)
def test_an_edit_of_a_key_of_a_rule_is_an_edit_of_its_sentences(key: str) -> None:
    rule, edits = RULES[key]
    policy = {**CHANNELS, "holdout": {"percent": 5, "salt": "a"}, "frequency": [{"max": 1, "per": "day"}]}
    texts = [_of_rule({**rule, **edit}, policy=policy) for edit in ({}, *edits)]
    assert len({*texts}) == len(texts)


@pytest.mark.parametrize("key", POLICY)
def test_an_edit_of_a_key_of_a_policy_is_an_edit_of_some_sentence(key: str) -> None:
    given = {"given": {"present": "page.viewed", "within": "1d"}}
    texts = [_of_rule({**ARMED, **given}, policy=policy) for policy in ({}, *({key: one} for one in POLICY[key]))]
    assert len({*texts}) == len(texts)


@pytest.mark.parametrize("key", DOCUMENT)
def test_an_edit_beside_the_rules_is_an_edit_of_some_sentence(key: str) -> None:
    rule = {"when": ["cart.item_added", "product.viewed"], "wait": {"days": 1, "on": "workdays", "at": "09:00"}}
    calendar = {} if key == "calendar" else {"calendar": ["2027-05-05"]}
    texts = [_of_rule(rule, **{**calendar, **more}) for more in ({}, *({key: one} for one in DOCUMENT[key]))]
    assert len({*texts}) == len(texts)


def test_every_shipped_recipe_is_described() -> None:
    rules = [{"id": name, "use": name} for name in recipe_names()]
    (account,) = _described({"account": "acme", "rules": rules})
    assert [rule.rule_id for rule in account.rules] == [*recipe_names()]
    assert all(sentence.endswith(".") for rule in account.rules for sentence in rule.says)


def test_what_an_author_wrote_means_nothing_in_markdown() -> None:
    rule = {"id": "one", **ARMED, "description": "<b>*x* | [y](z)\n# big"}
    page = "\n".join(markdown_of(_described({"account": "acme", "rules": [rule]})))
    assert "\\<b\\>\\*x\\* \\| \\[y\\](z)" in page
    assert [line for line in page.splitlines() if line.startswith("# ")] == []


def test_the_command_prints_text_markdown_and_json(tmp_path: Path) -> None:
    rules = write(tmp_path / "rules.yaml", "account: acme", "rules:", "  - {id: cart, when: cart.item_added, wait: 1h}")
    sentence = "When a contact sends cart.item_added, it falls due 1h later."
    assert f"cart\n  {sentence}\n" in kittiwake("describe", rules).out
    assert "### cart\n\n- When a contact sends cart.item\\_added" in kittiwake("describe", rules, "--markdown").out
    (account,) = kittiwake("describe", rules, "--json").data["accounts"]
    assert account["rules"][0]["says"][0] == sentence
    assert kittiwake("describe", tmp_path / "none.yaml").code == 2
