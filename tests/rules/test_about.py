"""`description`, `owner` and `tags` decide nothing: an edit of them is published, and is no edit of the rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kittiwake.rules import RuleSet, load_document
from kittiwake.rules.compile.account import compile_account
from kittiwake.rules.limits import DESCRIPTION_CHARS_MAX, TAGS_MAX
from kittiwake.rules.publishing.changes import Change, What, changes
from kittiwake.rules.publishing.loading import load_history
from kittiwake.rules.publishing.publish import publish
from tests.rules.published import LATER_US, NOW_US, first, target_of

CART = {"id": "cart", "when": "cart.item_added", "wait": "1h"}
ABOUT = {"description": "Reminds of a cart.", "owner": "mara", "tags": ["cart", "mail"]}


def of(**said: Any) -> RuleSet:
    return load_document({"account": "acme", "rules": [{**CART, **said}]})


def test_a_rule_has_the_rule_version_that_it_has_without_them() -> None:
    assert of(**ABOUT).rules_of("acme")[0].version == of().rules_of("acme")[0].version


def test_a_rule_set_has_another_version_with_them_so_that_they_can_be_published() -> None:
    assert len({of().version, of(owner="mara").version, of(owner="noor").version}) == 3


def test_the_kernel_remembers_a_rule_as_it_does_without_them() -> None:
    with_them, without = (compile_account(one, "acme").rules[0] for one in (of(**ABOUT), of()))
    assert (with_them.layout, with_them.version) == (without.layout, without.version)
    assert with_them.about is not None
    assert without.about is None


def test_an_edit_of_them_is_told_and_published(tmp_path: Path) -> None:
    target = target_of(tmp_path)
    text = "account: acme\nrules:\n  - {id: cart, when: cart.item_added, wait: 1h, owner: %s}\n"
    first(target, {"cart.yaml": (text % "mara").encode()})
    done = publish(target, {"cart.yaml": (text % "noor").encode()}, LATER_US, NOW_US)
    assert done.changes == (Change("acme", "cart", "owner", What.CHANGED),)
    newest = load_history(target).newest.ruleset
    assert newest.rules_of("acme")[0].rule.owner == "noor"


def test_what_is_added_and_removed_of_them_is_told_beside_an_edit_of_the_rule() -> None:
    found = changes(of(owner="mara", tags=["cart"]), of(description="Reminds.", tags=["mail"], wait="2h"))
    assert [(one.setting, one.what) for one in found] == [
        (None, What.CHANGED),
        ("description", What.ADDED),
        ("owner", What.REMOVED),
        ("tags", What.CHANGED),
    ]


def test_a_description_and_tags_have_their_bounds() -> None:
    most = {"description": "x" * DESCRIPTION_CHARS_MAX, "tags": [f"t{i}" for i in range(TAGS_MAX)]}
    assert of(**most).rules_of("acme")[0].rule.tags == most["tags"]
