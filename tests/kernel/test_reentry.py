"""Re-entry: once, a duration, per instance; reminders, thresholds; `keep`."""

from __future__ import annotations

from tests.kernel.programs import timeline


def test_always_is_the_default() -> None:
    timeline("{when: a}", "does AA\nr !!")
    timeline("{when: a, reentry: always}", "does AA\nr !!")


def test_once_is_once_for_as_long_as_keys_are_kept() -> None:
    timeline(
        "{when: a, reentry: once, keep: 4d}",
        """
        does   A..AA...A
        r      !..e!...!
        """,
        step="1d",
    )


def test_once_without_keep_is_four_hundred_days() -> None:
    timeline("{when: a, reentry: once}", "does A...A\nr !...!", step="100d")
    timeline("{when: a, reentry: once}", "does A..A.A\nr !..e.!", step="100d")


def test_a_duration_counts_from_firing_half_open() -> None:
    timeline(
        "{when: a, reentry: 1h}",
        """
        hours  0   1   2
        does   A..AA....A
        r      !..e!....!
        """,
    )


def test_a_refused_candidate_does_not_begin_it_anew() -> None:
    timeline(
        "{when: a, reentry: 1h}",
        """
        hours  0   1   2
        does   AAAAAAAAA
        r      !eee!eee!
        """,
    )


def test_it_counts_from_the_release_of_a_deferred_one() -> None:
    timeline(
        "{when: a, reentry: 11h}",
        """
        hours  22........08.......18..
        does   A................A..A..
        r      ..........!......e..e..
        """,
        step="1h",
        start="2026-11-02T22:00:00Z",
        policy="quiet_hours: {from: '21:00', to: '08:00'}",
    )


def test_each_instance_has_a_record_of_its_own() -> None:
    timeline(
        "{when: a, per: p, reentry: once}",
        """
        does   ABAB
        r      !!ee
        """,
        A={"p": 1},
        B={"type": "a", "p": 2},
    )


def test_it_is_asked_of_an_episodes_first_reminder_that_would_fire() -> None:
    timeline(
        "{when: a, wait: [15m, 30m, 45m], reentry: 1h}",
        """
        hours  0   1   2   3
        does   A...A........
        r      .!!!.ee!.....
        """,
    )
    timeline(
        "{when: a, wait: [15m, 30m, 45m], reentry: 30m}",
        """
        hours  0   1   2   3
        does   A...A....
        r      .!!!.!!!.
        """,
    )
    timeline(
        "{when: a, wait: [15m, 30m, 45m], reentry: 45m}",
        """
        hours  0   1   2   3
        does   A...A....
        r      .!!!.e!!.
        """,
    )


def test_a_restart_within_the_episode_asks_no_more() -> None:
    timeline(
        "{when: a, wait: [15m, 1h], reentry: once}",
        """
        hours  0   1   2   3
        does   A..A......A.......
        r      .!.....!...e..e...
        """,
    )


def test_it_is_asked_of_each_threshold() -> None:
    timeline(
        "{when: a, reaches: {count: true, at: [1, 2, 4]}, reentry: 30m}",
        """
        does   AAAA
        r      !e.!
        """,
    )


def test_it_is_asked_of_entered_but_not_of_exited() -> None:
    timeline(
        "{audience: {present: a, within: 15m}, emits: [entered, exited], reentry: 1h}",
        """
        hours  0   1   2
        does   A..A.A...
        r      ><.eo><..
        """,
    )


def test_a_candidate_of_the_same_instant_counts() -> None:
    timeline(
        "{when: a, reentry: once}",
        """
        does   A
        does   A
        r      !
        r      e
        """,
    )


def test_rules_know_nothing_of_each_others_firings() -> None:
    timeline(
        """
        - {id: one, when: a, reentry: once}
        - {id: two, when: a, reentry: once}
        """,
        """
        does  AA
        one   !e
        two   !e
        """,
    )
