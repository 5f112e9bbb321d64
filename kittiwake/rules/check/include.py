"""Checks of `include`.

Pure. Called by `check.document`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kittiwake.rules.diagnostics import Diagnostic
from kittiwake.rules.errors import Code, KeyPath
from kittiwake.rules.limits import (
    ID_CHARS_MAX,
    INCLUDES_MAX,
)
from kittiwake.rules.model.about import RuleText
from kittiwake.rules.model.catalog import ItemObject
from kittiwake.rules.model.rule import Rule
from kittiwake.rules.model.text import OUTPUT_PATTERN


def check_include(rule: Rule, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """The fields copied into the trigger."""
    written = rule.include or {}
    if rule.include is not None and not written:
        yield Diagnostic(path, Code.EMPTY_LIST, "include names no field", "Name one, or delete the line", at_key=True)
    if len(written) > INCLUDES_MAX:
        message = f"include names {len(written)} fields, more than {INCLUDES_MAX}"
        yield Diagnostic(path, Code.GUARDRAIL, message, "Name fewer", at_key=True)
    for name, text in written.items():
        if not re.fullmatch(OUTPUT_PATTERN, name) or len(name) > ID_CHARS_MAX:
            message = f"{name[:40]} is no name of a field: it has up to {ID_CHARS_MAX} letters, digits, _ and -"
            yield Diagnostic((*path, name), Code.BAD_NAME, message, "Write, say, resume_url", at_key=True)
        if isinstance(text, RuleText):
            if getattr(rule, text.rule) is None:
                message = f"the rule has no {text.rule}"
                yield Diagnostic(
                    (*path, name), Code.CLAUSE, message, f"Write {text.rule}: beside id, or delete the line"
                )
            continue
        if text == "contact" or (text == "item" and isinstance(rule.when, ItemObject)):
            message = f"{text} alone is no field"
            yield Diagnostic((*path, name), Code.BAD_PATH, message, f"Name what of it: {text}.name")
        if rule.audience is not None and not text.startswith("contact."):
            message = f"{text} is a property of an event, and an audience has no arming event"
            yield Diagnostic((*path, name), Code.BAD_PATH, message, f"Write contact.{text}, or delete the line")
