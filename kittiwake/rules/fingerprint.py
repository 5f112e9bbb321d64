"""Fingerprints of rules: the same text, after defaults, has the same one, wherever and however it is laid out.

Pure.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

from kittiwake.rules.model.about import ABOUT
from kittiwake.rules.model.base import Model
from kittiwake.rules.model.rule import Rule
from kittiwake.rules.model.wait import AT_OF_DATES, UntilWaitObject
from kittiwake.values import canonical

DIGITS: Final = 12
"""Hexadecimal digits: 48 bits distinguish a million versions (chance of a clash 0.2 %), and can be read aloud."""


FILLED_IN_ONCE: Final[dict[tuple[type[Model], str], str]] = {(UntilWaitObject, "at"): AT_OF_DATES}
"""Defaults that an earlier release filled in, as if they had been written. Both texts keep the fingerprint they had
then: what has been published is recognised by it."""


def fingerprint(value: Any) -> str:
    """The first digits of the SHA-256 of the canonical JSON of a model or of values.

    >>> fingerprint({"b": 1, "a": [True]}) == fingerprint({"a": [True], "b": 1})
    True
    """
    return hashlib.sha256(canonical(written(value)).encode()).hexdigest()[:DIGITS]


def written(value: Any) -> Any:
    """What a model says, as plain values under the author's keys, defaults filled in, nothing for what is unset."""
    if isinstance(value, Model):
        fields = {info.key: _said(value, name) for name, info in value.model_fields.items()}
        value = {**fields, **value.keys_of_its_own()}
    if isinstance(value, dict):
        return {key: written(part) for key, part in value.items() if part is not None}
    return [written(part) for part in value] if isinstance(value, list) else value


def _said(model: Model, name: str) -> Any:
    said = getattr(model, name)
    return FILLED_IN_ONCE.get((type(model), name)) if said is None else said


def rule_version(rule: Rule) -> str:
    """`rule_version` of a rule: of all that it says but what decides nothing."""
    return fingerprint({key: part for key, part in written(rule).items() if key not in ABOUT})


def fingerprint_of_rules(texts: dict[str, Any]) -> str:
    """`ruleset_version` of what the accounts' documents say."""
    return fingerprint(texts)
