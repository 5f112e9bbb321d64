"""Checked texts: names, ids, event types, property paths, words of a closed list.

Pure. A field keeps what the author wrote; its validator only says whether it may stand.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Final, TypeAlias

from kittiwake.rules.errors import Code
from kittiwake.rules.limits import ID_CHARS_MAX, KEYS_MAX, NAME_CHARS_MAX, PATH_CHARS_MAX, PATH_PARTS_MAX
from kittiwake.rules.model.base import Checked, Schema, Tag, chosen, problem, shape, shown


def is_account_id(value: object) -> bool:
    """Whether a value may stand for an account, or for every one."""
    return isinstance(value, str) and _is_plain(value, NAME_CHARS_MAX)


def _is_plain(text: str, chars_max: int) -> bool:
    return 0 < len(text) <= chars_max and text == text.strip() and text.isprintable()


def _text(value: object, what: str, chars_max: int = NAME_CHARS_MAX) -> str:
    if isinstance(value, str) and _is_plain(value, chars_max):
        return value
    if isinstance(value, (int, Decimal, float)):
        raise problem(Code.BAD_NAME, f"{what} must be a text, not {shown(value)}", f'Write "{shown(value)}" in quotes')
    if isinstance(value, str):
        message = f"{what} must have 1 to {chars_max} printable characters without spaces around them"
        raise problem(Code.BAD_NAME, message, "Shorten or retype it")
    raise problem(Code.WRONG_SHAPE, f"{what} must be a text, not {shown(value)}", "Write one word or phrase")


def _named(what: str) -> Callable[[object], str]:
    return lambda value: _text(value, what)


Name: TypeAlias = Annotated[str, Checked(_named("this name"), {"type": "string", "minLength": 1})]
AccountId: TypeAlias = Annotated[
    str,
    Checked(_named("an account"), {"type": "string", "minLength": 1, "maxLength": NAME_CHARS_MAX}),
]

ID_PATTERN: Final = r"[A-Za-z0-9][A-Za-z0-9_.\-]*"


def _rule_id(value: object) -> str:
    text = _text(value, "a rule's id", ID_CHARS_MAX)
    if not re.fullmatch(ID_PATTERN, text):
        message = f"{shown(text)} is no id: it may have letters, digits, dots, hyphens and underscores"
        raise problem(Code.BAD_NAME, message, "Write, say, cart-abandonment")
    return text


RuleId: TypeAlias = Annotated[
    str,
    Checked(_rule_id, {"type": "string", "pattern": f"^{ID_PATTERN}$", "maxLength": ID_CHARS_MAX}),
]

ITEM: Final = "item."
"""What a path begins with that leads to the item, in the `include` of a catalogue rule."""

CONTACT: Final = "contact."
"""How a path of the contact's attributes begins."""

OUTPUT_PATTERN: Final = r"[A-Za-z_][A-Za-z0-9_\-]*"

_PATH_PART: Final = r"[^.\[\]*\s]([^.\[\]*]*[^.\[\]*\s])?"
PATH_PATTERN: Final = rf"{_PATH_PART}(\.{_PATH_PART})*"
_LIST_INDEX: Final = r"-?[0-9]+"
PATH_SCHEMA_PATTERN: Final = rf"^(contact\.)?{_PATH_PART}(\.(?!{_LIST_INDEX}(\.|$)){_PATH_PART})*$"
"""What an editor may let pass: `PATH_PATTERN`, and no index of a list."""


def path_problem(text: str) -> tuple[str, str] | None:
    """What is wrong with a property path, and what to write instead; None if nothing."""
    if "[" in text or "]" in text or "*" in text:
        return f"{shown(text)} is no property path: paths walk objects, not lists", _list_advice(text)
    if not text.isprintable() or not re.fullmatch(PATH_PATTERN, text):
        return f"{shown(text)} is no property path", "Name keys with dots between: cart.total"
    if len(text) > PATH_CHARS_MAX or text.count(".") >= PATH_PARTS_MAX:
        message = f"a property path may have {PATH_PARTS_MAX} keys and {PATH_CHARS_MAX} characters"
        return message, "Lift the property up when the event is sent"
    return None


def _list_advice(text: str) -> str:
    """What to write in place of a path that walks through all elements of a list."""
    found = re.fullmatch(r"([A-Za-z_][^\[*]*[^\[*.])\.?(?:\[\*?\]|\*)\.?([^\[\]*]*)", text)
    if found is None:
        return "Name keys with dots between: cart.total"
    element = f"{{{found[2]}: …}}" if found[2] else "…"
    asked = f"In where, write {found[1]}: {{contains: {element}}}"
    return f"{asked}; else derive an event of each: derive: [{{event: …, from: …, each: {found[1]}}}]"


def list_index_problem(text: str) -> tuple[str, str] | None:
    """What is wrong with a path that names a place of a list, and what to write instead; None if nothing.

    The first key is one of an object always: of the event's properties or, after `contact.`, of the attributes.
    """
    keys = text.removeprefix(CONTACT).split(".")
    index = next((i for i, key in enumerate(keys) if i and re.fullmatch(_LIST_INDEX, key)), None)
    if index is None:
        return None
    message = f"{shown(text)} has a number after its first key, which names a place of a list: paths walk objects only"
    listed, single = ".".join(keys[:index])[:40], "_".join(keys)[:40]
    elsewhere = f"else send the value as a property of its own, say {single}"
    return message, f"In where, write {listed}: {{contains: …}}; {elsewhere}"


