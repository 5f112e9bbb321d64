"""`when: {sequence: …}`: in-order chains, the newest start, what completes and clears them."""

from __future__ import annotations

import pytest

from kittiwake.model import Event
from tests.kernel.execution_modes import decided_in_every_mode
from tests.kernel.programs import at, ids_of, program, timeline

CHAIN = "{when: {sequence: [a, b, c], within: 1h}}"
NOON = at("2026-11-02T12:00:00Z")


def test_the_last_event_of_a_chain_arms() -> None:
    (fired,) = timeline(
        CHAIN,
        """
        does   ABC.
        r      ..!.
        """,
    )
    assert ids_of(fired) == ("0-002", "0-002", 1)


def test_steps_count_in_order_only() -> None:
    timeline(
        CHAIN,
        """
        hours  0   1   2   3   4
        does   BAC..CBA.....ACB
        r      ................
        """,
    )


def test_other_events_between_the_steps_do_not_matter() -> None:
    timeline(
        "{when: {sequence: [a, b, c], within: 90m}}",
        """
        does   ADBDC
        r      ....!
        """,
    )


def test_the_last_event_comes_less_than_within_after_the_first() -> None:
    timeline(
        CHAIN,
        """
        hours  0   1   2   3
        does   ABBC...A.B.C..
        r      ...!...........
        """,
    )


def test_the_chain_with_the_latest_start_wins() -> None:
    timeline(
        CHAIN,
        """
        hours  0   1   2
        does   A..AB.C
        r      ......!
        does   .......
        """,
    )


def test_a_newer_start_without_its_second_step_does_not_take_the_older_ones() -> None:
    timeline(
        CHAIN,
        """
        hours  0   1   2
        does   ABAC....
        r      ...!....
        does   .......C
        """,
    )


def test_an_older_prefix_that_has_expired_gives_way_to_a_newer_one() -> None:
    timeline(
        CHAIN,
        """
        hours  0   1   2
        does   AB.AB.C.
        r      ......!.
        """,
    )


def test_completing_clears_every_prefix() -> None:
    timeline(
        CHAIN,
        """
        does   AABCCBC.
        r      ...!....
        """,
    )


def test_completing_clears_the_chains_even_when_given_refuses() -> None:
    timeline(
        "{when: {sequence: [a, b], within: 1d}, given: {present: d, within: 1d}}",
        """
        does   ABDBAB
        r      .....!
        """,
    )


def test_an_event_that_completes_a_chain_starts_none() -> None:
    timeline(
        "{when: {sequence: [a, a], within: 1d}}",
        """
        does   AAAAA
        r      .!.!.
        """,
    )


def test_one_event_extends_several_prefixes_but_never_its_own() -> None:
    timeline(
        "{when: {sequence: [a, a, a], within: 1d}}",
        """
        does   AAAAAAA
        r      ..!..!.
        """,
    )


def test_a_longer_prefix_takes_the_newest_start_that_reached_it() -> None:
    timeline(
        "{when: {sequence: [a, [a, b], c], within: 1h}}",
        """
        hours  0   1   2
        does   A.A.BC...A.B..C
        r      .....!.........
        """,
    )


def test_chains_are_kept_per_instance() -> None:
    fired = timeline(
        "{when: {sequence: [a, b], within: 1d}, per: p}",
        """
        does   ADBEF
        r      ...!!
        """,
        A={"p": 1},
        D={"type": "a", "p": 2},
        B={"p": 3},
        E={"type": "b", "p": 2},
        F={"type": "b", "p": 1},
    )
    assert [one.instance for one in fired] == ['{"p":2}', '{"p":1}']


def test_an_event_that_lacks_a_per_property_is_no_step() -> None:
    timeline(
        "{when: {sequence: [a, b], within: 1d}, per: p}",
        """
        does   ACBB
        r      ....
        """,
        A={"q": 1},
        C={"type": "a", "p": [1]},
        B={"p": 1},
    )


def test_an_event_that_lacks_a_same_property_may_be_an_earlier_step_and_completes_without_arming() -> None:
    timeline(
        "{when: {sequence: [a, b], within: 1d}, wait: 15m, unless: {event: d, same: p}}",
        """
        does   ABB.AC..
        r      ......!.
        """,
        C={"type": "b", "p": 1},
    )


def test_a_sequence_may_wait_and_a_further_chain_starts_the_wait_anew() -> None:
    (fired,) = timeline(
        "{when: {sequence: [a, b], within: 1h}, wait: 1h, unless: c}",
        """
        hours  0   1   2
        does   AB.AB....ABC......
        r      ........!.........
        """,
    )
    assert ids_of(fired) == ("0-001", "0-004", 2)


def test_steps_of_one_instant_are_in_the_order_of_their_ids() -> None:
    def fires(*types: str) -> int:
        events = [Event(NOON, str(i), name) for i, name in enumerate(types)]
        return len(decided_in_every_mode(program(CHAIN), events, NOON + 1))

    assert (fires("a", "b", "c"), fires("a", "c", "b"), fires("b", "a", "c"), fires("a", "b", "b", "c")) == (1, 0, 0, 1)


@pytest.mark.parametrize(("late_us", "fires"), [(-1, 1), (0, 0)])
def test_within_is_exact_to_the_microsecond(late_us: int, fires: int) -> None:
    hour_us = 3_600_000_000
    events = [Event(NOON, "1", "a"), Event(NOON + 1, "2", "b"), Event(NOON + hour_us + late_us, "3", "c")]
    assert len(decided_in_every_mode(program(CHAIN), events, NOON + 2 * hour_us)) == fires


def test_a_deleted_contact_is_at_the_start_of_every_chain() -> None:
    timeline(
        CHAIN,
        """
        does   ABXC
        r      ....
        """,
        X={"type": "contact.deleted"},
    )
