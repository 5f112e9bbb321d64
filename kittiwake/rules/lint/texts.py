"""Lint of texts that read like something else: an operator, another property, a key that stands one level up.

Pure. An author who means the text itself writes `{eq: …}`, of which this is silent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from kittiwake.rules.check.quoted_numbers import Asked, comparisons_in, digits_in
from kittiwake.rules.diagnostics import Diagnostic
from kittiwake.rules.errors import KeyPath, LintCode
from kittiwake.rules.lint.templates import path_in
from kittiwake.rules.model.base import shown
from kittiwake.rules.model.match import Operators
from kittiwake.rules.model.rule import Rule
from kittiwake.time.durations import parse_duration

_SIGNS: Final = {">=": "gte", "=>": "gte", "<=": "lte", "=<": "lte", "!=": "ne", "<>": "ne", ">": "gt", "<": "lt"}
_SIGNED: Final = r"\s*(>=|=>|<=|=<|!=|<>|==|>|<|=)\s*(\S.*?)\s*"
_WORDS: Final = {
    **dict.fromkeys(("empty", "is empty"), "{empty: true}"),
    **dict.fromkeys(("not empty", "is not empty"), "{empty: false}"),
    **dict.fromkeys(("exists", "is set", "*"), "{exists: true}"),
    **dict.fromkeys(("not exists", "does not exist", "is not set", "not set"), "{exists: false}"),
}
"""What a text says, by its words with spaces between."""
_NAME: Final = r"[A-Za-z_]{3,}(\.[A-Za-z_]+)*"
_OPERATOR: Final = ("operator", "op", "comparison", "comparator", "condition")
_FIELD: Final = ("field", "property", "attribute", "path", "key")
_MOMENTS: Final = ("now", "today", "tomorrow", "yesterday")
_ORDERS: Final = ("gt", "gte", "lt", "lte")


def lint_texts(rule: Rule) -> Iterator[Diagnostic[LintCode]]:
    """Texts anywhere in a rule that properties or attributes are compared with, and that read like something else."""
    yield from _spelled_out(rule)
    for asked in comparisons_in(rule):
        if isinstance(asked.test, str):
            yield from _of_bare(asked, asked.test)
        elif isinstance(asked.test, Operators):
            yield from _of_operators(asked.test, asked.path)


def _of_bare(asked: Asked, text: str) -> Iterator[Diagnostic[LintCode]]:
    name, is_key = asked.field[-1], _above(asked)
    if is_key:
        message = f"{name} is the name of a property or an attribute here, which is compared with {shown(text)}"
        yield Diagnostic(asked.path, LintCode.READS_AS_TEXT, message, is_key, at_key=True)
    elif (meant := _meant(text)) is not None:
        advice = f"Write {name}: {meant}; if the text itself is meant, {name}: {{eq: …}}"
        yield Diagnostic(asked.path, LintCode.READS_AS_TEXT, f"{name} is compared with the text {shown(text)}", advice)


def _spelled_out(rule: Rule) -> Iterator[Diagnostic[LintCode]]:
    """Comparisons that other systems write as three keys: here they are three properties."""
    beside: dict[KeyPath, dict[str, Any]] = {}
    for asked in comparisons_in(rule):
        beside.setdefault(asked.path[:-1], {})[asked.field[-1]] = asked.test
    for path, tests in beside.items():
        operator = next((tests[name] for name in _OPERATOR if isinstance(tests.get(name), str)), None)
        field = next((tests[name] for name in _FIELD if isinstance(tests.get(name), str)), None)
        if operator is not None and field is not None and "value" in tests:
            message = "these are the names of three properties here, and not a property, an operator and a value"
            advice = f"Write {field}: {{{_operator(operator)}: {shown(tests['value'])}}}"
            yield Diagnostic(path, LintCode.READS_AS_TEXT, message, advice)


def _operator(word: str) -> str:
    """The operator that a word of another system means; one that nobody knows is `eq`."""
    from kittiwake.rules.source.other_words import KEYS  # noqa: PLC0415 - hardly a rule needs it

    if word in Operators.model_fields:
        return word
    return KEYS["Operators"].get(word, "Write eq").removeprefix("Write ").partition(" ")[0]


def _above(asked: Asked) -> str | None:
    """What to write where the name is really a key of the object around this one."""
    if asked.field == ("same",):
        return f"Write same: {asked.test} beside where, not inside it"
    return f"Write {{in: {asked.test}}} in place of contact" if asked.field == ("contact", "in") else None


def _meant(text: str) -> str | None:
    signed = re.fullmatch(_SIGNED, text)
    if signed is not None:
        value = digits_in(signed[2]) or signed[2]
        return f"{{{_SIGNS[signed[1]]}: {value}}}" if signed[1] in _SIGNS else value
    template = path_in(text)
    if template is not None:
        return f"{{eq: {{path: {template}}}}}"
    return _WORDS.get(text.lower().replace("_", " ").strip())


def _of_operators(test: Operators, path: KeyPath) -> Iterator[Diagnostic[LintCode]]:
    for operator in (*_ORDERS, "eq", "ne"):
        if operator in _ORDERS and _is_moment(getattr(test, operator)):
            message = f"{shown(getattr(test, operator))} is a text here, and no time from now"
            advice = "What is due before or after a date waits for it: wait: {until: contact.trial_end, days: -3}"
            yield Diagnostic((*path, operator), LintCode.READS_AS_TEXT, message, advice)
            continue
        other = _other(getattr(test, operator), ordered=operator in _ORDERS)
        if other is not None:
            written = shown(getattr(test, operator))
            message = f"{written} is a text here" + (
                ", and texts are compared by code point" if operator in _ORDERS else ""
            )
            advice = f"Write {operator}: {{path: {other}}} for another property, a number for a number"
            yield Diagnostic((*path, operator), LintCode.READS_AS_TEXT, message, advice)


def _is_moment(value: Any) -> bool:
    """Whether a text is a duration, or says a day as seen from now."""
    return isinstance(value, str) and (value.lower() in _MOMENTS or parse_duration(value.lstrip("+-")) is not None)


def _other(value: Any, *, ordered: bool) -> str | None:
    """The property that a text names; a bare name is one only where there is an order."""
    if not isinstance(value, str):
        return None
    found = path_in(value)
    if found is not None:
        return found
    return value if ordered and re.fullmatch(_NAME, value) else None
