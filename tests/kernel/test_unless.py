"""`unless`: what disarms, `same`, the same instant in every order of ids, one event in two roles."""

from __future__ import annotations

from itertools import permutations

import pytest

from kittiwake.model import Event
from tests.kernel.execution_modes import decided_in_every_mode
from tests.kernel.programs import at, ids_of, program, timeline

CART = "{when: a, wait: 1h, unless: b}"


def test_an_unless_event_ends_the_episode_without_a_decision() -> None:
    timeline(
        CART,
        """
        hours  0   1   2
        does   A..B..A....
        r      ..........!
        """,
    )


def test_an_unless_event_at_the_deadline_comes_too_late() -> None:
    timeline(
        CART,
        """
        does   A...B..
        r      ....!..
        """,
    )


def test_an_unless_event_before_the_arming_one_disarms_nothing() -> None:
    timeline(
        CART,
        """
        does   BA......
        r      .....!..
        """,
    )


def test_an_unless_event_takes_every_reminder_that_is_left() -> None:
    timeline(
        "{when: a, wait: [30m, 1h, 2h], unless: b}",
        """
        hours  0   1   2
        does   A..B.....
        r      ..!......
        """,
    )


def test_an_unless_event_without_same_disarms_every_instance() -> None:
    timeline(
        "{when: a, wait: 1h, per: p, unless: b}",
        """
        does   AC.B......
        r      ..........
        """,
        A={"p": 1},
        C={"type": "a", "p": 2},
    )


def test_same_compares_with_the_newest_arming_event() -> None:
    timeline(
        "{when: a, wait: 1h, unless: {event: b, same: p}}",
        """
        hours  0   1   2
        does   AC.B........C..D...
        r      .....!..........!..
        """,
        A={"p": 1},
        C={"type": "a", "p": 2},
        B={"p": 1},
        D={"type": "b"},
    )


def test_without_restart_same_compares_with_the_first_arming_event() -> None:
    timeline(
        "{when: a, wait: 1h, restart: false, unless: {event: b, same: p}}",
        """
        hours  0   1   2   3
        does   AC.B......
        does   .......AC.D...
        r      ...........!..
        """,
        A={"p": 1},
        C={"type": "a", "p": 2},
        B={"p": 1},
        D={"type": "b", "p": 2},
    )


def test_same_may_name_several_properties_and_all_have_to_be_equal() -> None:
    timeline(
        "{when: a, wait: 1h, unless: {event: b, same: [p, q.r]}}",
        """
        does   A.BCDE........A.F...
        r      ....!...............
        """,
        A={"p": 1, "q": {"r": "x"}},
        B={"p": 1, "q": {"r": "y"}},
        C={"type": "b", "p": 2, "q": {"r": "x"}},
        D={"type": "b", "p": 1},
        E={"type": "b", "p": "1", "q": {"r": "x"}},
        F={"type": "b", "p": 1.0, "q": {"r": "x"}},
    )


def test_an_event_that_lacks_a_same_property_does_not_arm() -> None:
    timeline(
        "{when: a, wait: 30m, unless: {event: b, same: p}}",
        """
        does   A...C...D..
        r      ......!....
        """,
        C={"type": "a", "p": 1},
        D={"type": "a", "p": None},
    )


def test_several_alternatives_disarm_each_in_its_own_way() -> None:
    timeline(
        "{when: a, wait: 1h, per: p, unless: [{event: b, same: p}, c, {event: d, where: {final: true}}]}",
        """
        hours  0   1   2   3   4   5
        does   AE.B.......
        does   .......AE.C.....
        does   ..............AEDF..
        does   .......................AB...
        r      .....!..............
        """,
        A={"p": 1},
        E={"type": "a", "p": 2},
        B={"p": 1},
        D={"final": False},
        F={"type": "d", "final": True},
    )


def test_one_event_may_disarm_the_old_episode_and_open_a_new_one() -> None:
    (fired,) = timeline(
        "{when: a, wait: 1h, unless: a}",
        """
        hours  0   1   2
        does   A..A.......
        r      .......!...
        """,
    )
    assert ids_of(fired) == ("0-003", "0-003", 1)


