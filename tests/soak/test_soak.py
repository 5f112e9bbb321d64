"""The soak, in small: a job that takes contacts for weeks decides what the kernel does, and gives up who is gone.

`make soak` runs it for eight hours, `make nightly` for a tenth of that.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kittiwake.stream.contact import timers
from tests.soak import job
from tests.soak.__main__ import FULL_DAYS, growth, main
from tests.soak.job import Day, Soak

DAYS = 48


def soaked(seed: int) -> Soak:
    soak = Soak(seed, contacts_a_day=1)
    for _ in range(DAYS):
        soak.day()
        if soak.wrong:
            break
    return soak


def test_weeks_under_faults_decide_what_the_kernel_decides_and_leave_nothing(seed: int) -> None:
    soak = soaked(seed)
    assert not soak.wrong, f"seed {seed}: {soak.wrong[0]}"
    assert soak.counts["contacts compared"] >= 3
    assert soak.counts["deaths"] > 0
    assert soak.counts["decisions of items"] > 0


@pytest.mark.parametrize(
    ("broken", "found"),
    [
        (lambda patch: patch.setattr(timers, "_is_over", lambda *_: False), "kept Kept("),
        (lambda patch: patch.setattr(job, "decided", lambda *_: [{"time": "never"}]), "wanted [{'time': 'never'}]"),
    ],
    ids=["a contact that is never given up", "rows that differ"],
)
def test_what_is_wrong_is_found(
    monkeypatch: pytest.MonkeyPatch, seed: int, broken: Callable[[pytest.MonkeyPatch], None], found: str
) -> None:
    broken(monkeypatch)
    assert any(found in wrong for wrong in soaked(seed).wrong)


def test_what_grows_is_found_and_what_is_drawn_otherwise_is_not() -> None:
    steady = [Day(number, 100 + number % 3, 10_000, 100, 200, 5_000, 3) for number in range(FULL_DAYS + 21)]
    assert growth(steady) == []
    assert growth(steady[: FULL_DAYS + 7]) == []
    for name in ("contacts", "kept_bytes", "timers", "item_bytes"):
        (wrong,) = growth([one._replace(**{name: one.number**3}) for one in steady])
        assert wrong.startswith(f"{name} grow")
    (wrong,) = growth([one._replace(resident_mb=200 + 5 * one.number) for one in steady])
    assert wrong.startswith("memory grows")
    assert growth([one._replace(resident_mb=200 + 5 * one.number, versions=one.number) for one in steady]) == []


@pytest.mark.nightly
def test_a_tenth_of_the_soak() -> None:
    assert main(["--minutes", "48"]) == 0
