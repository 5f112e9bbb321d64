"""Model of `repeat`: a word, or an RRULE.

Pure. Checked further by `check.recurrence`, read by `compile.wait`.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from kittiwake.rules.errors import Code
from kittiwake.rules.model.base import Checked, JsonSchema, problem, shown

FREQUENCIES: Final = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
REPEATS: Final = ("daily", "weekly", "monthly", "yearly")


def _in_any_case(word: str) -> str:
    return "".join(f"[{char}{char.lower()}]" for char in word)


_FREQUENCY_PATTERN: Final = f"{_in_any_case('FREQ')}=({'|'.join(map(_in_any_case, FREQUENCIES))})"
_REPEAT_SCHEMA: Final[JsonSchema] = {
    "anyOf": [{"enum": list(REPEATS)}, {"type": "string", "pattern": _FREQUENCY_PATTERN}]
}


def _repeat(value: object) -> str:
    if isinstance(value, str) and (value in REPEATS or "FREQ=" in value.upper()):
        return value
    advice = "Write daily, weekly, monthly, yearly, or an RRULE such as FREQ=MONTHLY;BYDAY=1MO"
    raise problem(Code.BAD_RRULE, f"{shown(value)} is no repetition", advice)


Repetition: TypeAlias = Annotated[str, Checked(_repeat, _REPEAT_SCHEMA)]
