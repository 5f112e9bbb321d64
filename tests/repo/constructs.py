"""The constructs of the rule language, the keys each is written with, and the layers each touches.

`tests/repo/test_constructs.py` compares the table with the folders, and CONTRIBUTING with the layers. Who adds a
construct adds its row here first; the tests then name every file that is still missing.
"""

from __future__ import annotations

from typing import Final, NamedTuple

LAYERS: Final = {
    "model": "kittiwake/rules/model",
    "check": "kittiwake/rules/check",
    "compile": "kittiwake/rules/compile",
    "lint": "kittiwake/rules/lint",
    "plan": "kittiwake/kernel/plan",
    "evaluate": "kittiwake/kernel/evaluate",
    "run": "kittiwake/kernel/run",
}
"""Layer → its folder, in the order in which a rule passes them."""


class Construct(NamedTuple):
    """What one stem stands for."""

    layers: str
    """The layers it touches, by name."""
    rule_keys: str = ""
    """The keys of a rule that it owns."""
    policy_keys: str = ""
    """The keys of a policy that it owns."""
    conformance: str = ""
    """The files of `tests/conformance` that say what it does, without `.test.yaml`."""
    sections: str = ""
    """The headings of the rules' reference page under which it stands, with slashes between."""
    document_keys: str = ""
    """The keys beside `rules` that it owns."""


CONSTRUCTS: Final = {
    "about": Construct(
        "model check plan",
        "description owner tags",
        conformance="about",
        sections="description, owner and tags",
    ),
    "arbitration": Construct("lint run", policy_keys="arbitration", conformance="arbitration", sections="Arbitration"),
    "audience": Construct("check compile plan run", "audience emits", conformance="audience", sections="Audiences"),
    "cast": Construct("model check compile plan evaluate", conformance="cast", sections="cast", document_keys="cast"),
    "calendar": Construct(
        "model check compile lint plan evaluate",
        conformance="wait_calendar wait_calendar_until",
        sections="Local days",
        document_keys="calendar",
    ),
    "catalog": Construct(
        "model check compile plan evaluate run", "interest", conformance="catalog", sections="Catalogue rules"
    ),
    "change": Construct("model check compile plan evaluate", conformance="change", sections="Changes of attributes"),
    "channels": Construct("check lint", "channel", "channels", conformance="channels", sections="Channels"),
    "conditions": Construct(
        "model check compile plan evaluate run",
        "given still",
        conformance="given conditions still named_audiences",
        sections="Conditions/given/still",
    ),
    "feeds": Construct(
        "check compile lint plan evaluate run",
        policy_keys="feeds breaker",
        conformance="feeds breaker",
        sections="Feed health/Breaker",
    ),
    "derive": Construct(
        "model check compile lint plan evaluate run", conformance="derive", sections="derive", document_keys="derive"
    ),
    "digest": Construct(
        "model check compile lint plan evaluate run", "digest", conformance="digest", sections="digest"
    ),
    "history": Construct(
        "model check compile lint plan evaluate", conformance="given given_values given_windows", sections="given"
    ),
    "include": Construct("model check compile plan evaluate", "include", conformance="include", sections="include"),
    "match": Construct(
        "model check compile lint plan evaluate",
        "per",
        conformance="match per",
        sections="Event matches/per/same",
    ),
    "named": Construct("model lint", conformance="named", sections="Named matches", document_keys="matches"),
    "policy": Construct(
        "model check compile lint plan",
        "reentry group transactional holdout live_from",
        "live_from history_from consent holdout frequency retention profile_retention",
        conformance="consent frequency holdout live_from reentry retention",
        sections="Policy keys/Readiness/Retention/Consent/Holdout/Re-entry/Frequency",
    ),
    "quiet_hours": Construct(
        "model check compile lint plan evaluate",
        policy_keys="quiet_hours",
        conformance="quiet_hours",
        sections="Quiet hours",
    ),
    "recipe": Construct("model", "use with_", sections="Recipes/Recipes of your own"),
    "recurrence": Construct("model check compile evaluate", conformance="wait_repeat", sections="wait"),
    "repeats": Construct(
        "model check compile plan run", conformance="repeats", sections="repeats", document_keys="repeats"
    ),
    "rollout": Construct(
        "model check compile lint plan evaluate", "rollout", conformance="rollout", sections="Rollout"
    ),
    "rule": Construct(
        "model check compile lint plan",
        "id mode restart priority expires keep",
        conformance="expires mode",
        sections="All keys of a rule/restart/keep/Expiry/Shadow and off/Priority",
    ),
    "sequence": Construct("model check compile plan run", conformance="sequence", sections="Sequences"),
    "thresholds": Construct(
        "model check compile lint plan run", "reaches", conformance="reaches reaches_periods", sections="reaches"
    ),
    "unless": Construct("run", "unless", conformance="unless", sections="unless"),
    "variants": Construct(
        "model check compile lint plan evaluate", "variants", conformance="variants", sections="variants"
    ),
    "wait": Construct(
        "model check compile plan evaluate run", "wait", conformance="wait wait_field wait_until", sections="wait"
    ),
    "when": Construct("model check compile", "when", sections="when"),
}
"""Stem → construct. `sequence` and the catalogue's `item` are written inside `when`, `repeat` inside `wait`. What
`unless` holds is a match, so that only disarming is its own. A named match is written out before a rule is read
(`kittiwake/rules/named.py`)."""

