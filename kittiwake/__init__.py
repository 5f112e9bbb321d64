"""Kittiwake: what customers do, and stop doing, turned into marketing triggers.

The names below are what a program may rely on; `kittiwake.beam` has the steps of a Beam pipeline, `kittiwake.testing`
the kit for testing rules. Everything else may move from one release to the next. Importing this package imports no
other: a name is imported when it is first asked for.

    >>> import kittiwake
    >>> rules = kittiwake.load_rules("examples/cdnow/rules")
    >>> sorted(rules.newest.ruleset.accounts)
    ['cdnow']
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from kittiwake.api import explain_contact, replay
    from kittiwake.batch.summary import Summary
    from kittiwake.errors import UnusableError
    from kittiwake.explain.model import Explanation
    from kittiwake.model import DeadLetter, Decision, Event, EventIds
    from kittiwake.reasons import DeadLetterReason, Kind, Outcome, Reason
    from kittiwake.rules.errors import RulesError
    from kittiwake.rules.publishing.errors import TargetError
    from kittiwake.rules.publishing.loading import load_rules
    from kittiwake.rules.versions import RuleSetHistory as Rules

__version__: Final = "0.1.0"

__all__ = [
    # what is done
    "load_rules",
    "replay",
    "explain_contact",
    # what goes in and comes out
    "Rules",
    "Event",
    "Decision",
    "EventIds",
    "DeadLetter",
    "Summary",
    "Explanation",
    # closed vocabularies
    "Outcome",
    "Kind",
    "Reason",
    "DeadLetterReason",
    # what is raised
    "UnusableError",
    "RulesError",
    "TargetError",
    "__version__",
]

_HOMES: Final = {
    "load_rules": "kittiwake.rules.publishing.loading",
    "replay": "kittiwake.api",
    "explain_contact": "kittiwake.api",
    "Rules": "kittiwake.rules.versions",
    "Event": "kittiwake.model",
    "Decision": "kittiwake.model",
    "EventIds": "kittiwake.model",
    "DeadLetter": "kittiwake.model",
    "Summary": "kittiwake.batch.summary",
    "Explanation": "kittiwake.explain.model",
    "Outcome": "kittiwake.reasons",
    "Kind": "kittiwake.reasons",
    "Reason": "kittiwake.reasons",
    "DeadLetterReason": "kittiwake.reasons",
    "UnusableError": "kittiwake.errors",
    "RulesError": "kittiwake.rules.errors",
    "TargetError": "kittiwake.rules.publishing.errors",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), "RuleSetHistory" if name == "Rules" else name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
