"""How a worker stands to its rules, as the registry's metrics and as lines of its log. Called once a bundle."""

from __future__ import annotations

from typing import Final

from kittiwake.stream import logs
from kittiwake.stream.metrics import (
    BUNDLES_FROZEN,
    BUNDLES_RULES_OLD,
    RULE_SET_AGE_S,
    RULES_ACCOUNT_REFUSED,
    RULES_OLD_US,
    RULES_UNREADABLE,
)
from kittiwake.stream.rules_source.poller import RulesChangeKind
from kittiwake.stream.rules_source.source import PolledRules
from kittiwake.stream.rules_source.view import RulesSource
from kittiwake.time.instants import SECOND_US
from kittiwake.transforms.logs import log
from kittiwake.transforms.metrics import count, observe

_EVENTS: Final = {
    RulesChangeKind.READ: logs.RULES_READ,
    RulesChangeKind.UNREADABLE: logs.RULES_UNREADABLE,
    RulesChangeKind.ACCOUNT_REFUSED: logs.RULES_ACCOUNT_REFUSED,
    RulesChangeKind.TOO_SOON: logs.RULES_TOO_SOON,
}


def meter_rules(rules: RulesSource, clock_us: int) -> None:
    """Count the age of the rules, whether they are frozen and the looks that failed, and log what is new.

    Rules that never change have no age, and are left out: nothing is to be watched.
    """
    if not isinstance(rules, PolledRules):
        return
    status = rules.status(clock_us)
    if status.age_us is not None:
        observe(RULE_SET_AGE_S, status.age_us // SECOND_US)
        count(BUNDLES_RULES_OLD, int(status.age_us > RULES_OLD_US))
        count(BUNDLES_FROZEN, int(status.frozen_at_us is not None))
    changes = rules.take_changes()
    count(RULES_UNREADABLE, sum(one.kind is RulesChangeKind.UNREADABLE for one in changes))
    refused = sum(one.kind is RulesChangeKind.ACCOUNT_REFUSED for one in changes)
    if refused:
        count(RULES_ACCOUNT_REFUSED, refused)
    for one in changes:
        log(_EVENTS[one.kind], detail=one.text)
