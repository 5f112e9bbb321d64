"""`Story`: one contact's events played against rules, in the order a reader reads them.

The clock starts where the first `at` puts it and only goes forward. What was decided and not
yet looked at stays until a check takes it; `nothing` says that none is left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from kittiwake.model import Decision
from kittiwake.replay.explain_text import plain
from kittiwake.replay.rows import decision_row
from kittiwake.replay.scenario_expect import FIELDS, Expectation, decision_words, differences, nearest
from kittiwake.replay.scenario_player import ACCOUNT, CONTACT, Player, default_start_us
from kittiwake.replay.scenario_times import moment_problem, moment_us
from kittiwake.rules.compiler import compile_account
from kittiwake.rules.ruleset import EVERY_ACCOUNT
from kittiwake.testing.runs import Rules, ruleset_of
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
    ) -> None:
        """`contact` are its attributes, set by a `contact.updated` where the story starts.

        Raises:
            RulesError: the rules are not usable.
            ValueError: they are of several accounts and `account` does not say which.
        """
        ruleset = ruleset_of(rules)
        own = [name for name in ruleset.accounts if name != EVERY_ACCOUNT]
        if account is None and len(own) > 1:
            raise ValueError(f"the rules are of several accounts; say which with account=: {sorted(own)}")
        self._program = compile_account(ruleset, account or (own[0] if own else ACCOUNT))
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
        return self._tell(event, properties)

    def after(self, span: str, event: str | None = None, /, **properties: Any) -> Self:
        """Let a span pass (`30m`, `2d`); then an event."""
        span_us = parse_duration(span)
        if span_us is None or span_us < 0:
            raise ValueError(f"{span!r} is no duration: {ADVICE}")
        player = self._now()
        player.pass_to(player.clock_us + span_us)
        return self._tell(event, properties)

    def then(self, event: str, /, **properties: Any) -> Self:
        """An event at this very instant; events of one instant are taken in the order told."""
        return self._tell(event, properties)

    def late(self, ago: str, event: str, /, **properties: Any) -> Self:
        """An event that arrives now and happened a span ago."""
        ago_us = parse_duration(ago)
        if not ago_us or ago_us < 0:
            raise ValueError(f"{ago!r} is no duration: {ADVICE}")
        self._now().tell(event, properties, ago_us=ago_us)
        return self

    # ------------------------------------------------------------ what comes of it

    def fires(self, rule_id: str, /, **fields: Any) -> Self:
        """Check that the rule fired, and take that decision off what is left to look at.

        `fields` are what it must have: `at`, `due` (an instant, or `HH:MM` in the contact's zone), `instance`,
        `include`, `events` (the keys named), `threshold`, `reminder`, `occurrence`, `kind`, `reason`.

        Raises:
            AssertionError: it did not; the message tells all that happened.
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
        """Check that quiet hours hold a candidate of the rule; otherwise as `fires`."""
        __tracebackhide__ = True
        return self._take("deferred", rule_id, fields)

    def nothing(self) -> Self:
        """Check that nothing was decided that no check has taken.

        Raises:
            AssertionError: something was; the message tells all that happened.
        """
        __tracebackhide__ = True
        left = self._look()
        if left:
            shown = "\n".join(f"  {decision_words(one, self._now().zone)}" for one in left)
            raise AssertionError(f"expected nothing, but there was:\n{shown}\n\n{self.explain()}")
        return self

    @property
    def decisions(self) -> Sequence[dict[str, Any]]:
        """Every decision so far, taken or not, in the fields of rules.md section 5."""
        self._look()
        return [decision_row(one) for one in self._all]

    def explain(self) -> str:
        """All that has happened, and for what did not fire what it would have taken."""
        return plain(self._now().explanation())

    # ------------------------------------------------------------ how

    def _now(self) -> Player:
        return self._player or self._start(default_start_us(self._program))

    def _start(self, start_us: int) -> Player:
        self._player = Player(self._program, self._contact_id, start_us)
        if self._contact is not None:
            self._player.tell("contact.updated", self._contact, event_id="e0000")
        return self._player

    def _move(self, player: Player, at_us: int) -> None:
        if at_us < player.clock_us:
            now = format_instant(player.clock_us)
            raise ValueError(
                f"the clock stands at {now} and only goes forward; for an event that comes late use late()"
            )
        player.pass_to(at_us)

    def _tell(self, event: str | None, properties: Mapping[str, Any]) -> Self:
        player = self._now()
        if event is not None:
            player.tell(event, properties)
        return self

    def _look(self) -> list[Decision]:
        found = self._now().look()
        self._unseen.extend(found)
        self._all.extend(found)
        return self._unseen

    def _take(self, verb: str, rule_id: str, fields: Mapping[str, Any]) -> Self:
        __tracebackhide__ = True
        self._refuse_unknown(rule_id, fields)
        left, zone = self._look(), self._now().zone
        expectation = Expectation(verb, rule_id, fields)
        found = next((one for one in left if not differences(expectation, one, zone)), None)
        if found is None:
            raise AssertionError(self._told(expectation, left, zone))
        left.remove(found)
        return self

    def _refuse_unknown(self, rule_id: str, fields: Mapping[str, Any]) -> None:
        ids = [rule.rule_id for rule in self._program.rules]
        if rule_id not in ids:
            raise ValueError(f"there is no rule {rule_id!r}; there are {', '.join(ids)}")
        unknown = [name for name in fields if name not in FIELDS]
        if unknown:
            raise TypeError(f"a decision has no {unknown[0]!r}; it has {', '.join(FIELDS)}")

    def _told(self, expectation: Expectation, left: list[Decision], zone: str) -> str:
        """Why an expectation failed."""
        lines = [f"expected {expectation}"]
        near = nearest(expectation, left, zone)
        if near is not None:
            lines.append(f"nearest  {decision_words(near, zone)}")
            lines.extend(f"  {one}" for one in differences(expectation, near, zone))
        elif left:
            lines.extend(f"there is {decision_words(one, zone)}" for one in left)
        else:
            lines.append("nothing was decided since the last check")
        return "\n".join([*lines, "", self.explain()])
