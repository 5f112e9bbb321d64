"""What the models are made of: parts that know their keys, and unions chosen by shape.

Pure. Unions are chosen by the shape of what is written, never tried one by one, so that no
message of another branch appears.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Discriminator, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from kittiwake.rules.errors import Code

TAG: Final = "|"
"""First character of every union tag, by which tags are told from keys in the place of an error."""

ADVICE_AFTER: Final = "\x1f"
"""Separates message and advice where pydantic takes only one text."""


class Part(BaseModel):
    """An object of the language: refuses keys it does not know, and remembers who read which object."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _remember_reader(cls, data: Any, info: ValidationInfo) -> Any:
        # An unknown key is told together with the keys there are: which model read the object it stands in?
        if isinstance(info.context, dict):
            info.context[id(data)] = cls
        return data


def problem(code: Code, message: str, advice: str) -> PydanticCustomError:
    """An error of a validator, in the author's words."""
    return PydanticCustomError(code.value, "{message}", {"message": message, "advice": advice})


def chosen(choose: Callable[[Any], str | None], message: str, advice: str) -> Discriminator:
    """Chooses the branch of a union; where `choose` finds none, says so."""
    # Both in one text: a Discriminator with a context (a dict) cannot be hashed, so not stand in a union.
    return Discriminator(
        choose, custom_error_type=Code.WRONG_SHAPE.value, custom_error_message=f"{message}{ADVICE_AFTER}{advice}"
    )


def shape(value: Any) -> str | None:
    """The tag of what is written: text, list or object."""
    if isinstance(value, str):
        return "|text"
    if isinstance(value, list):
        return "|list"
    return "|object" if isinstance(value, dict) else None


def shown(value: object) -> str:
    """A value as a message quotes it: short, and as the author would write it."""
    if isinstance(value, str):
        return f'"{value[:40]}…"' if len(value) > 40 else f'"{value}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "an object"
    return "a list" if isinstance(value, list) else str(value)[:40]
