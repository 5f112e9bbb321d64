"""`kittiwake validate`."""

from __future__ import annotations

from pathlib import Path

from tests.cli.command import RULES, kittiwake, write

BAD = """\
account: acme
rules:
  - id: cart
    when: cart.item_added
    wait: 1 hour
    unles: order.completed
"""
ODD = RULES.replace("unless: order.completed", "unless: cart.item_added")


def test_good_rules_are_fine(tmp_path: Path) -> None:
    ran = kittiwake("validate", write(tmp_path / "rules.yaml", RULES))
    assert (ran.code, ran.err) == (0, "")
    first, version = ran.out.splitlines()
    assert first == "account acme: 1 rule"
    assert version.startswith("ruleset_version ")


def test_rules_of_every_account_are_said_to_be(tmp_path: Path) -> None:
    path = write(tmp_path / "rules.yaml", RULES.replace("acme", '"*"'))
    assert "every account: 1 rule" in kittiwake("validate", path).out


def test_a_folder_and_several_files_are_one_rule_set(tmp_path: Path) -> None:
    write(tmp_path / "rules" / "a.yaml", RULES)
    write(tmp_path / "rules" / "b.yaml", RULES.replace("id: cart", "id: basket"))
    other = write(tmp_path / "globex.yaml", RULES.replace("acme", "globex"))
    ran = kittiwake("validate", tmp_path / "rules", other, "--json")
    assert ran.code == 0
    assert ran.data["accounts"] == {"acme": 2, "globex": 1}


def test_every_error_is_told_with_its_place_its_line_and_what_to_write(tmp_path: Path) -> None:
    path = write(tmp_path / "rules.yaml", BAD)
    ran = kittiwake("validate", path)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines() == [
        f'{path}:5:11: "1 hour" is no duration. Write 1h.',
        "        wait: 1 hour",
        "              ^",
        f"{path}:6:5: unles is no key here. Did you mean unless?",
        "        unles: order.completed",
        "        ^",
        "2 errors",
    ]


def test_errors_are_data_for_programs(tmp_path: Path) -> None:
    path = write(tmp_path / "rules.yaml", BAD)
    ran = kittiwake("validate", path, "--json")
    assert (ran.code, ran.err) == (2, "")
    assert ran.data["ok"] is False
    assert ran.data["errors"][1] == {
        "file": str(path),
        "line": 6,
        "column": 5,
        "path": "rules[0].unles",
        "message": "unles is no key here",
        "advice": "Did you mean unless?",
        "code": "unknown_key",
    }


def test_odd_rules_can_be_used_and_are_findings(tmp_path: Path) -> None:
    path = write(tmp_path / "rules.yaml", ODD)
    ran = kittiwake("validate", path)
    assert ran.code == 1
    assert ran.err.startswith(f"{path}:6:")
    assert ran.out.startswith("account acme: 1 rule\n")
    found = kittiwake("validate", path, "--json")
    assert found.code == 1
    assert found.data["ok"] is True
    assert [one["code"] for one in found.data["findings"]] == ["unless_equals_when"]


def test_consent_by_default_is_said_once_an_account_and_is_no_finding(tmp_path: Path) -> None:
    consent = "policy: {consent: {purpose: marketing, default: granted}}\nrules:"
    path = write(tmp_path / "rules.yaml", RULES.replace("rules:", consent))
    ran = kittiwake("validate", path)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.count("account acme: who has not said anything counts as consenting (marketing)") == 1
    assert kittiwake("validate", path, "--json").data["consenting_by_default"] == {"acme": ["marketing"]}
    path.write_text(path.read_text(encoding="utf-8").replace("granted", "withdrawn"), encoding="utf-8")
    assert "consenting" not in kittiwake("validate", path).out


def test_a_file_that_is_not_there_is_unusable(tmp_path: Path) -> None:
    ran = kittiwake("validate", tmp_path / "gone.yaml")
    assert ran.code == 2
    assert ran.err.startswith(f"{tmp_path}/gone.yaml: this file cannot be read: No such file or directory")


def test_a_long_or_unprintable_line_is_not_shown(tmp_path: Path) -> None:
    path = write(tmp_path / "rules.yaml", "account: acme\nrules: [{id: a, when: b.c, wait: x, unless: [" + "a.b, " * 50)
    ran = kittiwake("validate", path)
    assert ran.code == 2
    assert "^" not in ran.err


def test_a_target_is_not_taken_for_a_folder_of_rules(tmp_path: Path) -> None:
    rules, target = write(tmp_path / "rules" / "a.yaml", RULES).parent, tmp_path / "target"
    assert kittiwake("publish", rules, target, "--effective-from", "always").code == 0
    ran = kittiwake("validate", target)
    assert ran.code == 2
    assert f"{target} is a target" in ran.err
    assert f"kittiwake versions {target}" in ran.err
