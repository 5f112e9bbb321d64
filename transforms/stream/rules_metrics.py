"""How a worker stands to its rules, as the registry's metrics and as lines of its log. Called once a bundle."""

from __future__ import annotations

from typing import Final

from kittiwake.stream import logs
from kittiwake.stream.metrics import FROZEN, RULE_SET_AGE_S, RULES_ACCOUNT_REFUSED, RULES_UNREADABLE
from kittiwake.stream.rules_source.poller import RulesChangeKind
from kittiwake.stream.rules_source.source import PolledRules
from kittiwake.stream.rules_source.view import RulesSource
from kittiwake.time.instants import SECOND_US
from kittiwake.transforms.logs import log
from kittiwake.transforms.metrics import count, show

_EVENTS: Final = {
    RulesChangeKind.READ: logs.RULES_READ,
    RulesChangeKind.UNREADABLE: logs.RULES_UNREADABLE,
    RulesChangeKind.ACCOUNT_REFUSED: logs.RULES_ACCOUNT_REFUSED,
    RulesChangeKind.TOO_SOON: logs.RULES_TOO_SOON,
}


def meter_rules(rules: RulesSource, clock_us: int) -> None:
    """Show the age of the rules and whether they are frozen, count the looks that failed, and log what is new.

    Rules that never change have no age, and are left out: nothing is to be watched.
    """
    if not isinstance(rules, PolledRules):
        return
    status = rules.status(clock_us)
    if status.age_us is not None:
        show(RULE_SET_AGE_S, status.age_us // SECOND_US)
        show(FROZEN, int(status.frozen_at_us is not None))
    changes = rules.take_changes()
    count(RULES_UNREADABLE, sum(one.kind is RulesChangeKind.UNREADABLE for one in changes))
    refused = sum(one.kind is RulesChangeKind.ACCOUNT_REFUSED for one in changes)
    if refused:
        count(RULES_ACCOUNT_REFUSED, refused)
    for one in changes:
        log(_EVENTS[one.kind], detail=one.text)
