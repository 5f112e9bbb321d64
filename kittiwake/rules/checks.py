"""What the shapes of a rule do not say: which clauses go together and what bounds its state.

Pure. Called by `documents` for every rule whose shape is right.
"""

from __future__ import annotations

from collections.abc import Iterator

from kittiwake.rules.errors import RuleError
from kittiwake.rules.models import Rule
from kittiwake.rules.nodes import Place
from kittiwake.rules.policy import PolicyObject


def check_rule(rule: Rule, place: Place) -> Iterator[RuleError]:
    """Everything wrong with a rule whose shape is right."""
    yield from ()


def check_policy(policy: PolicyObject, place: Place) -> Iterator[RuleError]:
    """Everything wrong with a policy whose shape is right."""
    yield from ()
