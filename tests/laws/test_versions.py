"""What a restart takes from the version in force: all that a newly armed episode would."""

from __future__ import annotations

from typing import Any

import pytest

from kittiwake.kernel.batch import decide_history
from kittiwake.kernel.plan.versions import Versions
from kittiwake.model import Event
from kittiwake.rules.compile.versions import compile_versions
from kittiwake.rules.documents import load_document
from kittiwake.time.instants import HOUR_US, MINUTE_US
from tests.kernel.programs import ACCOUNT
from tests.laws.programs import START_US

RULE: dict[str, Any] = {"id": "r", "when": "a", "wait": "1h"}
INCLUDES: tuple[dict[str, str], ...] = ({}, {"n": "n"}, {"m": "n", "p": "p"})


def _versions(*includes: dict[str, str]) -> Versions:
    """A version an hour, which differs from the one before in nothing but `include`."""
    rules = [{**RULE, **({"include": include} if include else {})} for include in includes]
    documents = [load_document({"account": ACCOUNT, "rules": [rule]}) for rule in rules]
    return compile_versions([(START_US + i * HOUR_US, one) for i, one in enumerate(documents)], ACCOUNT)


@pytest.mark.parametrize("before", INCLUDES)
@pytest.mark.parametrize("now", INCLUDES)
def test_a_restart_takes_the_include_of_the_version_in_force(before: dict[str, str], now: dict[str, str]) -> None:
    arming = Event(START_US + 30 * MINUTE_US, "1", "a", {"n": 1, "p": "x"})
    restart = Event(START_US + 70 * MINUTE_US, "2", "a", {"n": 2, "p": "y"})
    until_us = START_US + 10 * HOUR_US
    (restarted,) = decide_history(_versions(before, now), "c", [arming, restart], until_us).decisions
    (armed,) = decide_history(_versions(before, now), "c", [restart], until_us).decisions
    assert restarted.events is not None
    assert restarted.events.count == 2
    assert restarted.include == armed.include
