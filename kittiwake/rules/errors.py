"""What can be wrong with a rules file: a closed list of codes, one located error, all of them together.

Pure. Raised by the loader, the compiler and `load_document`; printed by the command. An error
says what is wrong, where, and what to write instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias

from kittiwake.printable import visible

KeyPath: TypeAlias = tuple[str | int, ...]
"""Keys and list positions that lead to a value inside a document."""


class Code(StrEnum):
    """Every kind of error there is; each has an invalid and a valid file in `tests/rules/errors`."""

    # the file
    UNREADABLE = "unreadable"
    NOT_UTF8 = "not_utf8"
    TOO_LARGE = "too_large"
    TOO_DEEP = "too_deep"
    EMPTY = "empty"
    NO_FILES = "no_files"
    SYNTAX = "syntax"
    SEVERAL_DOCUMENTS = "several_documents"
    DUPLICATE_KEY = "duplicate_key"
    BAD_KEY = "bad_key"
    MERGE_KEY = "merge_key"
    TAG = "tag"
    ALIAS = "alias"
    TOO_MANY_ERRORS = "too_many_errors"
    # shapes
    NOTHING_WRITTEN = "nothing_written"
    WRONG_SHAPE = "wrong_shape"
    UNKNOWN_KEY = "unknown_key"
    MISSING_KEY = "missing_key"
    EMPTY_LIST = "empty_list"
    NOT_A_CHOICE = "not_a_choice"
    # values
    BAD_NUMBER = "bad_number"
    BAD_DURATION = "bad_duration"
    BAD_INSTANT = "bad_instant"
    BAD_DATE = "bad_date"
    BAD_CALENDAR = "bad_calendar"
    BAD_TIME_OF_DAY = "bad_time_of_day"
    BAD_ZONE = "bad_zone"
    BAD_PATH = "bad_path"
    LIST_PATH = "list_path"
    BAD_NAME = "bad_name"
    BAD_EVENT_TYPE = "bad_event_type"
    ATTRIBUTE_AS_TYPE = "attribute_as_type"
    BAD_RRULE = "bad_rrule"
    RRULE_UNTIL = "rrule_until"
    OUT_OF_RANGE = "out_of_range"
    # what a rule may say
    KIND = "kind"
    CLAUSE = "clause"
    SAME = "same"
    OPERATOR = "operator"
    QUOTED_NUMBER = "quoted_number"
    NOT_RISING = "not_rising"
    QUIET_HOURS = "quiet_hours"
    SHARES = "shares"
    # rules together
    DUPLICATE_ID = "duplicate_id"
    NO_AUDIENCE = "no_audience"
    AUDIENCE_RING = "audience_ring"
    ACCOUNT_DISAGREES = "account_disagrees"
    UNKNOWN_CHANNEL = "unknown_channel"
    GUARDRAIL = "guardrail"
    RECIPE = "recipe"
    RECIPE_TAKEN = "recipe_taken"
    NAMED_MATCH = "named_match"


REFUSED_LATER: Final = frozenset(
    {Code.ATTRIBUTE_AS_TYPE, Code.LIST_PATH, Code.QUOTED_NUMBER, Code.RECIPE_TAKEN, Code.RRULE_UNTIL}
)
"""What an earlier release let pass: a version published then never changes, and is read as it was. A later release may
bring a recipe of a name that an account has given to its own."""


class LintCode(StrEnum):
    """Every kind of lint there is: the rules can be used, and hardly mean what they say."""

    CONTRADICTION = "contradiction"
    NEVER_HOLDS = "never_holds"
    ALWAYS_HOLDS = "always_holds"
    ATTRIBUTE_EVER = "attribute_ever"
    READS_AS_TEXT = "reads_as_text"
    UNLESS_EQUALS_WHEN = "unless_equals_when"
    GIVEN_OF_UNLESS = "given_of_unless"
    UNLESS_WITHOUT_WAIT = "unless_without_wait"
    RESTART_WITHOUT_EFFECT = "restart_without_effect"
    REMINDERS_GO_ON = "reminders_go_on"
    THRESHOLD_NEVER_FIRES = "threshold_never_fires"
    REENTRY_SHADOWS = "reentry_shadows"
    SWITCHED_OFF = "switched_off"
    ODD_EVENT_TYPE = "odd_event_type"
    BETWEEN_LEAVES_OUT = "between_leaves_out"
    OFFSET_IN_DAYS = "offset_in_days"
    WORKDAYS_WITHOUT_CALENDAR = "workdays_without_calendar"
    NAME_AS_TYPE = "name_as_type"
    UNUSED_MATCH = "unused_match"
    OUTLIVES_RETENTION = "outlives_retention"
    EXPIRES_IN_QUIET_HOURS = "expires_in_quiet_hours"
    EXPIRES_IN_ROUND = "expires_in_round"
    PRIORITY_WITHOUT_EFFECT = "priority_without_effect"
    LIVE_FROM_WITHOUT_EFFECT = "live_from_without_effect"
    GROUP_WITHOUT_CAP = "group_without_cap"
    CAP_WITHOUT_RULES = "cap_without_rules"
    CAP_NEVER_BINDS = "cap_never_binds"
    CAP_STARVES = "cap_starves"
    CONSENT_UNASKED = "consent_unasked"
    HARDLY_EVER_SENT = "hardly_ever_sent"
    QUIET_HOURS_TWICE = "quiet_hours_twice"
    CHANNEL_WITHOUT_RULES = "channel_without_rules"
    FEED_WITHOUT_RULES = "feed_without_rules"
    BREAKER_WITHOUT_RULES = "breaker_without_rules"
    RULE_WITHOUT_CHANNEL = "rule_without_channel"
    HOLDOUT_OF_EVERYONE = "holdout_of_everyone"
    HOLDOUT_WITHOUT_EFFECT = "holdout_without_effect"
    GIVEN_BEFORE_DERIVED = "given_before_derived"
    DERIVED_FOR_NOBODY = "derived_for_nobody"
    PATH_INTO_LIST = "path_into_list"
    ODD_PATH = "odd_path"
    VARIANT_OF_ALL_OR_NONE = "variant_of_all_or_none"
    VARIANT_THAT_IS_SENT = "variant_that_is_sent"
    SALT_OF_THE_HOLDOUT = "salt_of_the_holdout"
    ROLLOUT_OF_ALL_OR_NONE = "rollout_of_all_or_none"
    SALT_OF_THE_VARIANTS = "salt_of_the_variants"
    DIGEST_OF_AN_INSTANT = "digest_of_an_instant"
    # beside an event plan
    TYPE_NEVER_SEEN = "type_never_seen"
    PROPERTY_NEVER_SEEN = "property_never_seen"
    TYPE_OF_VALUE = "type_of_value"
    VALUE_NEVER_SEEN = "value_never_seen"
    BEYOND_ALL_SEEN = "beyond_all_seen"
    KEY_OFTEN_MISSING = "key_often_missing"
    KEY_UNIQUE = "key_unique"
    KEY_NEVER_SHARED = "key_never_shared"
    UNLESS_NEVER_FOLLOWS = "unless_never_follows"
    LONGER_THAN_HISTORY = "longer_than_history"
    FEED_SHORTER_THAN_PAUSE = "feed_shorter_than_pause"
    BREAKER_BELOW_BUSIEST = "breaker_below_busiest"


class RuleError(NamedTuple):
    """One thing that is wrong."""

    file: str
    line: int
    """From 1; 0 where the document was never text."""
    column: int
    path: str
    """Where in the document, as an author would say it: `rules[2].unless.same`."""
    message: str
    advice: str
    code: Code | LintCode

    def __str__(self) -> str:
        where = (
            f"{self.file}:{self.line}:{self.column}" if self.line else f"{self.file}: {self.path}".removesuffix(": ")
        )
        text = f"{where}: {self.message}. {self.advice}" + ("" if self.advice.endswith("?") else ".")
        return visible(text)


class Lint(RuleError):  # noqa: N818 - nothing is raised
    """One lint: nothing is refused for it."""


class RulesError(Exception):
    """Everything that is wrong with a set of rules, at once, in reading order."""

    def __init__(self, errors: Iterable[RuleError]) -> None:
        self.errors: Final[Sequence[RuleError]] = sorted(errors)
        super().__init__("\n".join(map(str, self.errors)))

    def __reduce__(self) -> tuple[type[RulesError], tuple[Sequence[RuleError]]]:
        return type(self), (self.errors,)


def show_path(path: KeyPath) -> str:
    """How an author would say where a value stands.

    >>> show_path(("rules", 2, "unless", "same"))
    'rules[2].unless.same'
    """
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
