"""Remedies: the commands that turn foreign files into events, and what mends a dead letter, by its reason.

Pure. Texts for people, made of the name of a file; called by `records`. A command can be copied as it is.
"""

from __future__ import annotations

import json
import re
import shlex
from typing import Any, Final

from kittiwake.input.events import BOM
from kittiwake.reasons import DeadLetterReason

_UNPACKERS: Final = {".gz": "gzip -dc", ".zst": "zstd -dc"}
_ENDINGS: Final = re.compile(r"\.(json|jsonl|ndjson|csv|tsv|txt)$")


def decoded(line: bytes) -> Any:
    """The JSON value of a line; None: it is none."""
    try:
        return json.loads(line.removeprefix(BOM))
    except (ValueError, RecursionError):
        return None


def jq(name: str, program: str) -> str:
    """The command that writes what a program of jq makes of a file, one object a line."""
    return _piped(name, f"jq -c {shlex.quote(program)}")


def utf_8_from(name: str, encoding: str) -> str:
    """The command that writes a file in UTF-8."""
    return _piped(name, f"iconv -f {encoding} -t UTF-8")


def times_from_epoch(name: str, per_second: int) -> str:
    """The command that writes times as text, with all their digits."""
    number = ".time |= (tonumber | {})"
    if per_second == 1:
        return jq(name, number.format("todate"))
    digits = len(str(per_second)) - 1
    fraction = f'("{"0" * digits}" + (. % {per_second} | tostring) | .[-{digits}:])'
    seconds = f'(. / {per_second} | floor | strftime("%Y-%m-%dT%H:%M:%S"))'
    return jq(name, number.format(f'{seconds} + "." + {fraction} + "Z"'))


def as_shape(shape: str) -> str:
    """What to add to the command that was typed, so that it reads records of a shape that comes with the product."""
    return f"add --input_shape {shape} --input_account ACCOUNT"


SHAPE: Final = "shape.yaml"
"""What a first shape file is called."""


def first_shape(name: str) -> str:
    """The command that writes a first shape for a file, and what to add to the command that was typed."""
    return f"kittiwake inspect {shlex.quote(name)} --output {SHAPE}, and add --input_shape {SHAPE}"


def _piped(name: str, command: str) -> str:
    """A command that takes the name of a file, over its bytes, to a new file beside it."""
    stem, unpack = name, ""
    for ending, unpacker in _UNPACKERS.items():
        if name.endswith(ending):
            stem, unpack = name.removesuffix(ending), unpacker
    stem = _ENDINGS.sub("", stem)
    new = shlex.quote((stem.rpartition("/")[2] if "://" in name else stem) + ".events.jsonl")
    quoted = shlex.quote(name)
    if "://" in name:
        return f"gcloud storage cat {quoted} | {unpack + ' | ' if unpack else ''}{command} > {new}"
    if unpack:
        return f"{unpack} {quoted} | {command} > {new}"
    return f"{command} {quoted} > {new}"


REMEDIES: Final[dict[DeadLetterReason, str]] = {
    DeadLetterReason.NOT_UTF8: "write the file in UTF-8, such as with iconv -f LATIN1 -t UTF-8",
    DeadLetterReason.NOT_JSON: "write one whole JSON object a line",
    DeadLetterReason.NOT_AN_OBJECT: "write one JSON object a line",
    DeadLetterReason.MISSING_FIELD: "give every record this field",
    DeadLetterReason.WRONG_TYPE: "write this field as the detail says",
    DeadLetterReason.BAD_TIME: "write times as 2026-11-01T09:30:00Z",
    DeadLetterReason.NO_OFFSET: "end times with Z if they are in UTC, else with their offset, such as +02:00",
    DeadLetterReason.BAD_NUMBER: "write such a value as text",
    DeadLetterReason.NO_SUBJECT: "give every record a contact_id: whoever did it",
    DeadLetterReason.TWO_SUBJECTS: "keep one of the two",
    DeadLetterReason.OVERSIZE: "leave out what no rule reads, or split the record",
    DeadLetterReason.TOO_DEEP: "write deep values as text",
    DeadLetterReason.TIME_IN_FUTURE: "check the producer's clock, and the unit of its times",
    DeadLetterReason.TOO_OLD: "send it earlier, or run a backfill",
    DeadLetterReason.RULE_FAILED: "report the bug, with the record",
    DeadLetterReason.STATE_UNREADABLE: "see the detail",
    DeadLetterReason.ITEM_TOO_LATE: "send it earlier, or run a backfill",
    DeadLetterReason.INTEREST_FORGOTTEN: "see the detail",
    DeadLetterReason.ROW_REFUSED: "see the detail",
    DeadLetterReason.MESSAGE_REFUSED: "see the detail",
    DeadLetterReason.SNAPSHOT_REFUSED: "see the detail",
}
"""What mends a record, by why it is no event, where nothing more is known."""
