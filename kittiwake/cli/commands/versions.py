"""`kittiwake versions`: what has been published into a target, and what of it is in force."""

from __future__ import annotations

from typing import Any

from kittiwake.cli.console import AsJson, leave, one_command, say_columns, usable_input
from kittiwake.cli.options import TargetName, now_us
from kittiwake.rules.publishing.layout import VersionFile, start_text
from kittiwake.rules.publishing.loading import load_published
from kittiwake.rules.publishing.opening import open_target
from kittiwake.rules.versions import RuleSetHistory, RuleSetVersion
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import say, say_json
from kittiwake.time.instants import format_instant


def versions(location: TargetName, as_json: AsJson = False) -> None:
    """List the versions of a target, and check that each is as it was published.

    Exit codes: 0 all is well, 2 the target cannot be used.
    """
    with usable_input(as_json=as_json):
        history, files = load_published(open_target(location))
    clock_us = now_us()
    rows = [
        _row(version, history, clock_us) | _words(file) for version, file in zip(history.versions, files, strict=True)
    ]
    frozen_at = None if history.frozen_at_us is None else format_instant(history.frozen_at_us)
    if as_json:
        say_json({"ok": True, "versions": rows, "frozen_at": frozen_at})
    else:
        names = list(dict.fromkeys(name for row in rows for name in row))
        say_columns([names, *([row.get(name, "") for name in names] for row in rows)])
        say(f"frozen at {frozen_at}: nothing is decided beyond it" if frozen_at else "not frozen")
    leave(Exit.FINE)


def _words(file: VersionFile) -> dict[str, str]:
    """Who has published a version and why, as far as it says so."""
    said = {"published_at": file.published_at, "author": file.author, "commit": file.commit, "message": file.message}
    return {name: text for name, text in said.items() if text} if file.message else {}


def _row(version: RuleSetVersion, history: RuleSetHistory, clock_us: int) -> dict[str, Any]:
    accounts = version.ruleset.accounts
    return {
        "effective_from": start_text(version.effective_us),
        "ruleset_version": version.ruleset.version,
        "accounts": len(accounts),
        "rules": sum(len(account.rules) for account in accounts.values()),
        "state": _state(version, history.in_force(clock_us), clock_us),
    }


def _state(version: RuleSetVersion, in_force: RuleSetVersion | None, clock_us: int) -> str:
    """By the clock of this machine."""
    if version is in_force:
        return "in force"
    return "replaced" if version.begins_by(clock_us) else "to come"


app = one_command(versions, "versions", "kittiwake versions gs://shop/rules")
