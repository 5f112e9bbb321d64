"""The versions of a rule set over time."""

from __future__ import annotations

import pickle

import pytest

from kittiwake.rules import RuleSet, RuleSetHistory, RuleSetVersion, always, load_files
from tests.rules.published import FIRST, SECOND

ONE, TWO = load_files(FIRST), load_files(SECOND)


def versions(*starts: int | None) -> tuple[RuleSetVersion, ...]:
    return tuple(RuleSetVersion(start, RuleSet(version=str(start))) for start in starts)


def test_rules_without_versions_have_been_in_force_always() -> None:
    history = always(ONE)
    assert [history.in_force(time_us) for time_us in (-(10**15), 0, 10**17)] == [RuleSetVersion(None, ONE)] * 3
    assert history.frozen_at_us is None


def test_the_newest_version_that_has_begun_is_in_force() -> None:
    history = RuleSetHistory(versions(None, 10, 20))
    found = [history.in_force(time_us) for time_us in (9, 10, 19, 20, 21)]
    assert [version.effective_us for version in found if version] == [None, 10, 10, 20, 20]
    assert history.newest.effective_us == 20


def test_before_the_first_version_nothing_is_in_force() -> None:
    history = RuleSetHistory(versions(10))
    assert history.in_force(9) is None
    assert history.in_force(10) is history.newest


@pytest.mark.parametrize("starts", [(), (10, 10), (20, 10), (10, None), (None, None), (None, 10, 5)])
def test_versions_that_do_not_rise_are_no_history(starts: tuple[int | None, ...]) -> None:
    with pytest.raises(ValueError, match="version"):
        RuleSetHistory(versions(*starts))


def test_a_history_travels_to_workers() -> None:
    history = RuleSetHistory((RuleSetVersion(None, ONE), RuleSetVersion(10, TWO)), 15)
    assert pickle.loads(pickle.dumps(history)) == history


def test_a_history_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        always(ONE).frozen_at_us = 1  # type: ignore[misc]
