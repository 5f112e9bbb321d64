"""Model of `rollout`: the share of contacts that a rule is sent to, so that a new rule starts small.

Pure. Checked further by `check.rollout`, read by `compile.rollout`.
"""

from __future__ import annotations

from kittiwake.rules.model.base import Field, Model
from kittiwake.rules.model.number import ExactNumber
from kittiwake.rules.model.text import Name


class RolloutObject(Model):
    percent: ExactNumber = Field(
        description="the share of contacts that it is sent to, 0 to 100; for the others it is only decided",
        json_schema_extra={"minimum": 0, "maximum": 100},
    )
    salt: Name | None = Field(
        None, description="who comes first depends on this word: a new word draws anew; not said: one of the rule's own"
    )


def salt_of_rollout(rule_id: str, written: RolloutObject) -> str:
    """The word that a rule's rollout is drawn by: if none is written, one that neither its variants nor others have."""
    return written.salt or f"rollout:{rule_id}"
