"""Rules account by account: what is wrong with one keeps nobody else's from being run; nobody runs half of theirs."""

from __future__ import annotations

from pathlib import Path

import pytest

from kittiwake.rules import RulesError, load_files
from kittiwake.rules.by_account import load_by_account, read_by_account
from tests.rules.special_files import MAKERS

GOOD = b"account: acme\nrules: [{id: cart, when: cart.item_added, wait: 1h}]\n"
SHARED = GOOD.replace(b"acme", b'"*"').replace(b"id: cart", b"id: shared")
GLOBEX = GOOD.replace(b"acme", b"globex")
BAD = {
    "a rule": GLOBEX.replace(b"1h", b"1 hour"),
    "the policy": GLOBEX + b"policy: {frequency: 3}\n",
    "the zone": GLOBEX + b"timezone: Mars/Olympus\n",
    "a syntax": GLOBEX + b"policy: {quiet_hours: [\n",
    "a tab": GLOBEX + b"\ttimezone: UTC\n",
    "bytes": GLOBEX + b"# caf\xe9\n",
    "an escape": GLOBEX + b'timezone: "\\ud800"\n',
    "no rules": b"account: globex\n",
    "the depth": GLOBEX + b"policy: " + b"[" * 500,
    "the size": GLOBEX + b"#" * 1_100_000,
    "an id that every account has": GLOBEX.replace(b"id: cart", b"id: shared"),
    "an id twice": GLOBEX.replace(b"rules: [", b"rules: [{id: cart, when: a.b}, "),
}  # fmt: skip


@pytest.mark.parametrize("bad", BAD)
def test_the_account_whose_rules_are_wrong_is_refused_and_the_others_are_as_if_it_had_none(bad: str) -> None:
    found = read_by_account({"acme.yaml": GOOD, "globex.yaml": BAD[bad], "all.yaml": SHARED})
    assert found.ruleset == load_files({"acme.yaml": GOOD, "all.yaml": SHARED})
    assert list(found.refused) == ["globex"]
    assert all("globex.yaml" in str(error) for error in found.refused["globex"])


@pytest.mark.parametrize("bad", BAD)
def test_a_wrong_file_refuses_all_files_of_its_account(bad: str) -> None:
    """One of them may hold its policy, without which its other rules would send what they must not."""
    other = GLOBEX.replace(b"id: cart", b"id: other")
    found = read_by_account({"globex-1.yaml": other, "globex-2.yaml": BAD[bad], "acme.yaml": GOOD, "all.yaml": SHARED})
    assert sorted(found.ruleset.accounts) == ["*", "acme"]
    assert list(found.refused) == ["globex"]


@pytest.mark.parametrize("bad", [name for name in BAD if name != "an id that every account has"])
def test_what_is_wrong_with_the_rules_of_every_account_refuses_everything(bad: str) -> None:
    with pytest.raises(RulesError) as caught:
        read_by_account({"acme.yaml": GOOD, "all.yaml": BAD[bad].replace(b"globex", b'"*"').replace(b"cart,", b"c,")})
    assert {error.file for error in caught.value.errors} == {"all.yaml"}


@pytest.mark.parametrize(
    "content",
    [b"", b"rules: []\n", b"account: [", b"- account: globex\n", b"account: 5\nrules: []\n", b"account: caf\xe9\n"],
)
def test_a_file_whose_account_cannot_be_read_may_be_anybodys_and_refuses_everything(content: bytes) -> None:
    with pytest.raises(RulesError):
        read_by_account({"acme.yaml": GOOD, "who.yaml": content})


@pytest.mark.parametrize("kind", MAKERS)
def test_so_does_what_is_no_file(kind: str, tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_bytes(GOOD)
    MAKERS[kind](tmp_path / "x.yaml")
    with pytest.raises(RulesError, match=r"x\.yaml"):
        load_by_account(tmp_path)


def test_where_no_account_is_left_everything_is_refused() -> None:
    with pytest.raises(RulesError) as caught:
        read_by_account({"globex.yaml": BAD["a rule"], "initech.yaml": BAD["a tab"].replace(b"globex", b"initech")})
    assert [error.file for error in caught.value.errors] == ["globex.yaml", "initech.yaml"]


@pytest.mark.parametrize("bad", ["a rule", "the policy"])
def test_in_json_it_is_the_same(bad: str) -> None:
    rules = '{"account": "globex", "rules": [{"id": "a", "when": 5}]}' if bad == "a rule" else '{"account": "globex", '
    found = read_by_account({"acme.yaml": GOOD, "globex.json": rules.encode()})
    assert (list(found.ruleset.accounts), list(found.refused)) == (["acme"], ["globex"])


def test_accounts_that_differ_in_case_or_composition_are_two(tmp_path: Path) -> None:
    names = ["acme", "ACME", "caf\u00e9", "cafe\u0301", "\u212a", "K"]
    contents = {f"{n}.yaml": GOOD.replace(b"acme", name.encode()) for n, name in enumerate(names)}
    contents["2.yaml"] = contents["2.yaml"].replace(b"1h", b"1 hour")
    found = read_by_account(contents)
    assert sorted(found.ruleset.accounts) == sorted(set(names) - {"caf\u00e9"})
    assert list(found.refused) == ["caf\u00e9"]
