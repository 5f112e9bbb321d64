"""One rule in sentences: what begins it, what ends it, when it fires, what its trigger carries, what may hold it back.

Pure. Called by `document`. Every clause and every gate that it has stands in some sentence.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Final

from kittiwake.describe.clauses import begins_words, reaches_words, tree_words, wait_words
from kittiwake.explain.rules import cap_words, match_words
from kittiwake.explain.wording import listed, path_words, value_words
from kittiwake.kernel.plan.digest import Digest
from kittiwake.kernel.plan.gates import asked_of
from kittiwake.kernel.plan.include import Include
from kittiwake.kernel.plan.policy import Policy
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.rule import Mode, RuleProgram
from kittiwake.kernel.plan.variants import Variants
from kittiwake.time.durations import format_duration
from kittiwake.time.instants import DAY_US, format_instant

EXPIRES_US: Final = 3 * DAY_US
KEEP_US: Final = 400 * DAY_US
"""What holds where nothing is written."""


def rule_words(program: Program, rule: RuleProgram) -> list[str]:
    """The sentences of a rule, each with its full stop."""
    return [*_about(rule), *_fires(rule), *_ends(rule), *_instances(rule), *_carries(rule), *_sent(program, rule)]


def _about(rule: RuleProgram) -> Iterator[str]:
    about = rule.about
    if about is None:
        return
    if about.description:
        yield about.description.rstrip(".") + "."
    if about.owner:
        yield f"{about.owner} answers for it."
    if about.tags:
        yield f"It is tagged {listed(list(about.tags))}."


def _fires(rule: RuleProgram) -> Iterator[str]:
    begins = begins_words(rule)
    if rule.audience is not None:
        yield f"{begins}."
        yield "It fires when a contact enters" + (", and again when it leaves." if rule.audience.emits_exit else ".")
        return
    given = f", and only if at that time {tree_words(rule, rule.given)}" if rule.given is not None else ""
    if rule.reaches is not None:
        yield f"{begins}{given}, it counts; it fires each time {reaches_words(rule.reaches)}."
        return
    yield f"{begins}{given}, it falls due {wait_words(rule.wait) if rule.wait is not None else 'at once'}."
    if rule.wait is not None:
        restart = "begins the wait anew" if rule.restart else "only counts, and moves nothing"
        yield f"What begins it again while it waits {restart}."


def _ends(rule: RuleProgram) -> Iterator[str]:
    if rule.unless:
        until = "before that" if rule.wait is not None else "while it is held back"
        yield f"It is called off if the contact sends {match_words(rule.unless)} {until}."
    if rule.catalog is not None and rule.wait is not None:
        yield "It is called off, too, if the change is taken back."
    if rule.still is not None:
        yield f"It fires only if, when it falls due and again when it is released, {tree_words(rule, rule.still)}."


def _instances(rule: RuleProgram) -> Iterator[str]:
    if rule.per:
        names = " and ".join(map(path_words, rule.per))
        yield f"Each {names} is followed by itself; an event without one takes no part."
    if rule.same:
        yield f"What begins it has to have {listed([path_words(one) for one in dict.fromkeys(rule.same)])}."
    if rule.keep_us != KEEP_US:
        yield f"What it knows of an instance is remembered for {format_duration(rule.keep_us)}."


def _carries(rule: RuleProgram) -> Iterator[str]:
    if rule.digest is not None:
        yield f"What is due at one time leaves as one trigger that lists {_listing(rule.digest)}."
    if rule.include:
        yield f"Its trigger carries {listed([_field(one) for one in rule.include])}."
    if rule.variants is not None:
        yield f"Contacts get {_shares(rule.variants)}, drawn by the word {rule.variants.salt}."
    if rule.channel is not None:
        yield f"It is sent on {rule.channel}."


def _listing(digest: Digest) -> str:
    best = "newest" if digest.field is None else f"{'highest' if digest.is_highest_best else 'lowest'} {digest.field}"
    return f"up to {digest.max_listed}, the {best} first"


def _field(one: Include) -> str:
    if one.said is not None:
        said = one.said if isinstance(one.said, str) else listed(list(one.said))
        return f"{one.name} ({said})"
    return f"{one.name} ({'contact.' if one.of_contact else ''}{path_words(one.path)})"


def _shares(variants: Variants) -> str:
    edges = [0, *variants.edges[: len(variants.names) - 1], 2**64]
    shares = [(later - before) * Fraction(100, 2**64) for before, later in pairwise(edges)]
    return listed([f"{name} ({float(share):.4g} %)" for name, share in zip(variants.names, shares, strict=True)], "or")


# ---------------------------------------------------------------- gates


def _sent(program: Program, rule: RuleProgram) -> Iterator[str]:
    policy, asked = program.policy, asked_of(rule, program.policy)
    if rule.mode is Mode.SHADOW:
        yield "It is in shadow: it is decided and counted, and nothing is sent."
    if rule.rollout is not None:
        percent, salt = value_words(rule.rollout.percent), rule.rollout.salt
        yield f"It is sent to {percent} percent of the contacts, drawn by the word {salt}."
        yield "For the others it is decided and counted, and nothing is sent."
    if rule.ready_us is not None:
        yield f"Nothing of it fires before {format_instant(rule.ready_us)}."
    if rule.partial:
        yield "It counts from when it came into force, for contacts that were there before too."
    yield from _consent_and_reentry(rule, policy)
    if asked.caps:
        where = " where it is sent" if rule.rollout is not None else ""
        counts = f"and counts in them{where}" if rule.mode is Mode.LIVE else "and does not count in them"
        yield f"It is held by the caps of {listed([cap_words(cap) for cap in asked.caps])}, {counts}."
    if rule.transactional and rule.audience is None:
        yield "It is transactional: quiet hours, rounds and caps neither hold it nor count it."
    if rule.group is not None:
        yield f"For caps it is of group {rule.group}."
    if policy.holdout is not None and not rule.holdout:
        yield "The holdout gets it too."
    yield f"Its priority is {rule.priority}."
    feeds = program.feeds[program.rules.index(rule)]
    for holds, what in ((True, "It is held while"), (False, "It is counted when it is due while")):
        types = [feed.type for feed in feeds if feed.holds is holds and not feed.is_breaker]
        if types:
            yield f"{what} no {listed(types, 'or')} comes of the whole account."
        types = [feed.type for feed in feeds if feed.holds is holds and feed.is_breaker]
        if types:
            does = "held" if holds else "counted"
            yield f"It is {does} if its newest event came when there were too many {listed(types, 'or')}."
    if asked.quiet_hours is not None or asked.arbitration is not None or any(feed.holds for feed in feeds):
        yield f"If it is held back for {format_duration(rule.expires_us)} or longer, it is not sent."
    elif rule.expires_us != EXPIRES_US:
        yield f"It is worth sending for {format_duration(rule.expires_us)}."


def _consent_and_reentry(rule: RuleProgram, policy: Policy) -> Iterator[str]:
    channel = policy.channel(rule.channel)
    if channel is not None and channel.consent is not None:
        yield f"It asks for consent to {channel.consent.purpose}, which its channel wants."
    if rule.reentry is not None:
        within_us = rule.reentry.within_us
        how = "once" if within_us is None else f"once in {format_duration(within_us)}"
        yield f"It fires {how} for a contact{' and instance' if rule.per else ''}."
