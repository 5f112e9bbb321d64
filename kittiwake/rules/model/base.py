"""What the models are made of: parts that know their keys, and unions chosen by shape.

Pure. Unions are chosen by the shape of what is written, never tried one by one, so that no
message of another branch appears.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Annotated, Any, ClassVar, Final, Literal, TypeAlias, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    Tag,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticCustomError, core_schema

from kittiwake.rules.errors import Code

JsonSchema: TypeAlias = dict[str, Any]

TAG: Final = "|"
"""First character of every union tag, by which tags are distinguished from keys in the path of an error."""


class Model(BaseModel):
    """An object of the language: refuses keys it does not know, and remembers who read which object."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
    EXAMPLE: ClassVar[str] = "{name: property}"
    """What one looks like, where its keys are the author's."""

    @model_validator(mode="before")
    @classmethod
    def _remember_reader(cls, data: Any, info: ValidationInfo) -> Any:
        # An unknown key is reported together with the keys there are: which model read the object it stands in?
        if isinstance(info.context, dict):
            info.context[id(data)] = cls
        return data


class Checked:
    """The annotation of a value that a function checks: pydantic's PlainValidator and WithJsonSchema in one.

    Reading the signatures of validators takes a good part of a model's start; these need no reading.
    """

    __slots__ = ("check", "schema")

    def __init__(self, check: Callable[[Any], Any], schema: JsonSchema) -> None:
        self.check = check
        self.schema = schema

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.check)

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> JsonSchema:
        return deepcopy(self.schema)


def problem(code: Code, message: str, advice: str) -> PydanticCustomError:
    """An error of a validator, in the author's words."""
    return PydanticCustomError(code.value, "{message}", {"message": message, "advice": advice})


class Chosen:
    """The annotation of a union whose branch is chosen by the shape of what is written, never by trying."""

    __slots__ = ("choose", "context")

    def __init__(self, choose: Callable[[Any], str | None], message: str, advice: str) -> None:
        self.choose = choose
        self.context: dict[str, str | int | float] = {"message": message, "advice": advice}

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        branches = {_tag(branch): handler.generate_schema(branch) for branch in get_args(source)}
        return core_schema.tagged_union_schema(
            branches,
            self.choose,
            custom_error_type=Code.WRONG_SHAPE.value,
            custom_error_message="{message}",
            custom_error_context=self.context,
        )


def _tag(branch: Any) -> str:
    return next(part.tag for part in branch.__metadata__ if isinstance(part, Tag))


def chosen(choose: Callable[[Any], str | None], message: str, advice: str) -> Chosen:
    """Chooses the branch of a union by its tag; where `choose` finds none, says so."""
    return Chosen(choose, message, advice)


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


def _true(value: object) -> Literal[True]:
    if value is True:
        return True
    raise problem(
        Code.NOT_A_CHOICE, f"true or nothing stands here, not {shown(value)}", "Write true, or delete the line"
    )


Only: TypeAlias = Annotated[Literal[True], Checked(_true, {"const": True})]
