"""What holds for all rules of an account, in sentences: the policy, and what becomes of events before the rules.

Pure. Called by `document`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kittiwake.explain.rules import cap_words, match_words
from kittiwake.explain.wording import listed, path_words, value_words
from kittiwake.kernel.plan.policy import Channel, Consent, Policy
from kittiwake.kernel.plan.preparation import Preparation
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.quiet_hours import QuietHours
from kittiwake.time.durations import format_duration
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US, WEEK_US

WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def account_words(program: Program) -> list[str]:
    """The sentences of an account, each with its full stop."""
    zone = f"The account's clock is that of {program.timezone}, for contacts without a timezone of their own."
    return [zone, *_policy(program.policy), *_prepared(program.routes.preparation)]


def _policy(policy: Policy) -> Iterator[str]:
    if policy.consent is not None:
        yield f"Nothing is sent without consent {_consent_words(policy.consent)}."
    if policy.quiet_hours is not None:
        yield f"Nothing is sent {quiet_words(policy.quiet_hours)}, by the contact's clock; it is held until then."
    if policy.arbitration is not None:
        within, most = format_duration(policy.arbitration.within_us), policy.arbitration.max_fired
        best = "only the best fires" if most == 1 else f"only the best {most} fire"
        yield f"Of what falls due within {within} {best}, at the end of that, by priority."
    if policy.frequency:
        yield f"A contact is sent at most {listed([cap_words(cap) for cap in policy.frequency])}."
    if policy.holdout is not None:
        percent, salt = value_words(policy.holdout.percent), policy.holdout.salt
        yield f"{percent} percent of the contacts, drawn by the word {salt}, are held out and sent nothing."
    for feed in (one for one in policy.feeds if not one.is_breaker):
        every = format_duration(feed.every_us)
        does = "is held" if feed.holds else "is counted, and sent all the same"
        yield (
            f"An event {feed.type} is expected of the account within {every};"
            f" without one, what waits for its absence {does}."
        )
    for one in (one for one in policy.feeds if one.is_breaker):
        does = "is held" if one.holds else "is counted, and sent all the same"
        yield (
            f"At most {value_words(one.max_events)} events {one.type} are expected of the account in an interval of"
            f" {format_duration(one.every_us)}; what those beyond arm {does}."
        )
    for channel in policy.channels:
        yield f"On {channel.name}, {_channel_words(channel)}."
    yield f"What a contact did is forgotten when it has been silent for {format_duration(policy.retention_us)}."
    if policy.profile_retention_us is not None:
        yield f"What is known of it goes too after {format_duration(policy.profile_retention_us)}."


def _consent_words(consent: Consent) -> str:
    default = "given" if consent.default_granted else "withheld"
    return f"to {consent.purpose}, which counts as {default} before a contact says so"


def _channel_words(channel: Channel) -> str:
    words = []
    if channel.consent is not None:
        words.append(f"consent is needed {_consent_words(channel.consent)}")
    if channel.quiet_hours is not None:
        words.append(f"nothing is sent {quiet_words(channel.quiet_hours)}")
    if channel.frequency:
        words.append(f"at most {listed([cap_words(cap) for cap in channel.frequency])}")
    return listed(words) or "what holds for all holds"


def quiet_words(quiet: QuietHours) -> str:
    """When it is quiet: `between 21:00 and 08:00`, or by weekday where days differ.

    >>> from kittiwake.kernel.plan.quiet_hours import quiet_hours
    >>> quiet_words(quiet_hours([(day * 86_400_000_000, day * 86_400_000_000 + 3_600_000_000) for day in range(7)]))
    'between 00:00 and 01:00'
    """
    spans = list(zip(quiet.edges[::2], quiet.edges[1::2], strict=True))
    if len(spans) > 1 and spans[0][0] == 0 and spans[-1][1] == WEEK_US:
        (_, first_ends), (last_begins, _) = spans[0], spans.pop()
        spans[0] = (last_begins - WEEK_US, first_ends)
    daily = {(begins % DAY_US, ends - begins) for begins, ends in spans}
    if len(spans) == 7 and len(daily) == 1:
        begins, ends = spans[0]
        return f"between {_clock(begins)} and {_clock(ends)}"
    return listed([f"from {_moment(begins)} to {_moment(ends)}" for begins, ends in spans])


def _moment(of_week_us: int) -> str:
    return f"{WEEKDAYS[of_week_us // DAY_US % 7]} {_clock(of_week_us)}"


def _clock(time_us: int) -> str:
    of_day_us = time_us % DAY_US
    return f"{of_day_us // HOUR_US:02}:{of_day_us // MINUTE_US % 60:02}"


def _prepared(preparation: Preparation) -> Iterator[str]:
    for cast in preparation.casts:
        types = listed(sorted(cast.types) or ["every event"], "or")
        if cast.numbers:
            paths = listed([path_words(one) for one in cast.numbers])
            texts = (
                "is read as a number where it is a text"
                if len(cast.numbers) == 1
                else "are read as numbers where they are texts"
            )
            yield f"Of {types}, {paths} {texts}."
        for path, epoch in cast.instants:
            yield f"Of {types}, {path_words(path)} is read as a time, counted in {str(epoch).replace('_', ' ')}."
    for one in preparation.repeats:
        within = format_duration(one.within_us)
        yield f"{match_words(one.of)} counts once in {within} for one {path_words(one.same)}."
    for made in preparation.derivations:
        kept = f", with its {listed(list(made.keep))}" if made.keep else ""
        name = f", named {made.name}" if made.name is not None else ""
        of = f"each element of its {path_words(made.each)}{name}"
        yield f"{match_words(made.parents)} also brings {made.event} of {of}{kept}."