NO_CONSTRUCT: Final = {
    "model": {
        "base": "what every model is made of",
        "fields": "what stands in the annotations of a model",
        "reading": "what is written, read into models",
        "number": "checked numbers, of every construct",
        "text": "checked texts, of every construct",
        "time": "checked times, of every construct",
    },
    "check": {
        "document": "calls the checks of a rule and of a policy",
        "paths": "asks every path of a rule, wherever it stands",
        "quoted_numbers": "asks every comparison of a file, wherever it stands",
        "preparation": "that nothing is done with derived events, over the documents of an account",
    },
    "compile": {
        "account": "the program of an account",
        "accounts": "the programs of many accounts",
        "needs": "which types of events a rule needs, in whatever construct",
        "preparation": "what becomes of events before the rules see them, of every construct that changes them",
        "versions": "the programs of an account under rising versions",
    },
    "lint": {
        "document": "calls the lints",
        "paths": "asks every path of a rule, wherever it stands",
        "queries": "questions that several lints ask",
        "templates": "how other systems name a property, for `paths` and `texts`",
        "texts": "asks every text that something is compared with, wherever it stands",
    },
    "plan": {
        "build": "from rules to a program",
        "feed_plan": "what feeds ask of the events of an account, for `feeds`",
        "catalog_plan": "what the join of items and contacts needs of an account's rules, for `catalog`",
        "gates": "which gates of `policy` a rule has",
        "layouts": "what a rule's memory depends on",
        "limits": "bounds of everything the kernel remembers",
        "preparation": "what becomes of events before the rules see them",
        "periods": "periods of the calendar, for `history` and `thresholds`",
        "program": "the rules of an account together",
        "routes": "which event types concern which rule",
        "versions": "programs under rising versions",
    },
    "evaluate": {
        "floods": "the first events of each interval, for `breaker`, beside `feeds`",
        "decisions": "from a candidate to its decision, whatever made it",
        "look_backs": "until when a rule misses something of what it looks back on",
        "periods": "when a period of the calendar began, for `history` and `thresholds`",
        "retention": "what is forgotten, of every construct",
        "slots": "what a look-back remembers, whatever it measures",
        "unusable": "values that no construct can use",
        "pending": "what waits when a run ends, of every rule",
    },
    "run": {
        "arming": "what an event brings to an episode, of every construct that arms",
        "dispatch": "which construct an event goes to",
        "eligibility": "the gates of `policy` that concern one contact and rule, in the order they are asked",
        "episodes": "what every construct that waits does with an open episode",
        "execution": "what all constructs need of the contact",
        "gating": "the gates of `policy` that compare candidates",
        "migration": "from one version of the rules to the next",
        "outputs": "decisions, trace and counts, of every construct",
        "preparation": "what becomes of an event before the rules see it",
        "reactions": "the functions that handlers are made of",
        "retention": "what is forgotten, of every construct",
        "shared_instant": "events of one microsecond",
        "taking": "an event goes to its handlers",
        "sweep": "one pass over a whole history",
        "timeline": "events and timers in their order",
        "timer_queue": "what falls due next, of every construct",
        "until": "the part of `wait` that goes towards a date",
        "unusable": "counts values that no construct can use",
    },
    "conformance": {
        "duplicates": "of events, whatever the rules",
        "endings": "contacts that are deleted or merged, whatever the rules",
        "gates": "the order in which the gates of `policy` are asked",
        "late_events": "corrections, of every construct",
        "versions": "from one version of the rules to the next, of every construct",
    },
}
"""Layer → file → why it is no construct."""
