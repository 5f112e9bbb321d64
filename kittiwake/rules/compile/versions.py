"""From the versions of a rule set to the programs of one account, and what each introduces.

Pure. Called by every host; rules without versions are one that has been in force always.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeAlias

from kittiwake.kernel.plan.limits import DEFAULT_LIMITS, Limits
from kittiwake.kernel.plan.versions import Draft, Versions, build_versions
from kittiwake.rules.compile.policy import policy_of
from kittiwake.rules.compile.preparation import preparation_of
from kittiwake.rules.compile.recurrence import ordinals_of
from kittiwake.rules.compile.rule import compile_rule, not_off
from kittiwake.rules.ruleset import RuleSet
from kittiwake.time.instants import HOUR_US

if TYPE_CHECKING:
    from kittiwake.input.shapes.base import Lines

Version: TypeAlias = tuple[int | None, RuleSet]
"""A rule set and its `effective_from` in microseconds; None: always, which only the first can be."""


def compile_versions(
    versions: Iterable[Version],
    account_id: str,
    *,
    allowed_lateness_us: int = HOUR_US,
    limits: Limits = DEFAULT_LIMITS,
    whole_history: bool = True,
    frozen_at_us: int | None = None,
    lines: tuple[Lines, ...] = (),
) -> Versions:
    """The programs of an account under rising versions; a batch has the whole history.

    `lines`: of its input's shape.
    """
    return build_versions(
        account_id,
        list(_drafts(versions, account_id, lines)),
        allowed_lateness_us=allowed_lateness_us,
        limits=limits,
        whole_history=whole_history,
        frozen_at_us=frozen_at_us,
    )


def _drafts(versions: Iterable[Version], account_id: str, lines: tuple[Lines, ...]) -> Iterator[Draft]:
    introduced: dict[str, int | None] = {}
    for effective_us, ruleset in versions:
        authored = not_off(ruleset.rules_of(account_id))
        introduced = {rule.rule.id: introduced.get(rule.rule.id, effective_us) for rule in authored}
        policy = ruleset.policy_of(account_id)
        holidays = ordinals_of(ruleset.holidays_of(account_id))
        rules = tuple(compile_rule(rule, policy, introduced[rule.rule.id], holidays) for rule in authored)
        yield Draft(
            effective_us,
            rules,
            policy_of(policy),
            ruleset.timezone_of(account_id),
            ruleset.version,
            preparation_of(ruleset, account_id, lines),
        )
