"""`Story`: one contact's events played against rules, in the order a reader reads them.

The clock starts where the first `at` puts it and only goes forward. What was decided and not
yet checked stays until a check takes it; `nothing` says that none is left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from kittiwake.explain.rendering import plain
from kittiwake.model import Decision
from kittiwake.output.rows import decision_row
from kittiwake.printable import visible
from kittiwake.rules.errors import RuleError, RulesError
from kittiwake.rules.ruleset import EVERY_ACCOUNT
from kittiwake.rules.source.tree import Location, node_of
from kittiwake.rules.source.validation import read
from kittiwake.scenarios.edits import edited
from kittiwake.scenarios.expect import FIELDS, Expectation, Known, decision_words, differences, nearest
from kittiwake.scenarios.models import PublishPart, with_data
from kittiwake.scenarios.player import ACCOUNT, CONTACT, Player, default_start_us
from kittiwake.scenarios.rules import Edition, book_of
from kittiwake.scenarios.times import moment_problem, moment_us
from kittiwake.testing.runs import Rules, edition_of_rules
from kittiwake.time.durations import ADVICE, parse_duration
from kittiwake.time.instants import format_instant


class Story:
    """What happens to one contact, and what comes of it.

    >>> story = Story({"id": "cart", "when": "cart.item_added", "wait": "1h", "unless": "order.completed"})
    >>> _ = story.at("2026-11-01T10:00Z", "cart.item_added", product_id="p1").after("1h").fires("cart")
    >>> _ = story.after("5m", "cart.item_added").after("30m", "order.completed").after("2h").nothing()
    """

    def __init__(
        self,
        rules: Rules,
        contact: Mapping[str, Any] | None = None,
        *,
        account: str | None = None,
        contact_id: str = CONTACT,
        allowed_lateness: str = "1h",
        whole_history: bool = True,
    ) -> None:
        """`contact` are its attributes, set by a `contact.updated` where it starts.

        Events that are late by no more than `allowed_lateness` correct what was emitted. Rules that are published look
        back on what was before them, unless `whole_history` says that the stream began without a snapshot.

        Raises:
            RulesError: the rules are not usable.
            ValueError: they are of several accounts and `account` does not say which.
        """
        edition = edition_of_rules(rules)
        own = [name for name in edition.ruleset.accounts if name != EVERY_ACCOUNT]
        if account is None and len(own) > 1:
            raise ValueError(f"the rules are of several accounts; say which with account=: {sorted(own)}")
        book = book_of(edition, account or (own[0] if own else ACCOUNT))
        lateness_us = _span_us(allowed_lateness)
        self._book = book._replace(allowed_lateness_us=lateness_us, whole_history=whole_history)
        self._versions = self._book.versions()
        self._contact = contact
        self._contact_id = contact_id
        self._player: Player | None = None
        self._unseen: list[Decision] = []
        self._all: list[Decision] = []

    def __repr__(self) -> str:
        return f"Story(at {format_instant(self._now().clock_us)}, {len(self.decisions)} decisions)"

    # ------------------------------------------------------------ what happens

    def at(self, moment: str, event: str | None = None, /, **properties: Any) -> Self:
        """Move the clock to an instant (`2026-11-01T10:00Z`), or to the next `09:00` of the contact; then an event."""
        found = moment_problem(moment)
        if found is not None:
            raise ValueError(f"{found[0]}. {found[1]}.")
        if self._player is None and moment[2:3] == ":":
            raise ValueError(f"a story cannot start at {moment} of no day: write 2026-11-01T{moment}Z")
        player = self._player
        at_us = moment_us(moment, player.clock_us if player else 0, player.zone if player else "UTC")
        self._start(at_us) if player is None else self._move(player, at_us)
        return self._happen(event, properties)

    def after(self, span: str, event: str | None = None, /, **properties: Any) -> Self:
        """Let a span pass (`30m`, `2d`); then an event."""
        player, span_us = self._now(), _span_us(span)
        player.pass_to(player.clock_us + span_us)
        return self._happen(event, properties)

    def then(self, event: str, /, **properties: Any) -> Self:
        """An event at this very instant; events of one instant are taken in the order of the calls."""
        return self._happen(event, properties)

    def item(self, item_id: str, event: str, /, **properties: Any) -> Self:
        """An event of an item of the catalogue at this very instant, such as a new price."""
        self._now().add_event(event, properties, item_id=item_id)
        return self

    def late(self, ago: str, event: str, /, **properties: Any) -> Self:
        """An event that arrives now and happened a span ago: inside `allowed_lateness` it corrects what was emitted."""
        ago_us = _span_us(ago)
        if not ago_us:
            raise ValueError(f"{ago!r} is no duration: {ADVICE}")
        self._now().add_event(event, properties, ago_us=ago_us)
        return self

    def publish(
        self,
        rules: Rules | None = None,
        /,
        *,
        effective_from: str | None = None,
        change: Mapping[str, Mapping[str, Any]] | None = None,
        add: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
        remove: str | Sequence[str] | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> Self:
        """Rules come into force now, or at an instant or the next `09:00` of the contact: others, or these with edits.

        `change` replaces keys of rules by id, `policy` those of the policy; None takes a key away.

        Raises:
            RulesError: the rules, or the edits, are not usable.
            ValueError: that time has passed, or rules published before come into force later.
        """
        player, edits = self._now(), {"change": change, "add": add, "remove": remove, "policy": policy}
        written = {key: value for key, value in edits.items() if value is not None}
        if (rules is None) is not bool(written):
            raise ValueError("publish other rules, or changes of these: change=, add=, remove=, policy=")
        edition = edition_of_rules(rules) if rules is not None else self._edited(written)
        effective_us = None if effective_from is None else self._moment(player, effective_from)
        self._book = self._book.publish(player.publishing_us(effective_us), edition)
        self._versions = self._book.versions()
        player.change_rules(self._versions)
        return self

    def freeze(self) -> Self:
        """Nothing that happens from now on is decided."""
        self._now().freeze()
        return self

    def unfreeze(self) -> Self:
        """What has waited is decided, and all that comes."""
        self._now().unfreeze()
        return self

    # ------------------------------------------------------------ what comes of it

    def fires(self, rule_id: str, /, **fields: Any) -> Self:
        """Check that the rule fired, and take that decision off what is left to check.

        `fields` are what it must have: `at`, `due` (an instant, or `HH:MM` in the contact's zone), `instance`,
        `include`, `events` (the keys named), `threshold`, `reminder`, `occurrence`, `variant`, `channel`,
        `kind`, `reason`, `late`, `revision`, `replaces` (the ids of the rules whose decisions it stands for),
        `partial_history`, `outranked_by` (the id of the rule), `lists` (the instances that a digest lists).

        Raises:
            AssertionError: it did not; the message explains all that happened.
        """
        __tracebackhide__ = True
        return self._take("fired", rule_id, fields)

    def enters(self, audience_id: str, /, **fields: Any) -> Self:
        """Check that the contact entered an audience, its trigger fired; otherwise as `fires`."""
        __tracebackhide__ = True
        return self._take("entered", audience_id, fields)

    def exits(self, audience_id: str, /, **fields: Any) -> Self:
        """Check that the contact left an audience, its trigger fired; otherwise as `fires`."""
        __tracebackhide__ = True
        return self._take("exited", audience_id, fields)

    def suppresses(self, rule_id: str, reason: str | None = None, /, **fields: Any) -> Self:
        """Check that a gate or a limit refused the rule; otherwise as `fires`."""
        __tracebackhide__ = True
        return self._take("suppressed", rule_id, {"reason": reason, **fields} if reason else fields)

    def cancels(self, rule_id: str, reason: str | None = None, /, **fields: Any) -> Self:
        """Check that the rule's deferred candidate came to nothing; otherwise as `fires`."""
        __tracebackhide__ = True
        return self._take("cancelled", rule_id, {"reason": reason, **fields} if reason else fields)

    def defers(self, rule_id: str, /, **fields: Any) -> Self:
        """Check that quiet hours or arbitration hold a candidate of the rule; otherwise as `fires`."""
        __tracebackhide__ = True
        return self._take("deferred", rule_id, fields)

    def revokes(self, rule_id: str, reason: str | None = None, /, **fields: Any) -> Self:
        """Check that a decision of the rule was taken back because of a late event; otherwise as `fires`."""
        __tracebackhide__ = True
        return self._take("revoked", rule_id, {"reason": reason, **fields} if reason else fields)

    def nothing(self) -> Self:
        """Check that nothing was decided that no check has taken.

        Raises:
            AssertionError: something was; the message explains all that happened.
        """
        __tracebackhide__ = True
        left = self._read_new()
        if left:
            shown = "\n".join(f"  {visible(decision_words(one, self._now().zone))}" for one in left)
            raise AssertionError(f"expected nothing, but there was:\n{shown}\n\n{self.explain()}")
        return self

    @property
    def decisions(self) -> Sequence[dict[str, Any]]:
        """Every decision so far, taken or not, in the fields of rules.md section 5."""
        self._read_new()
        return [decision_row(one) for one in self._all]

    def explain(self) -> str:
        """All that has happened, and for what did not fire what it would have taken."""
        return plain(self._now().explanation())

    # ------------------------------------------------------------ how

    def _now(self) -> Player:
        return self._player or self._start(default_start_us(self._versions))

    def _start(self, start_us: int) -> Player:
        self._player = Player(self._versions, self._contact_id, start_us)
        if self._contact is not None:
            self._player.add_event("contact.updated", self._contact, event_id="e0000")
        return self._player

    def _edited(self, written: Mapping[str, Any]) -> Edition:
        location, errors = Location("<publish>", node_of(written)), list[RuleError]()
        read(PublishPart, Location(location.file, with_data(location.node)), errors)
        if errors:
            raise RulesError(errors)
        return edited(self._book, location)

    def _moment(self, player: Player, text: str) -> int:
        found = moment_problem(text)
        if found is not None:
            raise ValueError(f"{found[0]}. {found[1]}.")
        at_us = moment_us(text, player.clock_us, player.zone)
        if at_us < player.clock_us:
            now = format_instant(player.clock_us)
            raise ValueError(f"the clock stands at {now}: rules come into force now or later")
        return at_us

    def _move(self, player: Player, at_us: int) -> None:
        if at_us < player.clock_us:
            now = format_instant(player.clock_us)
            raise ValueError(
                f"the clock stands at {now} and only goes forward; for an event that comes late use late()"
            )
        player.pass_to(at_us)

    def _happen(self, event: str | None, properties: Mapping[str, Any]) -> Self:
        player = self._now()
        if event is not None:
            player.add_event(event, properties)
        return self

    def _read_new(self) -> list[Decision]:
        found = self._now().take_decisions()
        self._unseen.extend(found)
        self._all.extend(found)
        return self._unseen

    def _take(self, verb: str, rule_id: str, fields: Mapping[str, Any]) -> Self:
        __tracebackhide__ = True
        self._refuse_unknown(rule_id, fields)
        left, known = self._read_new(), self._now().known
        expectation = Expectation(verb, rule_id, fields)
        found = next((one for one in left if not differences(expectation, one, known)), None)
        if found is None:
            raise AssertionError(self._message(expectation, left, known))
        left.remove(found)
        return self

    def _refuse_unknown(self, rule_id: str, fields: Mapping[str, Any]) -> None:
        ids = self._book.rule_ids()
        if rule_id not in ids:
            raise ValueError(f"there is no rule {rule_id!r}; there are {', '.join(ids)}")
        unknown = [name for name in fields if name not in FIELDS]
        if unknown:
            raise TypeError(f"a decision has no {unknown[0]!r}; it has {', '.join(FIELDS)}")

    def _message(self, expectation: Expectation, left: list[Decision], known: Known) -> str:
        """Why an expectation failed."""
        lines = [f"expected {expectation}"]
        near, zone = nearest(expectation, left, known), known.zone
        if near is not None:
            lines.append(f"nearest  {decision_words(near, zone)}")
            lines.extend(f"  {one}" for one in differences(expectation, near, known))
        elif left:
            lines.extend(f"there is {decision_words(one, zone)}" for one in left)
        else:
            lines.append("nothing was decided since the last check")
        return "\n".join([*map(visible, lines), "", self.explain()])


def _span_us(text: str) -> int:
    span_us = parse_duration(text)
    if span_us is None or span_us < 0:
        raise ValueError(f"{text!r} is no duration: {ADVICE}")
    return span_us
