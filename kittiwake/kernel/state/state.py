"""The state: what the kernel remembers of one contact, small, a value, and versioned when encoded.

`advance` never changes a `State` it was given: it works on a copy (`codec.copied`) and returns that. Records are
written as arrays, so the order of their fields is the wire format (`codec.VERSION`); their names are shown to people in
snapshots (`output.snapshots`). Numbers are Decimals here, since msgpack's integers end at 64 bits. Nothing in a state
refers back to what holds it, so that the collector of cycles has nothing to do (`gc=False`).
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from kittiwake.kernel.state.interest import Interest
from kittiwake.kernel.state.remembered import Slot
from kittiwake.model import Decision
from kittiwake.reasons import Kind


class Candidate(msgspec.Struct, array_like=True, gc=False):
    """Something that fell due, before or between its gates."""

    kind: Kind
    due_us: int
    opened_id: str | None
    """The event that opened the episode, crossed the threshold or caused the edge; None: a look-back's end."""
    opened_us: int
    last_id: str | None
    count: int
    include: str
    same: list[str]
    reminder: int | None = None
    threshold: Decimal | None = None
    occurrence: int | None = None
    """Proleptic ordinal of the local date."""
    opened_type: str = ""
    """Of the event that opened it; empty: its id is that of an earlier release, which did not ask for the type."""
    last_us: int | None = None
    """When its newest event happened; None: an earlier release did not keep it."""
    crossing: str | None = None
    """Of a threshold, which time it is where it may be crossed again, as canonical JSON (`run.thresholds`); of a
    digest, its release (`evaluate.digest`)."""
    reference: str | None = None
    """Of a catalogue rule: the value that the opening change is measured by, as canonical JSON."""


class Held(msgspec.Struct, array_like=True, gc=False):
    """A deferred candidate and the instant of its release."""

    release_us: int
    candidate: Candidate
    in_round: bool = False
    for_feed: bool = False
    for_flood: bool = False
    """By arbitration, while a feed is silent, for a flood armed it; if none of the three, by quiet hours."""


class Reminder(msgspec.Struct, array_like=True, gc=False):
    """A deadline not yet reached."""

    index: int
    due_us: int
    occurrence: int | None = None


class Episode(msgspec.Struct, array_like=True, gc=False):
    """Armed and waiting, or waiting for its deferred candidate."""

    opened_id: str
    opened_us: int
    last_id: str
    count: int
    same: list[str]
    """Canonical values of the rule's `same` paths at the newest arming event."""
    include: str
    reminders: list[Reminder]
    """Those not decided and not deferred, earliest first."""
    target: str | None = None
    """`until` a date of the event: the date as written; of a calendar wait: the time of its newest arming event."""
    fired: bool = False
    """Whether one of its reminders has fired (where nothing is sent, and in the holdout: would have)."""
    occurrence: int | None = None
    """The last occurrence that fell due."""
    numbered: bool = False
    """Its wait was written as a list: decisions carry `reminder`."""
    fallen: list[int] = []
    """Of a list, the reminders that fell due and are not deferred now: a restart does not bring them back."""
    fired_otherwise: bool = False
    """`fired`, of when its rule only watched the contact if it sends now, or sent if it only watches."""
    opened_type: str = ""
    last_us: int | None = None
    """Both as of a `Candidate`."""
    reference: str | None = None
    """As of a `Candidate`."""


class Reached(msgspec.Struct, array_like=True, gc=False):
    """`reaches`: the total and the thresholds used up."""

    total: Decimal
    used: list[int]
    newest_us: int
    period: int | None = None
    """The local date on which the period began that they are of, as an ordinal; None: they are of all time."""


class Instance(msgspec.Struct, array_like=True, gc=False):
    """One `per` value combination of a rule."""

    episode: Episode | None = None
    held: Held | None = None
    prefixes: list[int | None] = []
    """Start of the newest chain of k+1 steps at index k."""
    reached: Reached | None = None
    fired_us: int | None = None
    """Newest firing, for re-entry."""


