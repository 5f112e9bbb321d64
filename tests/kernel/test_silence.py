"""`wait`: silence after an event, reminders, restarts, and what the trigger tells of the episode."""

from __future__ import annotations

from tests.kernel.programs import ids_of, timeline


def test_an_episode_falls_due_after_its_wait_and_fires_once() -> None:
    (fired,) = timeline(
        "{when: a, wait: 1h}",
        """
        hours  0   1   2
        does   A........
        r      ....!....
        """,
    )
    assert fired.time_us == fired.fired_at_us == fired.decided_us
    assert ids_of(fired) == ("0-000", "0-000", 1)
    assert (fired.reminder, fired.threshold, fired.occurrence, fired.instance) == (None, None, None, "{}")


def test_what_is_not_yet_due_when_the_run_ends_leaves_nothing() -> None:
    timeline(
        "{when: a, wait: 1h}",
        """
        does   A..A...
        r      .......
        """,
    )


def test_a_further_match_starts_the_wait_anew_and_counts() -> None:
    (fired,) = timeline(
        "{when: a, wait: 1h}",
        """
        hours  0   1   2
        does   A..A...
        does   ......A........
        r      ..........!....
        """,
    )
    assert ids_of(fired) == ("0-000", "1-006", 3)


def test_a_match_at_the_deadline_comes_too_late_and_opens_another_episode() -> None:
    first, second = timeline(
        "{when: a, wait: 1h}",
        """
        hours  0   1   2
        does   A...A......
        r      ....!...!..
        """,
    )
    assert (ids_of(first), ids_of(second)) == (("0-000", "0-000", 1), ("0-004", "0-004", 1))
    assert first.trigger_id != second.trigger_id


def test_without_restart_the_first_match_keeps_its_deadline_and_later_ones_count() -> None:
    (fired,) = timeline(
        "{when: a, wait: 1h, restart: false, include: {price: price}}",
        """
        hours  0   1   2
        does   A.B........
        r      ....!......
        """,
        A={"price": 1},
        B={"type": "a", "price": 2},
    )
    assert ids_of(fired) == ("0-000", "0-002", 2)
    assert fired.include == '{"price":1}'


def test_with_restart_the_fields_are_those_of_the_newest_match() -> None:
    (fired,) = timeline(
        "{when: a, wait: 1h, include: {price: price, deep: cart.total, none: nothing}}",
        """
        does   A.B........
        r      ......!....
        """,
        A={"price": 1, "cart": {"total": 5}},
        B={"type": "a", "price": 2.50, "cart": {"total": 68.74}},
    )
    assert fired.include == '{"deep":68.74,"none":null,"price":2.5}'


def test_a_list_of_waits_is_a_reminder_each_in_one_episode() -> None:
    reminders = timeline(
        "{when: a, wait: [0s, 30m, 2h]}",
        """
        hours  0   1   2
        does   A...........
        r      !.!.....!...
        """,
    )
    assert [one.reminder for one in reminders] == [0, 1, 2]
    assert len({one.trigger_id for one in reminders}) == 3
    assert {ids_of(one) for one in reminders} == {("0-000", "0-000", 1)}


def test_a_list_of_one_wait_still_numbers_its_reminder() -> None:
    (fired,) = timeline(
        "{when: a, wait: [30m]}",
        """
        does   A....
        r      ..!..
        """,
    )
    assert fired.reminder == 0


def test_a_restart_moves_the_reminders_not_yet_decided_and_brings_no_decided_one_back() -> None:
    reminders = timeline(
        "{when: a, wait: [30m, 1h, 2h]}",
        """
        hours  0   1   2   3
        does   A..A...........
        r      ..!....!...!...
        """,
    )
    assert [one.reminder for one in reminders] == [0, 1, 2]
    assert [one.events and one.events.count for one in reminders] == [1, 2, 2]


def test_the_episode_ends_with_its_last_reminder() -> None:
    reminders = timeline(
        "{when: a, wait: [30m, 1h]}",
        """
        hours  0   1   2
        does   A...A....
        r      ..!.!.!.!
        """,
    )
    assert [one.reminder for one in reminders] == [0, 1, 0, 1]
    assert [one.events and one.events.first for one in reminders] == ["0-000", "0-000", "0-004", "0-004"]


def test_an_episode_that_lost_reminders_to_a_gate_still_ends_with_its_last() -> None:
    timeline(
        "{when: a, wait: [30m, 1h], reentry: 2h}",
        """
        hours  0   1   2   3
        does   A...A....A.....
        r      ..!.!.e.e..e.!.
        """,
    )


def test_a_wait_of_nothing_falls_due_when_the_events_of_its_instant_have_been_taken() -> None:
    (fired,) = timeline(
        "{when: a, wait: 0s}",
        """
        does   A..
        does   A..
        r      !..
        """,
    )
    assert ids_of(fired) == ("0-000", "1-000", 2)


def test_without_wait_every_match_is_an_episode_of_its_own() -> None:
    fired = timeline(
        "{when: a}",
        """
        does   A.A
        does   A..
        r      !.!
        r      !..
        """,
    )
    assert [one.events and one.events.first for one in fired] == ["0-000", "1-000", "0-002"]
    assert {one.events and one.events.count for one in fired} == {1}


def test_per_splits_a_contact_into_instances_that_know_nothing_of_each_other() -> None:
    decisions = timeline(
        "{when: a, wait: 1h, per: [product, shop.id], unless: {event: b, same: product}}",
        """
        hours  0   1   2
        does   AC.B...C....
        does   ..A.........
        r      ......!....!
        """,
        A={"product": 1, "shop": {"id": True}},
        C={"type": "a", "product": "1", "shop": {"id": True}},
        B={"product": "1"},
    )
    assert [one.instance for one in decisions] == ['{"product":1,"shop.id":true}', '{"product":"1","shop.id":true}']


def test_instances_tell_a_number_from_a_text_and_a_bool_but_not_from_its_other_spellings() -> None:
    decisions = timeline(
        "{when: a, wait: 30m, per: p}",
        """
        does   AB.....
        does   C......
        does   T......
        r      ..!!...
        r      ..!....
        """,
        A={"p": 1},
        B={"type": "a", "p": 1.0},
        C={"type": "a", "p": "1"},
        T={"type": "a", "p": True},
    )
    assert [one.instance for one in decisions] == ['{"p":"1"}', '{"p":true}', '{"p":1}']


def test_an_event_that_lacks_a_per_property_takes_no_part() -> None:
    timeline(
        "{when: a, wait: 30m, per: p}",
        """
        does   ABCDE....
        r      ..!......
        """,
        A={"p": 1},
        B={"type": "a"},
        C={"type": "a", "p": None},
        D={"type": "a", "p": {"deep": 1}},
        E={"type": "a", "p": [1]},
    )


def test_a_star_arms_with_every_event_but_those_about_the_contact_itself() -> None:
    timeline(
        '{when: "*", wait: 30m}',
        """
        does   A.UGW..B...
        r      ..!......!.
        """,
        U={"type": "contact.updated", "tier": "gold"},
        G={"type": "consent.granted"},
        W={"type": "consent.withdrawn"},
    )


def test_a_rule_may_name_events_about_the_contact() -> None:
    timeline(
        "{when: [contact.updated, consent.granted]}",
        """
        does   UGAW
        r      !!..
        """,
        U={"type": "contact.updated"},
        G={"type": "consent.granted"},
        W={"type": "consent.withdrawn"},
    )
