"""Parse a message of a queue: to events on their way to contacts, a dead letter, or nothing that anybody needs.

Pure and total: whatever a message is, it becomes one of the three, and nothing is raised. Called by
`kittiwake.transforms.stream.parse` with every message. All attributes travel on, for a dead letter or a late event
leaves whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from kittiwake.event_types import WITHDRAWN
from kittiwake.input.shapes.base import CANONICAL, InputShape
from kittiwake.input.single import events_from
from kittiwake.model import DeadLetter, Event
from kittiwake.reasons import DeadLetterReason
from kittiwake.rules.compile.accounts import Plan, Programs
from kittiwake.stream.awaited import Awaited
from kittiwake.stream.feeds.routing import routed_to_feeds
from kittiwake.stream.items.routing import SHARDS, ItemRouters, Routed
from kittiwake.stream.records import BufferedEvent, DeadLetterRecord, Stage, dead_letter, key_of, trace_of
from kittiwake.stream.rules_source.view import RulesView

ATTRIBUTES_MAX, NAME_CHARS_MAX, VALUE_CHARS_MAX = 100, 256, 1_024
"""What Pub/Sub allows: so many attributes, and so many bytes of a name and of a value."""
ATTRIBUTES_CHARS_MAX: Final = ATTRIBUTES_MAX * (NAME_CHARS_MAX + VALUE_CHARS_MAX)
"""Characters of a message's attributes, names and values together: what Pub/Sub allows in bytes. Half an event's."""


USUAL_ROUTERS: Final = ItemRouters(SHARDS)
"""Of a host that sets no number of shards."""


class Message(NamedTuple):
    """A message as the queue gives it."""

    data: bytes
    attributes: Mapping[str, str] = {}
    message_id: str = ""
    publish_us: int | None = None
    """When the queue took it; None: it does not say."""


class IntakeSettings(NamedTuple):
    """By what a job takes messages in."""

    shape: InputShape = CANONICAL
    max_age_us: int | None = None
    """How far back from the clock an event may lie; None: any time. An opt-out may always."""


class Needed(NamedTuple):
    """An event that some rule may need, and the key of its contact."""

    key: bytes
    arrival: BufferedEvent


class Brought(NamedTuple):
    """What a message that is no dead letter brings."""

    needed: list[Needed]
    events: int
    """All, with those that nobody needs. None: its shape leaves the message out."""
    unneeded: int = 0
    """Those that concern no rule."""
    of_items: Sequence[Routed] = ()
    """Keys of items, and what the events bring to them."""
    unknown_types: int = 0
    """Of those that are unneeded, the events of contacts of a type that no rule of any account names."""
    unknown_accounts: int = 0
    """Of those that are unneeded, those of accounts that no rule is for."""


def take(
    message: Message,
    clock_us: int,
    rules: RulesView,
    settings: IntakeSettings,
    routers: ItemRouters = USUAL_ROUTERS,
    awaited: Awaited | None = None,
) -> Brought | DeadLetterRecord:
    """What becomes of a message: all of its events go their ways, or none does.

    `awaited` notes what came, as long as somebody waits.
    """
    if _attribute_chars(message.attributes) > ATTRIBUTES_CHARS_MAX:
        detail = f"the attributes have more than {ATTRIBUTES_CHARS_MAX} characters"
        cut = message._replace(attributes=_cut(message.attributes))
        return _dead(cut, DeadLetterReason.OVERSIZE, detail, clock_us, rules)
    events = events_from(message.data, clock_us, settings.shape)
    if isinstance(events, DeadLetter):
        return _dead(message, events.reason, events.detail, clock_us, rules)
    if awaited is not None:
        awaited.note(events)
    needed: list[Needed] = []
    of_items: list[Routed] = []
    unneeded: list[Event] = []
    for index, event in enumerate(events):
        plan = rules.plan(event.account_id)
        if not _is_needed(event, plan, rules):
            unneeded.append(event)
            continue
        if _is_too_old(event, clock_us, settings.max_age_us):
            return _dead(
                message, DeadLetterReason.TOO_OLD, "time lies further back than max_age allows", clock_us, rules
            )
        if event.contact_id is not None:
            needed.append(Needed(key_of(event.account_id, event.contact_id), _arrival(message, event, index)))
        if plan.feeds is not None:
            of_items += routed_to_feeds(plan.feeds, event, routers.shards)
        if plan.catalog is not None:
            of_items += routers.routed(event.account_id, plan, event, trace_of(message.attributes))
    found = Brought(needed, len(events), len(unneeded), of_items)
    return _with_unknown(found, unneeded, rules.programs) if unneeded else found


def _with_unknown(found: Brought, unneeded: Sequence[Event], programs: Programs) -> Brought:
    """With how many of the unneeded events nobody knows at all."""
    named = programs.named_types
    types = 0 if named is None else sum(one.contact_id is not None and one.type not in named for one in unneeded)
    accounts = sum(not programs.has_rules(one.account_id) for one in unneeded)
    return found._replace(unknown_types=types, unknown_accounts=accounts) if types or accounts else found


def _is_too_old(event: Event, clock_us: int, max_age_us: int | None) -> bool:
    """Who opted out long ago must not be written to, whatever else is too old to matter."""
    return max_age_us is not None and event.time_us < clock_us - max_age_us and event.type != WITHDRAWN


def _is_needed(event: Event, plan: Plan, rules: RulesView) -> bool:
    """Whether an event concerns a rule: of an item, any; of a contact, one that wants its type."""
    if event.contact_id is None:
        return plan.catalog is not None
    return rules.may_need(event.account_id, event.type, event.time_us)


def _attribute_chars(attributes: Mapping[str, str]) -> int:
    return sum(map(len, attributes)) + sum(map(len, attributes.values())) if attributes else 0


def _cut(attributes: Mapping[str, str]) -> dict[str, str]:
    """As much of attributes as a queue would have allowed: whole, they would not go into a table's row."""
    few = list(attributes.items())[:ATTRIBUTES_MAX]
    return {name[:NAME_CHARS_MAX]: value[:VALUE_CHARS_MAX] for name, value in few}


def _arrival(message: Message, event: Event, index: int) -> BufferedEvent:
    return BufferedEvent(
        event.time_us,
        event.event_id,
        event.type,
        message.data,
        dict(message.attributes),
        message.message_id,
        message.publish_us,
        index,
    )


def _dead(message: Message, reason: DeadLetterReason, detail: str, clock_us: int, rules: RulesView) -> DeadLetterRecord:
    return dead_letter(Stage.INTAKE, reason, detail, message, clock_us, rules.programs.used.ruleset_version)
