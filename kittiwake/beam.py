"""Kittiwake as steps of your own Beam pipeline: parse, evaluate, write.

The page "Embed Kittiwake in your own pipeline" uses each of them.

Needs the extra `beam` (`pip install kittiwake[beam]`); the sinks of Google need `gcp`. The names below are what a
program may rely on. Importing this module imports no Beam: a name is imported when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from kittiwake.stream.records import DeadLetterRecord, DecisionRecord, LateEventRecord
    from kittiwake.stream.rules_source.view import RulesSource
    from kittiwake.transforms.embedding.histories import EvaluatedHistories, EvaluateHistories, ReadEventFiles
    from kittiwake.transforms.embedding.sinks import PublishTriggers, WriteJsonLines, WriteTables
    from kittiwake.transforms.embedding.streaming import (
        Evaluated,
        EvaluateRules,
        LoadSnapshots,
        ParsedMessages,
        ParseMessages,
        ReadRecordedEvents,
        published_rules,
    )

__all__ = [
    # rules
    "RulesSource",
    "published_rules",
    # an unbounded stream
    "ReadRecordedEvents",
    "ParseMessages",
    "ParsedMessages",
    "LoadSnapshots",
    "EvaluateRules",
    "Evaluated",
    # bounded histories
    "ReadEventFiles",
    "EvaluateHistories",
    "EvaluatedHistories",
    # what comes out
    "DecisionRecord",
    "DeadLetterRecord",
    "LateEventRecord",
    # sinks
    "PublishTriggers",
    "WriteTables",
    "WriteJsonLines",
]

_STREAMING: Final = "kittiwake.transforms.embedding.streaming"
_HISTORIES: Final = "kittiwake.transforms.embedding.histories"
_SINKS: Final = "kittiwake.transforms.embedding.sinks"
_RECORDS: Final = "kittiwake.stream.records"

_HOMES: Final = {
    "RulesSource": "kittiwake.stream.rules_source.view",
    "published_rules": _STREAMING,
    "ReadRecordedEvents": _STREAMING,
    "ParseMessages": _STREAMING,
    "ParsedMessages": _STREAMING,
    "LoadSnapshots": _STREAMING,
    "EvaluateRules": _STREAMING,
    "Evaluated": _STREAMING,
    "ReadEventFiles": _HISTORIES,
    "EvaluateHistories": _HISTORIES,
    "EvaluatedHistories": _HISTORIES,
    "DecisionRecord": _RECORDS,
    "DeadLetterRecord": _RECORDS,
    "LateEventRecord": _RECORDS,
    "PublishTriggers": _SINKS,
    "WriteTables": _SINKS,
    "WriteJsonLines": _SINKS,
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
