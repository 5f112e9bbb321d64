"""What a load is made of, within which bounds, and why what is out of bounds is refused. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US, SECOND_US

RATE_MAX: Final = 100_000.0
"""Messages a second: beyond what one process of Python generates. Several processes take several seeds."""
OPEN_EVENTS_MAX: Final = 10_000_000
"""Events of sessions that are under way, which are held: some 60 bytes each."""
CONTACTS_MAX: Final = 10**12
ACCOUNTS_MAX: Final = 1_000_000
EXPONENT_MAX: Final = 4.0
"""Of Zipf's law: beyond it nearly everything is of the first one."""
FACTOR_MAX: Final = 10_000.0
SEED_MAX: Final = 2**32


class LoadSettings(NamedTuple):
    """What is sent. The same settings give the same messages, and a longer run begins as a shorter one."""

    start_us: int
    """The instant of the first message, from which event times are counted back."""
    rate: float = 100.0
    """Messages a second, of all accounts: the mean over a day, without bursts."""
    seed: int = 0
    accounts: int = 10
    loud: float = 1.0
    """The first account has so many times the events of each other one."""
    contacts: int = 100_000
    """Of all accounts together."""
    contact_exponent: float = 0.8
    """Of Zipf's law: how unequal contacts are. Zero: equal."""
    items: int = 5_000
    item_exponent: float = 1.0
    session_us: int = 2 * MINUTE_US
    """The longest visit of a contact; on average four events in half of that time."""
    day_us: int = DAY_US
    """How long a day takes: shorter ones show a whole curve within minutes."""
    swing: float = 0.0
    """The daily curve: so much of the rate comes on top in the evening, and is missing in the morning."""
    burst: float = 1.0
    """Within a burst the rate is so many times higher."""
    burst_lasts_us: int = 5 * SECOND_US
    burst_every_us: int = MINUTE_US
    """From one burst to the next; the first begins after as long."""
    disorder_us: int = 5 * SECOND_US
    """An event is sent up to so much after it has happened."""
    late: float = 0.005
    """The share of events that are sent later still,"""
    late_by_us: int = 10 * MINUTE_US
    """by up to so much."""
    duplicates: float = 0.01
    """The share of messages that were sent before."""
    poison: float = 0.001
    """The share of messages that are no events."""


def problems(settings: LoadSettings) -> Iterator[str]:
    """What keeps the settings from being used, with what to write instead."""
    for name, lowest, highest in _BOUNDS:
        value = getattr(settings, name)
        if not lowest <= value <= highest:
            yield f"--{name} is {value:,}: write a number from {lowest:,} to {highest:,}"
    for name, lowest_us, highest_us in _TIMES:
        if not lowest_us <= getattr(settings, f"{name}_us") <= highest_us:
            yield f"--{name} is out of bounds: {lowest_us / SECOND_US:g} to {highest_us / SECOND_US:,.0f} seconds"
    if settings.contacts < settings.accounts:
        yield f"--contacts is {settings.contacts:,}: every one of the {settings.accounts:,} accounts needs one"
    if settings.burst > 1 and settings.burst_lasts_us >= settings.burst_every_us:
        yield "--burst_lasts has to be shorter than --burst_every"
    if settings.duplicates + settings.poison >= 1:
        yield "--duplicates and --poison together leave no events: write shares that are less than 1 in all"
    if settings.rate * settings.session_us > OPEN_EVENTS_MAX * SECOND_US:
        yield f"--rate times --session are more than {OPEN_EVENTS_MAX:,} events under way: shorten the sessions"


_BOUNDS: Final = (
    ("rate", 0.001, RATE_MAX),
    ("seed", 0, SEED_MAX),
    ("accounts", 1, ACCOUNTS_MAX),
    ("loud", 0.0, FACTOR_MAX),
    ("contacts", 1, CONTACTS_MAX),
    ("contact_exponent", 0.0, EXPONENT_MAX),
    ("items", 1, CONTACTS_MAX),
    ("item_exponent", 0.0, EXPONENT_MAX),
    ("swing", 0.0, 1.0),
    ("burst", 1.0, FACTOR_MAX),
    ("late", 0.0, 1.0),
    ("duplicates", 0.0, 1.0),
    ("poison", 0.0, 1.0),
)
_TIMES: Final = (
    ("session", 0, HOUR_US),
    ("day", SECOND_US, DAY_US),
    ("burst_lasts", SECOND_US, DAY_US),
    ("burst_every", SECOND_US, DAY_US),
    ("disorder", 0, DAY_US),
    ("late_by", 0, 30 * DAY_US),
)