def test_without_wait_unless_cancels_only_what_is_deferred() -> None:
    timeline(
        "{when: a, unless: b}",
        """
        hours  19.21.23......06.08
        does   A..A.B.A..........
        does   B...................
        r      !....u......!.......
        """,
        step="1h",
        start="2026-11-02T19:00:00Z",
        policy="quiet_hours: {from: '21:00', to: '07:00'}",
    )


def test_a_deferred_candidate_is_cancelled_with_the_reminders_after_it() -> None:
    (cancelled,) = timeline(
        "{when: a, wait: [1h, 12h], unless: b}",
        """
        hours  20.22.24......07.09.
        does   .A....B.............
        r      ......u.............
        """,
        step="1h",
        start="2026-11-02T20:00:00Z",
        policy="quiet_hours: {from: '21:00', to: '08:00'}",
    )
    assert (cancelled.time_us, cancelled.decided_us) == (at("2026-11-02T22:00:00Z"), at("2026-11-03T02:00:00Z"))
    assert cancelled.fired_at_us is None


# ---------------------------------------------------------------- at one instant

NOON = at("2026-11-02T12:00:00Z")


def at_noon(rule: str, *events: tuple[str, dict[str, object]], before: str = "") -> list[tuple[str, ...]]:
    """What fires of events of one instant, in the order of their ids."""
    given = [Event(NOON, f"{i}", name, properties) for i, (name, properties) in enumerate(events)]
    given += [Event(NOON - 60_000_000, "before", before, {})] if before else []
    decisions = decided_in_every_mode(program(rule), given, NOON + 7_200_000_001)
    return [(one.events.first, one.events.last) for one in decisions if one.events is not None]


@pytest.mark.parametrize("order", [*permutations("ab")], ids="".join)
def test_an_unless_event_of_the_instant_that_opened_an_episode_disarms_it_whichever_id_is_smaller(
    order: tuple[str, ...],
) -> None:
    assert at_noon(CART, *((name, {}) for name in order)) == []


@pytest.mark.parametrize("order", sorted(set(permutations("aab"))), ids="".join)
def test_it_does_so_however_many_events_open_or_restart_the_episode(order: tuple[str, ...]) -> None:
    assert at_noon(CART, *((name, {}) for name in order)) == []


@pytest.mark.parametrize("order", sorted(set(permutations("aab"))), ids="".join)
def test_it_does_so_without_restart_too(order: tuple[str, ...]) -> None:
    assert at_noon("{when: a, wait: 1h, restart: false, unless: b}", *((name, {}) for name in order)) == []


@pytest.mark.parametrize("order", sorted(set(permutations("ab"))), ids="".join)
def test_an_episode_opened_earlier_is_disarmed_and_opened_anew_in_order_only(order: tuple[str, ...]) -> None:
    """The instant's `b` disarms the old episode. A new one opened after it was opened at this instant too."""
    assert at_noon(CART, *((name, {}) for name in order), before="a") == []


def test_an_episode_opened_earlier_and_restarted_at_the_instant_outlives_an_earlier_unless_of_another_key() -> None:
    rule = "{when: a, wait: 1h, unless: {event: b, same: p}}"
    one, two = {"p": 1}, {"p": 2}
    first = [Event(NOON - 60_000_000, "before", "a", one)]
    then = [Event(NOON, "0", "b", two), Event(NOON, "1", "a", two)]
    (fired,) = decided_in_every_mode(program(rule), first + then, NOON + 7_200_000_001)
    assert ids_of(fired) == ("before", "1", 2)


def test_an_unless_event_of_another_key_spares_the_episode_until_a_restart_takes_its_key() -> None:
    rule = "{when: a, wait: 1h, unless: {event: b, same: p}}"
    one, two = {"p": 1}, {"p": 2}
    assert at_noon(rule, ("b", two), ("a", one)) == [("1", "1")]
    assert at_noon(rule, ("b", two), ("a", one), ("a", two)) == []
    assert at_noon(rule, ("b", two), ("a", two), ("a", one)) == [("2", "2")]
    assert at_noon(rule, ("a", one), ("b", two), ("a", two)) == []
    assert at_noon(rule, ("a", one), ("a", two), ("b", two)) == []


