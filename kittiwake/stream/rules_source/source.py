"""The source of a streaming job's rules: a target that is polled again and again, or files that are read once.

`rules_source` is called when the job is launched, `view` by its steps on every worker. However many steps and instances
of them a process runs, it polls a target once: what has been read is kept here, by what is watched and how.
"""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Final

from kittiwake.input.shapes.base import InputShape
from kittiwake.rules.publishing.bounds import MIN_LEAD_US, POLL_INTERVAL_US, SKEW_US
from kittiwake.rules.publishing.errors import TargetError
from kittiwake.rules.publishing.loading import load_rules
from kittiwake.rules.publishing.opening import is_target, open_target
from kittiwake.stream.rules_source.poller import Poll, RulesChange, Status, Terms
from kittiwake.stream.rules_source.view import RulesSource, RulesView, StaticRules
from kittiwake.time.durations import format_duration

_POLLS: Final[dict[Terms, Poll]] = {}
_LOCK: Final = Lock()


def _poll_of(terms: Terms) -> Poll:
    """The one of this process."""
    with _LOCK:
        found = _POLLS.get(terms)
        if found is None:
            found = _POLLS[terms] = Poll(terms, open_target)
        return found


class PolledRules:
    """The rules of a target, polled every `poll_interval_us` while somebody asks. Only the terms travel."""

    def __init__(
        self,
        target: str,
        allowed_lateness_us: int,
        poll_interval_us: int = POLL_INTERVAL_US,
        min_lead_us: int = MIN_LEAD_US,
    ) -> None:
        """Reads nothing.

        Raises:
            ValueError: the lead is so short that nothing could be evaluated from one poll to the next.
        """
        if min_lead_us <= poll_interval_us + SKEW_US:
            least = f"more than {format_duration(poll_interval_us + SKEW_US)}, one look and the skew of clocks"
            raise ValueError(f"a min_lead of {format_duration(min_lead_us)} is too short: it has to be {least}")
        self._terms = Terms(target, allowed_lateness_us, poll_interval_us, min_lead_us)

    def of_shape(self, shape: InputShape) -> PolledRules:
        """The same rules for messages of a shape."""
        found = PolledRules.__new__(PolledRules)
        found._terms = self._terms._replace(shape=shape)
        return found

    def view(self, clock_us: int) -> RulesView:
        """See `view.RulesSource`; what is waited for stands at `poller.Poll.view`."""
        return _poll_of(self._terms).view(clock_us)

    def status(self, clock_us: int) -> Status:
        """How this process stands to the target."""
        return _poll_of(self._terms).status(clock_us)

    def take_changes(self) -> tuple[RulesChange, ...]:
        """What nobody in this process has reported yet; each change is taken once."""
        return _poll_of(self._terms).take_changes()


def rules_source(
    *paths: Path | str,
    allowed_lateness_us: int,
    poll_interval_us: int = POLL_INTERVAL_US,
    min_lead_us: int = MIN_LEAD_US,
) -> RulesSource:
    """Where a job has its rules from that names these: a target alone, which is not read yet, or files and folders.

    Raises:
        RulesError: with everything that is wrong with the files.
        TargetError: something is named beside a target.
        ValueError: as `PolledRules`.
    """
    targets = [str(path) for path in paths if is_target(str(path))]
    if len(targets) == len(paths) == 1:
        where = targets[0] if "://" in targets[0] else str(Path(targets[0]).absolute())
        return PolledRules(where, allowed_lateness_us, poll_interval_us, min_lead_us)
    if targets:
        raise TargetError(f"{targets[0]} has published versions, which stand alone. Name no other rules beside it.")
    return StaticRules(load_rules(*paths), allowed_lateness_us)
