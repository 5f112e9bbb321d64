"""Limits on what may be written, each with its reason. Exceeding one is a located error at load.

Pure. What the kernel may remember at run time is limited in `kittiwake.kernel.plan.limits`.
"""

from __future__ import annotations

from typing import Final

from kittiwake.time.instants import DAY_US

# ---------------------------------------------------------------- files

FILE_BYTES_MAX: Final = 1_000_000
"""A file: some 20,000 lines; two hundred rules fit twenty times over."""
FILES_MAX: Final = 1_000
"""Files of a directory: one for each of a thousand accounts. A wrong directory is found out early."""
NODES_MAX: Final = 200_000
"""Values of a document with its aliases written out: a small file of aliases to aliases stands for billions."""
DEPTH_MAX: Final = 32
"""Nesting: an honest `where` needs a dozen levels. Everything that walks a document recurses."""
ERRORS_MAX: Final = 200
"""Errors reported of one set of rules: nobody reads more, and the wrong file has thousands."""

# ---------------------------------------------------------------- names

NAME_CHARS_MAX: Final = 128
"""Accounts, event types, groups, purposes, salts: what an event's own ids may have."""
ID_CHARS_MAX: Final = 64
"""Rule ids and names in `include`: they are metric labels and columns."""
PATH_CHARS_MAX: Final = 256
PATH_PARTS_MAX: Final = 8
"""Deeper properties than eight levels are somebody's dump, not an event."""
TEXT_CHARS_MAX: Final = 1_000
"""Strings compared with: far longer than any category, shorter than a document."""

# ---------------------------------------------------------------- rules

RULES_MAX: Final = 500
"""Rules of an account, those of "*" included: each event is tested against those that name its type."""
LIST_MAX: Final = 1_000
"""Entries of a list of values or types: one set lookup, but an author's list of every product belongs in the data."""
CONDITIONS_MAX: Final = 20
"""Conditions of one clause: each keeps its own history for each contact."""
WRITTEN_OUT_MAX: Final = 60
"""Conditions of a clause once the audiences it names are written out: three times what one holds by itself."""
STEPS_MAX: Final = 10
"""Steps of a sequence: one prefix of each length is kept for each instance."""
REMINDERS_MAX: Final = 10
"""Reminders of an episode: nobody wants an eleventh."""
THRESHOLDS_MAX: Final = 100
"""Thresholds of `reaches`: the used ones are remembered for each instance."""
CAPS_MAX: Final = 10
"""Caps of a policy: every candidate is held against each."""
QUIET_HOURS_MAX: Final = 20
"""Entries of `quiet_hours`: more than two for each day of the week is a timetable."""
CHANNELS_MAX: Final = 20
"""Channels of a policy: there are not so many ways to reach anybody."""
ROUND_MAX_US: Final = DAY_US
"""Longest round of arbitration: what is held for more than a day is about yesterday."""
FEEDS_MAX: Final = 20
"""Feeds of a policy: every one is watched for the whole account, and few types mean something by their absence."""
FEED_EVERY_MIN_MINUTES: Final = 10
"""Shortest rhythm of a feed: what is held is asked again so often, and a pause of minutes is none."""
FEED_EVERY_MAX_US: Final = 7 * DAY_US
"""Longest rhythm of a feed: what comes once a week is no feed that anybody misses in time."""
BREAKERS_MAX: Final = 20
"""Types with a breaker in a policy: every one is watched for the whole account."""
BREAKER_MAX: Final = 1_000_000_000
"""Greatest `max` of a breaker: more events of a type within a day nobody sends."""
BREAKER_PER_MIN_MINUTES: Final = 60
"""Shortest interval of a breaker: what it holds is asked again so often, and a year has 8,760 of them to keep."""
BREAKER_PER_MAX_US: Final = DAY_US
"""Longest interval of a breaker: a flood lasts to the end of its interval."""
CAP_MAX: Final = 1_000
"""Firings that a cap counts: the newest so many are remembered for each contact."""
KEYS_MAX: Final = 5
"""Paths of one `per` or `same`: together they are one key."""
CONTAINS_DEPTH_MAX: Final = 3
"""`contains: {…}` inside one another: lists of lists of lists; each is walked for each element of the outer."""
INCLUDES_MAX: Final = 50
"""Fields copied into a trigger."""
LISTED_MAX: Final = 100
"""Instances that a digest lists: each has a hundredth of what `include` may have then; no message names more."""
VARIANTS_MAX: Final = 20
"""Variants of a rule: among more, each gets too few contacts to compare."""
DESCRIPTION_CHARS_MAX: Final = 1_000
"""The description of a rule: a paragraph or two; a document belongs elsewhere, and its address into the description."""
TAGS_MAX: Final = 20
"""Tags of a rule: labels to find it by, not its text."""

MATCHES_MAX: Final = 200
"""Named matches of an account, those of "*" included: a few for each of its types of events."""
RECIPES_MAX: Final = 100
"""Recipes of an account's own: a library that a person still overlooks."""
PARAMETERS_MAX: Final = 20
"""Parameters of a recipe: with more it is no rule to start from, but a language."""
NAMES_DEEP_MAX: Final = 5
"""Names within names: nobody follows a sixth, and everything that walks a rule recurses."""

# ---------------------------------------------------------------- events

CASTS_MAX: Final = 100
"""Entries of `cast`: a shop has some twenty types of events with numbers in them."""
CAST_PATHS_MAX: Final = 50
"""Properties that one entry of `cast` names: each is looked up in each event."""

REPEATS_MAX: Final = 20
"""Entries of `repeats`: each event is asked by those that name its type."""
DERIVATIONS_MAX: Final = 20
"""Entries of `derive`: orders, refunds, carts and checkouts have lists, and little else."""
KEPT_MAX: Final = 50
"""Properties that an entry of `derive` keeps: every derived event has them."""

# ---------------------------------------------------------------- time and history

WITHIN_MAX_US: Final = 400 * DAY_US
"""Longest look-back: a year and a month, so that last year's season still counts."""
WAIT_MAX_US: Final = 400 * DAY_US
"""Longest wait, offset and expiry: as far as the kernel looks ahead (`Limits.max_wait_us`)."""
HOLIDAYS_MAX: Final = 10_000
"""Dates of an account's calendar, its files included: seventy holidays a year from 1970 to 2100."""
CALENDAR_EVENTS_MAX: Final = 1_000
"""Events of a calendar file: the holidays of ten years, each written by itself."""
EVENT_DAYS_MAX: Final = 366
"""Days of one event of a calendar file: no holiday is longer than a year."""
DAYS_MAX: Final = WAIT_MAX_US // DAY_US
"""Local days of a wait: those of the longest."""
KEEP_MAX_US: Final = 1_830 * DAY_US
"""Longest memory of a key, of a firing for re-entry, of a silent contact: five years, bounded by the number of keys."""
PROFILE_MAX_US: Final = 36_525 * DAY_US
"""Longest `profile_retention`: a century. Who wants to keep a profile for longer writes none."""
WINDOWED_COUNT_MAX: Final = 1_000
"""Bound of a `count` with `within`: one instant more than it is kept for each contact, ~8 KB."""
WINDOWED_COUNT_SAME_MAX: Final = 100
"""The same for each of 1,000 `same` keys: ~800 KB for a contact that uses all of them."""
