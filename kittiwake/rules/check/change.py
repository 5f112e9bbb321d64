"""Checks of changes of attributes: one attribute, one word, and what it was before.

Pure. Called by `check.match`.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from kittiwake.rules.diagnostics import Diagnostic, check_list
from kittiwake.rules.errors import Code, KeyPath
from kittiwake.rules.limits import LIST_MAX
from kittiwake.rules.model.change import AttributeChange, AttributeChanges, ValueChange
from kittiwake.rules.model.text import CONTACT, path_problem


def check_change(written: AttributeChanges, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """A change of the contact."""
    changes = written.changes()
    if len(changes) != 1:
        message = f"a change of the contact names one attribute, not {len(changes)}"
        advice = "Write, say, contact: {tier: {becomes: gold}}; what else must be so stands in where: {contact: …}"
        yield Diagnostic(path, Code.CLAUSE, message, advice, at_key=True)
    for name, change in changes.items():
        where = (*path, name)
        if name.startswith(CONTACT):
            message = f"inside contact every path is one of the contact, so that {name} leads nowhere"
            yield Diagnostic(where, Code.BAD_PATH, message, f"Write {name.removeprefix(CONTACT)}", at_key=True)
        elif found := path_problem(name):
            yield Diagnostic(where, Code.BAD_PATH, *found, at_key=True)
        yield from check_words(change, where, "a change of an attribute")
        yield from _check_from(change, (*where, "from"))


def check_words(change: ValueChange, path: KeyPath, what: str) -> Iterator[Diagnostic[Code]]:
    """One word that says how a value changes, and an amount of more than nothing."""
    if len(change.written()) != 1:
        message = f"{what} is one of {', '.join(ValueChange.model_fields)}"
        advice = "Write one of them: {drops_by: 10%}"
        if isinstance(change, AttributeChange) and not change.written():
            advice = "Write one of them: {changes: true}"
        yield Diagnostic(path, Code.OPERATOR, message, advice)
    for name in ("drops_by", "rises_by"):
        amount = getattr(change, name)
        if amount is not None and Decimal(str(amount).removesuffix("%")) <= 0:
            yield Diagnostic((*path, name), Code.OUT_OF_RANGE, "a change is more than nothing", "Write, say, 10%")


def _check_from(change: AttributeChange, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    yield from check_list(change.from_, path, LIST_MAX, "values")
    if change.becomes is not None and change.from_ == change.becomes and type(change.from_) is type(change.becomes):
        message = "what an attribute becomes is another value than it was"
        yield Diagnostic(path, Code.OPERATOR, message, "Write what it was before, or delete the line")
