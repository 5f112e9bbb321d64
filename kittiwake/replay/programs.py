"""The programs of a rule set, compiled when an account is first met and kept.

Pure but for its memory. Travels to workers as the rule set alone: what is kept stays behind.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, NamedTuple

from kittiwake.kernel.program import Program
from kittiwake.kernel.whole import Parts, parts_of
from kittiwake.rules.compiler import compile_account
from kittiwake.rules.ruleset import EVERY_ACCOUNT, RuleSet
from kittiwake.time.instants import HOUR_US

PROGRAMS_MAX: Final = 10_000
"""Programs kept: some 20 KB each. Compiling one anew costs milliseconds."""


class Plan(NamedTuple):
    """A program, and what is worked out of it once."""

    program: Program
    parts: Parts | None
    """What the sweep needs; None: the program is walked."""
    wanted: frozenset[str] | None
    """The types of events that can change anything; None: all."""
    unread: frozenset[str]
    """Types, of those that are named, of which nothing but time and id can matter."""


def plan_of(program: Program) -> Plan:
    """The plan of a program."""
    named = frozenset(program.roles) | program.own_types
    unread = frozenset(name for name in named if not program.reads(name))
    return Plan(program, parts_of(program), None if program.roles_of_any else named, unread)


class Programs:
    """From account to program."""

    def __init__(self, ruleset: RuleSet, allowed_lateness_us: int = HOUR_US) -> None:
        """Compiles the programs of every account the rule set names, so that a rule that cannot run is found here.

        Raises:
            RulesError: a rule is of a kind that this release does not run yet.
        """
        self.ruleset_version = ruleset.version
        self._ruleset = ruleset
        self._allowed_lateness_us = allowed_lateness_us
        self._kept: dict[str, Plan] = {}
        for account_id in (EVERY_ACCOUNT, *ruleset.accounts):
            self.of(account_id)

    def of(self, account_id: str) -> Program:
        """The program of an account; one the rule set does not name has the rules of "*" alone."""
        return self.plan(account_id).program

    def plan(self, account_id: str) -> Plan:
        """The program of an account, ready for whole histories."""
        plan = self._kept.get(account_id)
        if plan is None:
            if len(self._kept) >= PROGRAMS_MAX:
                self._kept.clear()
            plan = self._kept[account_id] = self._new_plan(account_id)
        return plan

    def _new_plan(self, account_id: str) -> Plan:
        """A plan; accounts that the rule set does not name share all but their name."""
        if account_id != EVERY_ACCOUNT and account_id not in self._ruleset.accounts:
            shared = self.plan(EVERY_ACCOUNT)
            return shared._replace(program=replace(shared.program, account_id=account_id))
        return plan_of(compile_account(self._ruleset, account_id, allowed_lateness_us=self._allowed_lateness_us))

    def wanted(self, account_id: str) -> frozenset[str] | None:
        """The types of events that can change anything in an account; None: all."""
        return self.plan(account_id).wanted

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_kept": {}}
