"""Digests: an id of their release, and no more of a list than there is room for."""

from typing import Any

from kittiwake.kernel.evaluate.digest import EMPTY_LIST, list_of, number_listed
from kittiwake.kernel.plan.limits import DEFAULT_LIMITS
from kittiwake.testing import run

AT_US = 1_793_527_200_000_000


def rows_of(
    instances: int, value: str = "", limits: dict[str, int] | None = None, **digest: Any
) -> list[dict[str, Any]]:
    rule = {"id": "r", "when": "a", "per": "k", "include": {"v": "v"}, "digest": {"max": 10, **digest}}
    events = [
        {
            "event_id": f"e{number}",
            "account_id": "acme",
            "contact_id": "c1",
            "type": "a",
            "time": "2026-11-01T10:00:00Z",
            "properties": {"k": number, "v": value},
        }
        for number in range(instances)
    ]
    document = {"account": "acme", "rules": [rule]}
    return run(document, events, AT_US + 1, account="acme", contact="c1", limits=limits)


def test_what_the_list_of_a_digest_has_no_room_for_is_not_listed() -> None:
    room = 700
    rows = rows_of(9, limits={"digest_bytes": room})
    (whole,) = [row for row in rows if row["decision"] == "fired"]
    reasons = [row["reason"] for row in rows if row is not whole]
    assert reasons.count("digested") == len(whole["digest"]["listed"]) in range(1, 9)
    assert whole["digest"]["count"] == 9 == len(reasons)


def test_a_list_is_as_long_as_its_room_allows_and_the_best_is_always_listed() -> None:
    entries = ["x" * 50] * 9
    for number in range(1, 10):
        whole = len(list_of(entries[:number], 1000))
        assert whole == EMPTY_LIST + 50 * number + number - 1
        assert number_listed(entries, 9, whole) == number
        assert number_listed(entries, 9, whole - 1) == max(1, number - 1)
    assert number_listed(entries, 4, 10_000) == 4


def test_the_instances_of_a_digest_share_the_room_of_the_fields_of_one() -> None:
    share = DEFAULT_LIMITS.include_bytes // 10
    (fits, _), (cut, _) = rows_of(1, "x" * (share - 8)), rows_of(1, "x" * (share - 7))
    assert fits["include"] == {"v": "x" * (share - 8)}
    assert cut["include"] == {"v": None, "~cut": ["v"]}


def test_the_id_of_a_digest_does_not_depend_on_what_it_lists() -> None:
    ids = {row["trigger_id"] for number in (1, 5, 20) for row in rows_of(number) if row["decision"] == "fired"}
    assert len(ids) == 1
