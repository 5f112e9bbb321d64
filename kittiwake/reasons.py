"""The closed vocabularies: every exit of the product has a name, and this is where.

The same word is metric label, output field and row of `docs/reference/reasons.md`; nothing else may
name an outcome. Used by every package; imports nothing.
"""

from enum import StrEnum


class Outcome(StrEnum):
    """What became of a candidate in the end (field `decision`)."""

    FIRED = "fired"
    SUPPRESSED = "suppressed"
    CANCELLED = "cancelled"
    REVOKED = "revoked"
    DEFERRED = "deferred"


class Kind(StrEnum):
    """What sort of trigger a candidate is (field `kind`)."""

    FIRED = "fired"
    ENTERED = "entered"
    EXITED = "exited"


class Reason(StrEnum):
    """Why a candidate did not fire or was revoked (field `reason`): the gate that refused it, or the cause."""

    NOT_READY = "not_ready"
    CONDITION_UNMET = "condition_unmet"
    NO_CONSENT = "no_consent"
    REENTRY = "reentry"
    FEED_SILENT = "feed_silent"
    FLOODED = "flooded"
    QUIET_HOURS = "quiet_hours"
    ARBITRATION = "arbitration"
    OUTRANKED = "outranked"
    FREQUENCY_CAP = "frequency_cap"
    EXPIRED = "expired"
    ROLLOUT = "rollout"
    HOLDOUT = "holdout"
    SHADOW = "shadow"
    SUPERSEDED = "superseded"
    DIGESTED = "digested"
    UNLISTED = "unlisted"
    LIMIT = "limit"
    NOT_ENTERED = "not_entered"
    UNLESS = "unless"
    REVERTED = "reverted"
    EXITED = "exited"
    DELETED = "deleted"
    MERGED = "merged"
    FORGOTTEN = "forgotten"
    RULE_CHANGED = "rule_changed"
    RULE_REMOVED = "rule_removed"
    LATE_EVENT = "late_event"


class ByHand(StrEnum):
    """Why a row was revoked that its stream had not taken back (field `reason`)."""

    RECALLED = "recalled"


class DeadLetterReason(StrEnum):
    """Why an input record could not become an event."""

    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    BAD_TIME = "bad_time"
    NO_OFFSET = "no_offset"
    BAD_NUMBER = "bad_number"
    NO_SUBJECT = "no_subject"
    TWO_SUBJECTS = "two_subjects"
    OVERSIZE = "oversize"
    TOO_DEEP = "too_deep"
    TIME_IN_FUTURE = "time_in_future"
    TOO_OLD = "too_old"
    RULE_FAILED = "rule_failed"
    STATE_UNREADABLE = "state_unreadable"
    ITEM_TOO_LATE = "item_too_late"
    INTEREST_FORGOTTEN = "interest_forgotten"
    ROW_REFUSED = "row_refused"
    MESSAGE_REFUSED = "message_refused"
    SNAPSHOT_REFUSED = "snapshot_refused"


class NotReingested(StrEnum):
    """Why a dead letter or late event was not reingested (`kittiwake.pipelines.reingest`)."""

    NOT_A_MESSAGE = "not_a_message"
    TRUNCATED = "truncated"
    BAD_ATTRIBUTES = "bad_attributes"
    STILL_REFUSED = "still_refused"


class NotActivated(StrEnum):
    """Why a trigger of a backfill is not sent (`kittiwake.pipelines.activate`)."""

    ALREADY_SENT = "already_sent"
    SAME_EPISODE = "same_episode"
    UNCONFIRMED = "unconfirmed"
    NOT_YET_DUE = "not_yet_due"
    TOO_OLD = "too_old"
    TOO_LARGE = "too_large"


class Clause(StrEnum):
    """Where in a rule a value of an event was needed."""

    WHEN = "when"
    GIVEN = "given"
    STILL = "still"
    AUDIENCE = "audience"
    PER = "per"
    SAME = "same"
    WAIT = "wait"
    REACHES = "reaches"
    INTEREST = "interest"


class Found(StrEnum):
    """What stood where a rule needed another value."""

    MISSING = "missing"
    TEXT = "text"
    NUMBER_AS_TEXT = "number_as_text"
    NUMBER = "number"
    NEGATIVE = "negative"
    BOOL = "bool"
    LIST = "list"
    OBJECT = "object"
    IN_LIST = "in_list"
    IN_VALUE = "in_value"
    NO_OFFSET = "no_offset"
    NO_DATE = "no_date"
    FAR_YEAR = "far_year"


class Comparison(StrEnum):
    """What a trigger of a stream is beside that of a backfill, by `trigger_id` (`kittiwake.pipelines.reconcile`)."""

    EQUAL = "equal"
    MISSING = "missing"
    EXTRA = "extra"
    DIFFERENT = "different"
    RECALLED = "recalled"


class Difference(StrEnum):
    """Why a stream and a backfill differ in a trigger (`kittiwake.pipelines.reconcile`)."""

    NOT_YET_DUE = "not_yet_due"
    OTHER_RULE_VERSION = "other_rule_version"
    TOO_LATE = "too_late"
    DEAD_LETTER = "dead_letter"
    PARTIAL_HISTORY = "partial_history"
    REVOKED = "revoked"
    ROLLOUT = "rollout"
    HOLDOUT = "holdout"
    SHADOW = "shadow"
    OTHER_ID = "other_id"
    OTHER_RULESET_VERSION = "other_ruleset_version"
    CONSEQUENCE = "consequence"
    UNEXPLAINED = "unexplained"
