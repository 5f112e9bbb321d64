"""The soak, in small: a job that takes contacts for weeks decides what the kernel does, and gives up who is gone.

`make soak` runs it for eight hours, `make nightly` for a tenth of that.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kittiwake.kernel.plan.feeds import NEVER_SILENT
from kittiwake.stream.contact import timers
from kittiwake.time.instants import HOUR_US, MINUTE_US
from tests.soak import histories
from tests.soak.__main__ import CYCLE_DAYS, FULL_DAYS, growth, main, restlessness
from tests.soak.firings import Quiet
from tests.soak.job import Day, Soak

TENTH_MINUTES = 48
QUIET = Quiet(100, 130)
GONE_AFTER = 44
"""Days in which the last who has come is gone."""


def soaked(seed: int, come: int, then: int = GONE_AFTER) -> tuple[Soak, list[Day]]:
    """For some days someone comes, and then nobody."""
    soak, days = Soak(seed, contacts_a_day=2), list[Day]()
    for number in range(come + then):
        days.append(soak.day(someone_comes=number < come))
        if soak.wrong:
            break
    return soak, days


def test_weeks_under_faults_decide_what_the_kernel_decides_and_leave_nothing(seed: int) -> None:
    soak, days = soaked(seed, come=3)
    assert not soak.wrong, f"seed {seed}: {soak.wrong[0]}"
    assert not restlessness(days), f"seed {seed}"
    assert days[-1].contacts == days[-1].timers == 0
    assert soak.counts["contacts compared"] == 3 * (2 + 2) + 1, "two and two who order all day, and a crowd"
    for name in ("deaths", "steps of backlogs", "decisions of items", "due while a feed is silent"):
        assert soak.counts[name] > 0, f"seed {seed}: no {name}"


@pytest.mark.parametrize(
    ("broken", "then", "found"),
    [
        (lambda patch: patch.setattr(timers, "_is_over", lambda *_: False), GONE_AFTER, "kept Kept("),
        (lambda patch: patch.setattr(histories, "silences_in", lambda *_: NEVER_SILENT), GONE_AFTER, "wanted ["),
        (lambda patch: patch.setattr(timers, "REEVALUATE_EVERY_US", HOUR_US), 10, "timers fire for nothing"),
        (
            lambda patch: patch.setattr(timers, "recheck_us", lambda at_us, *_: at_us + MINUTE_US),
            10,
            "its timers fired",
        ),
    ],
    ids=[
        "a contact that is never given up",
        "rows of a silent feed that differ",
        "contacts that are asked every hour",
        "one that is tried again every minute",
    ],
)
def test_what_is_wrong_is_found(
    monkeypatch: pytest.MonkeyPatch, seed: int, broken: Callable[[pytest.MonkeyPatch], None], then: int, found: str
) -> None:
    broken(monkeypatch)
    soak, days = soaked(seed, come=2, then=then)
    assert any(found in wrong for wrong in (*soak.wrong, *restlessness(days)))


def test_what_grows_is_found_and_what_is_drawn_otherwise_is_not() -> None:
    numbers = range(FULL_DAYS + 2 * CYCLE_DAYS)
    steady = [Day(number, 100 + number % 3, 10_000, 100, 200, 5_000, 900, 3, QUIET) for number in numbers]
    assert growth(steady) == []
    assert growth([one._replace(contacts=one.number**3) for one in steady[:-1]]) == []
    for name in ("contacts", "kept_bytes", "timers", "item_bytes", "feed_bytes"):
        (wrong,) = growth([one._replace(**{name: one.number**3}) for one in steady])
        assert wrong.startswith(f"{name} grow")
    (wrong,) = growth([one._replace(resident_mb=200 + 5 * one.number) for one in steady])
    assert wrong.startswith("memory grows")
    assert growth([one._replace(resident_mb=200 + 5 * one.number, versions=one.number) for one in steady]) == []


@pytest.mark.nightly
@pytest.mark.timeout(60 * TENTH_MINUTES + 600)
def test_a_tenth_of_the_soak() -> None:
    assert main(["--minutes", str(TENTH_MINUTES), "--contacts", "10"]) == 0
