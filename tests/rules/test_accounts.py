"""Programs: compiled when first needed, checked before anything runs, and light to send."""

from __future__ import annotations

import pickle

import pytest

from kittiwake.kernel.plan.versions import as_versions
from kittiwake.kernel.run.dispatch import handlers_of
from kittiwake.rules.compile import accounts as module
from kittiwake.rules.compile.account import compile_account
from kittiwake.rules.compile.accounts import Programs, plan_of
from kittiwake.rules.errors import RulesError
from kittiwake.rules.loader import load_files

OWN = b"account: acme\nrules: [{id: own, when: cart.item_added}]\n"
SHARED = b"account: '*'\nrules: [{id: shared, when: order.completed}]\n"


@pytest.fixture
def programs() -> Programs:
    return Programs(load_files({"own.yaml": OWN, "shared.yaml": SHARED}))


def test_an_account_has_its_own_rules_and_the_shared_ones(programs: Programs) -> None:
    assert {rule.rule_id for rule in programs.of("acme").newest.rules} == {"own", "shared"}
    assert {rule.rule_id for rule in programs.of("stranger").newest.rules} == {"shared"}


def test_accounts_that_no_rule_file_names_share_a_program_that_is_as_if_compiled_for_them(programs: Programs) -> None:
    rules = load_files({"own.yaml": OWN, "shared.yaml": SHARED})
    for account_id in ("stranger", "acme"):
        plan = programs.plan(account_id)
        assert plan == plan_of(as_versions(compile_account(rules, account_id)))
        assert plan.versions.newest.account_id == account_id
    stranger, other, acme = (handlers_of(programs.of(name).newest) for name in ("stranger", "other", "acme"))
    assert stranger is other
    assert stranger is not acme


def test_a_program_is_compiled_once(programs: Programs) -> None:
    assert programs.of("stranger") is programs.of("stranger")


def test_what_travels_is_the_rule_set_alone_and_means_the_same(programs: Programs) -> None:
    light = len(pickle.dumps(programs))
    for number in range(50):
        programs.of(f"a{number}")
    assert len(pickle.dumps(programs)) == light
    copy = pickle.loads(pickle.dumps(programs))
    assert (copy.of("acme"), copy.used) == (programs.of("acme"), programs.used)


def test_programs_are_forgotten_before_they_fill_memory(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PROGRAMS_MAX", 5)
    before = programs.of("a0")
    for number in range(20):
        programs.of(f"a{number}")
    assert programs.of("a0") == before
    assert programs.of("a0") is not before


def test_a_rule_that_cannot_run_yet_is_found_before_anything_is_read() -> None:
    item_rule = (
        b"rules: [{id: a, when: {item: {price: {drops_by: 10%}}}, interest: {events: x.y, item: p, within: 1d}}]"
    )
    with pytest.raises(RulesError):
        Programs(load_files({"item.yaml": item_rule}))
