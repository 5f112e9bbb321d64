"""From `quiet_hours` to the stretches of a local week.

Pure. Called by `compile.policy`, and by the checks and lints that ask what of a week is left.
"""

from __future__ import annotations

from kittiwake.kernel.plan import quiet_hours as plan
from kittiwake.rules.model.quiet_hours import QuietHours, spans_us


def quiet_hours_of(written: QuietHours | None) -> plan.QuietHours | None:
    """When it is quiet; None: never."""
    return plan.quiet_hours(spans_us(written)) if written else None