class RuleState(msgspec.Struct, array_like=True, gc=False):
    """What one rule remembers."""

    instances: dict[str, Instance] = {}
    """By canonical JSON of the `per` values."""
    history: list[dict[str, Slot]] = []
    """Per condition, by canonical JSON of its `same` values ("" without)."""
    member: bool = False
    entered_fired: bool = False
    """Whether the last `entered` fired."""
    version: str = ""
    """`rule_version` under which it was left; empty: of a release that did not say, as the rule is now."""
    layout: str = ""
    """`RuleProgram.layout` under which instances were left."""
    measures: list[str] = []
    """Per condition, `Condition.memory` of what its history remembers."""
    shadow: bool = False
    """Whether it was left in shadow, or the contact outside of its rollout: what fired would have fired."""
    entered_held_out: bool = False
    """Whether the last `entered` would have fired, but for the holdout; `entered_fired` then is true as well."""
    interests: dict[str, Interest] = {}
    """Of a catalogue rule, by item."""
    interest_memory: str = ""
    """`Catalog.memory` of what is remembered of interest."""


class Record(msgspec.Struct, array_like=True, gc=False):
    """What stays of the firings of a rule that is not in force, or is in another mode now."""

    span_us: int
    """For how long after a firing re-entry remembers it."""
    fired_us: dict[str, int] = {}
    """By instance: the newest firing."""
    entered: bool = False
    """Whether the last `entered` fired."""
    held_out: bool = False
    """Whether it would have fired, but for the holdout."""


class Firing(msgspec.Struct, array_like=True, gc=False):
    """A firing that counts in a cap; of a contact in the holdout, what would have been one."""

    fired_us: int
    group: str | None
    channel: str | None = None
    """That its rule was on."""


class StoredEvent(msgspec.Struct, array_like=True, gc=False):
    """An event as a state keeps it: waiting, or evaluated since the checkpoint."""

    time_us: int
    event_id: str
    type: str
    properties: str
    """Canonical JSON."""


class Mark(msgspec.Struct, array_like=True, gc=False):
    """The state in the midst of what is kept for corrections: one may begin here, or end."""

    at_us: int
    """Events before it and deadlines up to and at it are in the state."""
    state: bytes
    """Without the ids of events, its entries in one order: equal states are equal bytes."""


class Chunk(msgspec.Struct, array_like=True, gc=False):
    """What one `advance` evaluated and emitted, as bytes that only a correction decodes."""

    newest_us: int
    """Time of the newest event; of a chunk without events, when it was evaluated to."""
    count: int
    events: bytes
    """`list[StoredEvent]`, in order, without duplicates: what was one stays one, whatever comes inside the horizon."""
    emitted: bytes
    """`list[EmittedDecision]`, those that stand."""
    mark: Mark | None = None
    """The state before its first event, where a correction has left one."""


class EmittedDecision(msgspec.Struct, array_like=True, gc=False):
    """The newest revision of an id."""

    decision: Decision
    threshold: str | None
    """The decision's threshold as text, which there is left out: integers beyond 64 bits are no msgpack."""


class PendingCorrection(msgspec.Struct, array_like=True, gc=False):
    """What the next trigger of something still pending or deferred replaces."""

    rule_id: str
    key: str
    reminder: int | None
    ids: list[str]
    opened_id: str | None
    """The event that opened it."""
    opened_type: str = ""
    """As of a `Candidate`."""


class Since(msgspec.Struct, array_like=True, gc=False):
    """What a correction needs: the state at `State.from_us`, and everything evaluated and emitted since."""

    checkpoint: bytes | None = None
    """That state, encoded; None: nothing has happened since, this very state is as it was then."""
    chunks: list[Chunk] = []
    revoked: list[EmittedDecision] = []
    """Ids that stand as revoked and may come again."""
    pending: list[PendingCorrection] = []


