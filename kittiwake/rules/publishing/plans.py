"""Plans: what publishing would do, written down when it was shown, so that nothing else is published afterwards.

Pure. Written and asked for by `kittiwake publish`. A plan belongs to one newest version of a target and to the texts of
one version after it; when that comes into force may differ, for somebody has to read the plan first.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from kittiwake.rules.publishing import layout
from kittiwake.rules.publishing.errors import TargetError
from kittiwake.rules.publishing.layout import VersionFile
from kittiwake.rules.publishing.publish import Publication
from kittiwake.time.durations import format_duration
from kittiwake.time.instants import DAY_US, format_instant, parse_instant
from kittiwake.values import canonical_bytes

FORMAT: Final = 1

AGE_MAX_US: Final = DAY_US
"""How old a plan may be: what is pending is another the day after."""


class PublishingPlan(msgspec.Struct, frozen=True):
    """A plan, as a file."""

    format: int
    made_at: str
    target: str
    before: str | None
    """SHA-256 of the newest version's bytes; None: there was none."""
    texts: str
    """SHA-256 of the rules files, by name."""
    ruleset_version: str
    effective_from: str
    shown: dict[str, Any]
    """What was shown: changes, what is pending, the difference."""


def plan_of(prepared: Publication, location: str, now_us: int, shown: dict[str, Any]) -> PublishingPlan:
    """The plan of what is about to be published."""
    file = prepared.file
    return PublishingPlan(
        FORMAT,
        format_instant(now_us),
        location,
        _before(prepared),
        _texts(file),
        file.ruleset_version,
        file.effective_from,
        shown,
    )


def written(plan: PublishingPlan) -> bytes:
    """The bytes of a plan: JSON that a person can read."""
    return msgspec.json.format(msgspec.json.encode(plan), indent=2) + b"\n"


def is_plan(data: bytes) -> bool:
    """Whether bytes are a plan, of any format."""
    try:
        msgspec.json.decode(data, type=PublishingPlan)
    except (ValueError, RecursionError):
        return False
    return True


def require_plan(name: str, data: bytes, prepared: Publication, now_us: int) -> None:
    """Refuse what a plan is not of.

    Raises:
        TargetError: the bytes are no plan, or it is of other rules, of another newest version, or too old.
    """
    again = "make it anew: --dry-run --plan FILE"
    try:
        plan = msgspec.json.decode(data, type=PublishingPlan)
        made_us = parse_instant(plan.made_at)
    except (ValueError, OverflowError, RecursionError) as error:
        raise TargetError(f"--require-plan: {name} is no plan of kittiwake publish: {error}") from None
    if plan.format != FORMAT:
        raise TargetError(
            f"--require-plan: {name} is of format {plan.format}, and this release reads {FORMAT}: {again}"
        )
    if plan.before != _before(prepared):
        raise TargetError(f"--require-plan: somebody has published since {name} was made at {plan.made_at}: {again}")
    if plan.texts != _texts(prepared.file):
        theirs, ours = plan.ruleset_version, prepared.file.ruleset_version
        what = f"of ruleset_version {theirs}, and these are {ours}" if theirs != ours else "of files with other texts"
        raise TargetError(f"--require-plan: {name} is {what}: {again}")
    if now_us - made_us > AGE_MAX_US:
        oldest = format_duration(AGE_MAX_US)
        raise TargetError(f"--require-plan: {name} was made at {plan.made_at}, more than {oldest} ago: {again}")


def _before(prepared: Publication) -> str | None:
    versions = prepared.held.pointer.versions
    return versions[-1].sha256 if versions else None


def _texts(file: VersionFile) -> str:
    return layout.sha256(canonical_bytes(file.files))