def _path(value: object) -> str:
    if not isinstance(value, str):
        raise problem(Code.BAD_PATH, f"{shown(value)} is no property path", "Name a property: product_id or cart.total")
    found = path_problem(value)
    if found:
        raise problem(Code.BAD_PATH, *found)
    return value


PathText: TypeAlias = Annotated[str, Checked(_path, {"type": "string", "pattern": PATH_SCHEMA_PATTERN})]


def _own_path(value: object) -> str:
    text = _path(value)
    if text.startswith(CONTACT):
        message = f"{text} is an attribute of the contact; here stands a property of the event"
        advice = "Attributes stand in include, in until, and in where under contact: {…}"
        raise problem(Code.BAD_PATH, message, advice)
    return text


OwnPath: TypeAlias = Annotated[
    str,
    Checked(_own_path, {"type": "string", "pattern": PATH_SCHEMA_PATTERN, "not": {"pattern": "^contact\\."}}),
]
"""A path of the event, not of the contact."""


ENDINGS: Final = ("contact.deleted", "contact.merged")
"""Types after which nothing is known of a contact; as `kernel.program` has them, which loading need not import."""


def _event_type(value: object) -> str:
    text = _text(value, "an event type")
    if text != "*" and "*" in text:
        message = f"{shown(text)} is no event type: a star stands only alone, for every event"
        raise problem(Code.BAD_EVENT_TYPE, message, "List the types: [order.completed, order.cancelled]")
    if text in ENDINGS:
        message = f"no rule may name {text}: nothing is left of the contact after it"
        raise problem(Code.BAD_EVENT_TYPE, message, "Leave it out; what is pending is cancelled by itself")
    return text


EventType: TypeAlias = Annotated[
    str,
    Checked(
        _event_type,
        {
            "type": "string",
            "pattern": r"^(\*|[^*]+)$",
            "maxLength": NAME_CHARS_MAX,
            "not": {"enum": [*ENDINGS]},
            "examples": ["order.completed", "*"],
        },
    ),
]


def one_of(*choices: str) -> tuple[Checked]:
    """The annotation of a word that is one of `choices`."""

    def check(value: object) -> str:
        if isinstance(value, str) and value in choices:
            return value
        raise problem(Code.NOT_A_CHOICE, f"{shown(value)} is none of {', '.join(choices)}", _closest(value, choices))

    return (Checked(check, {"enum": list(choices)}),)


def _closest(value: object, choices: tuple[str, ...]) -> str:
    lower = str(value).lower()
    named = [one for one in choices if len(one) == 3 and lower.startswith(one) and lower.endswith(("day", one))]
    close = named or [one for one in choices if one == lower] or difflib.get_close_matches(lower, choices, 1)
    if close:
        return f"Did you mean {close[0]}?"
    return f"Write {', '.join(choices[:-1])} or {choices[-1]}" if len(choices) > 1 else f"Write {choices[0]}"


_PATHS_SCHEMA: Final = {
    "type": "array",
    "items": {"type": "string", "pattern": PATH_SCHEMA_PATTERN, "not": {"pattern": "^contact\\."}},
    "uniqueItems": True,
    "maxItems": KEYS_MAX,
}

Paths: TypeAlias = Annotated[
    Annotated[OwnPath, Tag("|text")] | Annotated[list[OwnPath], Tag("|list"), Schema(_PATHS_SCHEMA)],
    chosen(
        lambda value: shape(value) if isinstance(value, (str, list)) else None,
        "a property path or a list of them is needed here",
        "Write product_id or [store_id, product_id]",
    ),
]


_SAME_SCHEMA: Final = {
    "type": "object",
    "minProperties": 1,
    "maxProperties": KEYS_MAX,
    "propertyNames": {"pattern": PATH_SCHEMA_PATTERN, "not": {"pattern": "^contact\\."}},
    "additionalProperties": {"type": "string", "pattern": PATH_SCHEMA_PATTERN, "not": {"pattern": "^contact\\."}},
}

_SAME_MESSAGE: Final = "a property path, a pair of them or a list is needed here"
_SAME_ADVICE: Final = "Write product_id, {product_id: sku} or [store_id, product_id]"

SameMap: TypeAlias = Annotated[dict[OwnPath, OwnPath], Tag("|object"), Schema(_SAME_SCHEMA)]
"""Of the event that arms or asks → of the other event."""

SameEntry: TypeAlias = Annotated[
    Annotated[OwnPath, Tag("|text")] | SameMap,
    chosen(lambda value: shape(value) if isinstance(value, (str, dict)) else None, _SAME_MESSAGE, _SAME_ADVICE),
]

SamePaths: TypeAlias = Annotated[
    Annotated[OwnPath, Tag("|text")] | Annotated[list[SameEntry], Tag("|list")] | SameMap,
    chosen(shape, _SAME_MESSAGE, _SAME_ADVICE),
]
"""Properties that two events have to share: one name for both, or the name of the one → that of the other."""


def same_pairs(written: SamePaths | None) -> list[tuple[str, str]]:
    """Of each property that two events share: its name in the event that arms or asks, and in the other one."""
    found = written if isinstance(written, list) else [] if written is None else [written]
    return [pair for one in found for pair in (one.items() if isinstance(one, dict) else [(one, one)])]
