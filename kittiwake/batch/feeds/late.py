"""What a run knows of feeds, and what it corrects where the run that it starts from did not know it yet.

Pure. Called by both hosts (ADR 0031). A late event of a feed is mostly another contact's: those that start from a state
are given late events of their own that do nothing, by which the kernel decides anew (`evaluate.feeds.notices`).
"""

from __future__ import annotations

from kittiwake.batch.feeds.covered import Covered, silences_by_account
from kittiwake.kernel.evaluate.feeds import changed, notices
from kittiwake.kernel.plan.feeds import NEVER_SILENT
from kittiwake.kernel.state.state import State
from kittiwake.model import Event
from kittiwake.rules.compile.accounts import Plan, Programs


def with_feeds(programs: Programs, found: Covered, at_start: Covered | None) -> Programs:
    """The rules with what all of the input says of feeds, and from when on that is otherwise than at the start.

    None: the run starts from nothing, and has no contact to correct.
    """
    after = silences_by_account(found)
    if at_start is None:
        return programs.with_silences(after)
    before = silences_by_account(at_start)
    spans = {name: changed(before.get(name, NEVER_SILENT), silences) for name, silences in after.items()}
    return programs.with_silences(after, spans)


def late_by_feeds(plan: Plan, start: State) -> list[Event]:
    """The late events of a contact that starts from a state; none, if it was decided by what is known still."""
    if not plan.changed:
        return []
    return notices(plan.changed, start, plan.versions.horizon_us, lambda rhythm: "{}/{}".format(*plan.changed[rhythm]))