def test_an_event_never_disarms_what_it_opens() -> None:
    assert at_noon("{when: [a, b], wait: 1h, unless: b}", ("b", {})) == [("0", "0")]


def test_an_unless_event_that_opened_an_episode_of_the_instant_does_not_disarm_a_later_one() -> None:
    rule = "{when: [a, b], wait: 1h, unless: b}"
    assert at_noon(rule, ("b", {}), ("a", {})) == [("0", "1")]
    assert at_noon(rule, ("a", {}), ("b", {})) == [("1", "1")]
    assert at_noon(rule, ("b", {}), ("b", {})) == [("1", "1")]
    assert at_noon(rule, ("a", {}), ("b", {}), ("a", {})) == [("1", "2")]


def test_an_unless_event_that_opened_one_instance_still_disarms_another() -> None:
    rule = "{when: [a, b], wait: 1h, per: p, unless: b}"
    assert at_noon(rule, ("b", {"p": 1}), ("a", {"p": 2})) == [("0", "0")]
    assert at_noon(rule, ("a", {"p": 2}), ("b", {"p": 1})) == [("1", "1")]


def test_an_unless_event_that_restarted_the_episode_disarms_it_at_its_next_match() -> None:
    """It opened nothing and, once another event is the newest, it is another event with the same value."""
    rule = "{when: [a, b], wait: 1h, unless: {event: b, same: p}}"
    assert at_noon(rule, ("a", {"p": 1}), ("b", {"p": 2})) == [("0", "1")]
    assert at_noon(rule, ("a", {"p": 1}), ("b", {"p": 2}), ("a", {"p": 2})) == []
    assert at_noon(rule, ("a", {"p": 1}), ("b", {"p": 2}), ("a", {"p": 3})) == [("0", "2")]


def test_a_match_that_cannot_wait_neither_restarts_nor_disarms_at_the_instant() -> None:
    rule = "{when: a, wait: {field: days, unit: days}, unless: {event: b, same: p}}"
    arms, cannot = {"p": 1, "days": 0}, {"p": 2}
    assert at_noon(rule, ("b", {"p": 2}), ("a", arms), ("a", cannot)) == [("1", "1")]


def test_what_one_instant_disarmed_another_instant_knows_nothing_of() -> None:
    timeline(
        CART,
        """
        does   BA......
        does   .B.A....
        r      .......!
        """,
    )


def test_without_wait_the_same_instant_disarms_nothing() -> None:
    assert at_noon("{when: a, unless: b}", ("b", {}), ("a", {})) == [("1", "1")]
    assert at_noon("{when: a, unless: b}", ("a", {}), ("b", {})) == [("0", "0")]


def test_a_wait_of_nothing_is_disarmed_by_its_own_instant() -> None:
    assert at_noon("{when: a, wait: 0s, unless: b}", ("a", {}), ("b", {})) == []
    assert at_noon("{when: a, wait: 0s, unless: b}", ("b", {}), ("a", {})) == []


def test_a_deleted_contact_forgets_the_unless_events_of_the_instant() -> None:
    assert at_noon(CART, ("b", {}), ("contact.deleted", {}), ("a", {})) == [("2", "2")]


def test_a_match_that_does_not_restart_does_not_ask_again_what_disarms_at_this_instant() -> None:
    """The second restarts, and would itself be what disarms; the third has no usable wait, and changes nothing."""
    timeline(
        "{when: a, wait: {field: n, unit: hours}, unless: {event: a, same: k}}",
        """
        does  A..
        does  B..
        does  C..
        r     !..
        """,
        A={"k": 1, "n": 1},
        B={"type": "a", "k": 2, "n": 0},
        C={"type": "a", "k": 3, "n": "none"},
    )
