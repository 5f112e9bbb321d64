"""Preflight question: can the rules be run? Called by `kittiwake.pipelines.check`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from kittiwake.batch.report import rules_text
from kittiwake.pipelines.preflight.findings import Findings
from kittiwake.rules.compile.accounts import RulesUsed
from kittiwake.rules.errors import RulesError
from kittiwake.rules.publishing.errors import TargetError
from kittiwake.rules.publishing.loading import load_rules
from kittiwake.stream.rules_source.source import rules_source
from kittiwake.stream.rules_source.view import RulesSource
from kittiwake.time.instants import format_instant
from kittiwake.transforms.clock import now_us


class RulesOptions(Protocol):
    """The part of the job's options that says which rules, and how they are polled."""

    @property
    def rules(self) -> tuple[str, ...]:
        """Files, or one target."""

    @property
    def allowed_lateness_us(self) -> int:
        """How late an event may be and still correct emitted decisions."""

    @property
    def poll_interval_us(self) -> int:
        """From one reading of a target to the next."""

    @property
    def min_lead_us(self) -> int:
        """The lead with which a version is published."""


def check_rules(options: RulesOptions, findings: Findings) -> RulesSource | None:
    """The rules for the job; None: they cannot be run, and findings say why."""
    try:
        rules = rules_source(
            *options.rules,
            allowed_lateness_us=options.allowed_lateness_us,
            poll_interval_us=options.poll_interval_us,
            min_lead_us=options.min_lead_us,
        )
        known = rules.view(now_us())
    except RulesError as error:
        for one in error.errors:
            findings.wrong(str(one))
        _report_accounts(options.rules, findings)
        return None
    except (TargetError, ValueError) as error:
        findings.wrong(str(error))
        return None
    _report_refused(known.programs.used, findings)
    frozen = "" if known.frozen_at_us is None else f", FROZEN at {format_instant(known.frozen_at_us)}"
    findings.ok(f"{rules_text(known.programs.used)}{frozen}")
    return rules


def _report_refused(used: RulesUsed, findings: Findings) -> None:
    """Report the accounts whose rules cannot be used in some version of a target."""
    for one in used.refused:
        what = f"keeps rule set {one.keeps}" if one.keeps else "has no rules, and its events are dropped"
        findings.refused(
            f"account {one.account_id} {what}: rule set {one.ruleset_version} cannot be used, {one.errors[0]}"
        )


def _report_accounts(paths: Sequence[str], findings: Findings) -> None:
    """Report why files of rules are run all or none, where those of some accounts could be run."""
    with suppress(RulesError, TargetError):
        refused = ", ".join(load_rules(*paths, by_account=True).newest.refused)
        message = f"without the rules of {refused} the events of it would be gone, and what is pending cancelled"
        advice = "mend them; or publish into a target, where an account keeps its last good version"
        findings.wrong(f"{message}: {advice}")
