"""Messages that are no events, one way for each reason that a producer's mistake has. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from kittiwake.input.events import NESTING_MAX
from kittiwake.reasons import DeadLetterReason

_TIME: Final = b'"time":"'
_CONTACT: Final = b'"contact_id":"'

POISON: Final[dict[DeadLetterReason, Callable[[bytes], bytes]]] = {
    DeadLetterReason.NOT_UTF8: lambda line: line.replace(_CONTACT, _CONTACT + b"\xff"),
    DeadLetterReason.NOT_JSON: lambda line: line[: len(line) // 2],
    DeadLetterReason.NOT_AN_OBJECT: lambda line: b"[" + line + b"]",
    DeadLetterReason.MISSING_FIELD: lambda line: line.replace(b'"type":', b'"typ":'),
    DeadLetterReason.WRONG_TYPE: lambda line: line.replace(_CONTACT, b'"contact_id":["').replace(
        b'","type"', b'"],"type"'
    ),
    DeadLetterReason.BAD_TIME: lambda line: line.replace(_TIME, _TIME + b"about "),
    DeadLetterReason.NO_OFFSET: lambda line: line.replace(b'Z","properties"', b'","properties"'),
    DeadLetterReason.BAD_NUMBER: lambda line: line.replace(b'"properties":{', b'"properties":{"weight":1e999999,'),
    DeadLetterReason.NO_SUBJECT: lambda line: line.replace(_CONTACT, b'"contact":"'),
    DeadLetterReason.TWO_SUBJECTS: lambda line: line.replace(_CONTACT, b'"item_id":"p-0001",' + _CONTACT),
    DeadLetterReason.TOO_DEEP: lambda line: line.replace(
        b'"properties":{', b'"properties":{"tree":' + b"[" * NESTING_MAX + b"]" * NESTING_MAX + b","
    ),
    DeadLetterReason.TIME_IN_FUTURE: lambda line: line.replace(_TIME + b"20", _TIME + b"29"),
}
"""From the line of an event to one that is refused for that reason."""

KINDS: Final = tuple(POISON)
