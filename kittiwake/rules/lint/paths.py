"""Lint of paths that read like something else: a template, a time of day, a type of events, a key of the record.

Pure. A path that leads nowhere says nothing: what other systems write in its place would be missing for ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kittiwake.event_types import UPDATED
from kittiwake.rules.check.paths import paths_in
from kittiwake.rules.diagnostics import Diagnostic, each
from kittiwake.rules.errors import KeyPath, LintCode
from kittiwake.rules.lint.queries import arming
from kittiwake.rules.lint.templates import path_in
from kittiwake.rules.model.base import shown
from kittiwake.rules.model.rule import Rule
from kittiwake.rules.model.text import CONTACT
from kittiwake.rules.model.wait import UntilWaitObject
from kittiwake.rules.source.days_in_words import local_day
from kittiwake.time.instants import parse_date

_RECORD: Final = ("properties.", "event_properties.")
"""How paths begin that start one level above the properties."""

_TRAITS: Final = ("traits.", "attributes.", "custom_attributes.")
"""How attributes begin there."""


def lint_paths(rule: Rule, types: frozenset[str]) -> Iterator[Diagnostic[LintCode]]:
    """Paths anywhere in a rule; `types` are those that rules of its account name."""
    for path, text, at_key in paths_in(rule):
        above = (*_RECORD, *(_TRAITS if "contact" in path[:-1] else ()))
        meant = path_in(text) or next((text.removeprefix(one) for one in above if text.startswith(one)), None)
        if meant is not None:
            message = f"{shown(text)} is read as the name of a property"
            yield Diagnostic(path, LintCode.ODD_PATH, message, f"Write {meant}", at_key=at_key)
    for path, wait in each(rule.wait, ("wait",)):
        if isinstance(wait, UntilWaitObject):
            yield from _until(wait, (*path, "until"), types)
            yield from _of_update(rule, wait, (*path, "until"))


def _until(wait: UntilWaitObject, path: KeyPath, types: frozenset[str]) -> Iterator[Diagnostic[LintCode]]:
    text = wait.until
    advice = None
    if text in types:
        advice = "What ends the wait stands in unless, beside wait: 7d; a date is named as expires_at"
    elif parse_date(text) is not None:
        advice = "Write the property, or contact.attribute, that holds the date: a day for all is no wait"
    elif (day := local_day(text)) is not None:
        advice = f"{day} in place of until"
    if advice is not None:
        yield Diagnostic(
            path, LintCode.ODD_PATH, f"{shown(text)} is read as the name of a property that holds a date", advice
        )


def _of_update(rule: Rule, wait: UntilWaitObject, path: KeyPath) -> Iterator[Diagnostic[LintCode]]:
    """A date of an update of the contact: of that event, where the attribute is meant."""
    armed_by = arming(rule)
    updates = bool(armed_by) and all(one.types == {UPDATED} for one in armed_by)
    if updates and not wait.until.startswith(CONTACT):
        message = f"{wait.until} is a property of that one {UPDATED}: removing the attribute disarms nothing"
        yield Diagnostic(path, LintCode.ODD_PATH, message, f"Write {CONTACT}{wait.until}")