class Repeated(msgspec.Struct, array_like=True, gc=False):
    """Values that events have brought which counted, the oldest first (`run.repeats`)."""

    values: list[str] = []
    times_us: list[int] = []


class Profile(msgspec.Struct, array_like=True, gc=False):
    """Of a contact that was forgotten: since when what stays of it is known (semantics.md, section 12)."""

    first_us: int
    """Its first event since it was last deleted, or nothing was known of it."""
    newest_us: int
    """Its newest event when it was last forgotten."""


class State(msgspec.Struct, array_like=True, gc=False):
    """All the kernel knows of one contact."""

    contact_id: str
    evaluated_to_us: int | None = None
    """Events before it and deadlines up to and at it are evaluated; None: nothing yet."""
    first_us: int | None = None
    """The contact's first event (since it was last deleted or forgotten); None: it has had none since."""
    attributes: str = "{}"
    """Canonical JSON of the attributes that rules read."""
    consents: dict[str, bool] = {}
    firings: list[Firing] = []
    rules: dict[str, RuleState] = {}
    """By `RuleProgram.state_key`."""
    seen: dict[str, int] = {}
    """Event ids that an earlier release kept without their types; they go after two horizons."""
    inbox: list[StoredEvent] = []
    from_us: int | None = None
    """How far back a late event can be corrected for; None: not before `evaluated_to_us`."""
    newest_us: int | None = None
    """The contact's newest event."""
    records: dict[str, Record] = {}
    """By rule id, behind which ~ stands for shadow, and for outside of its rollout."""
    whole_us: int | None = None
    """Its look-backs miss nothing of versions up to this `effective_from`: a snapshot has brought them."""
    since: Since | None = None
    counted: dict[str, dict[str, int]] = {}
    """By type, by event id: the time of the duplicate that counts. Of two horizons, and the newest `Limits.ids`."""
    typed_us: int | None = None
    """What events before it opened bears the ids of an earlier release; None: nothing does."""
    ended_us: int | None = None
    """When the contact was last deleted, merged or wholly forgotten: thresholds crossed anew bear other ids then."""
    ended_times: int = 0
    """How many events ended it at that instant; 0: it was forgotten."""
    profile: Profile | None = None
    """None: it was never forgotten, or nothing stayed."""
    round_ends_us: int | None = None
    """The end of the contact's round of arbitration, which may have passed; None: none is open."""
    repeated: dict[str, Repeated] = {}
    """By entry of `repeats`, the values that events have brought."""


def new_state(contact_id: str) -> State:
    """The state of a contact of whom nothing is known."""
    return State(contact_id)


def corrected_from_us(state: State, evaluated_to_us: int, horizon_us: int) -> int:
    """The time from which on late events are corrected for, of a state that is evaluated; older ones change nothing."""
    return evaluated_to_us if state.from_us is None else max(state.from_us, evaluated_to_us - horizon_us)


def is_nothing(state: State) -> bool:
    """Whether nothing is known of a contact: at most how far it has been evaluated, when it came and when it ended."""
    if state.first_us is not None or keeps_something(state):
        return False
    return not (state.since or keeps_ids(state) or state.inbox)


def keeps_ids(state: State) -> bool:
    """Whether ids of events are remembered, of this release or of an earlier one."""
    return bool(state.seen or state.counted)


def keeps_something(state: State) -> bool:
    """Whether something is known of a contact besides its events."""
    found = state.consents or state.rules or state.records or state.firings
    return bool(found) or state.attributes != "{}" or state.round_ends_us is not None


def is_asleep(state: State) -> bool:
    """Whether a contact has been forgotten and nothing of it is pending or deferred: no version decides anything."""
    if state.first_us is not None or state.inbox:
        return False
    instances = (one for rule in state.rules.values() for one in rule.instances.values())
    return all(one.episode is None and one.held is None for one in instances)
