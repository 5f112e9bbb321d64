"""Limits, with tiny ones: what has no room is not remembered, does not arm and leaves one `suppressed: limit`.

The cases stand in `limits/`, in the notation of scenario files; a file is named by the limits that hold in it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from kittiwake.kernel.plan.limits import DEFAULT_LIMITS
from kittiwake.output.rows import decision_row
from kittiwake.rules.compile.account import compile_account
from kittiwake.scenarios.expect import Known, compare
from kittiwake.scenarios.files import find, load_cases
from kittiwake.time.instants import DAY_US
from tests.conformance.histories import History, played
from tests.kernel.execution_modes import decided_in_every_mode
from tests.oracle.oracle import decide_versions
from tests.properties.comparison import difference_of

FOLDER = Path(__file__).parent / "limits"
HISTORIES = [played(case) for path in find([FOLDER]) for case in load_cases(path)]


def test_the_limits_are_those_of_the_documents() -> None:
    of_events = (1_000, 10_000, 10_000, 400 * DAY_US, 4_000_000, 65_536, 65_536, 25_000, 10_000)
    assert (*of_events, 10_000, 4_096, 65_536) == DEFAULT_LIMITS


def limits_of(history: History) -> dict[str, int]:
    """The limits that hold in the file of a case."""
    pairs = Path(history.case.file).name.removesuffix(".test.yaml").split(",")
    return {name: int(value) for name, value in (pair.split("=") for pair in pairs)}


@pytest.mark.parametrize("history", HISTORIES, ids=lambda history: history.case.name)
def test_what_has_no_room_leaves_a_limit_in_every_execution_mode_and_by_the_oracle(history: History) -> None:
    limits, book = limits_of(history), history.book
    program = compile_account(book.newest, book.account_id, limits=DEFAULT_LIMITS._replace(**limits))
    decided = decided_in_every_mode(program, history.events, history.until_us)
    comparison = compare(history.case.steps[-1].expected or (), decided, Known(program.timezone))
    assert comparison.agrees, comparison
    assert len({one.trigger_id for one in decided}) == len(decided)
    wanted = decide_versions(
        [*history.documents],
        history.raw_events,
        history.until_us,
        account=book.account_id,
        contact=history.case.contact_id,
        limits=limits,
    )
    assert not difference_of(wanted, [decision_row(one) for one in decided])


def test_without_such_limits_the_cases_come_out_otherwise() -> None:
    assert not any(
        compare(one.case.steps[-1].expected or (), one.decided, Known("UTC")).agrees
        for one in HISTORIES
        if "limit" in {expected.fields.get("reason") for expected in one.case.steps[-1].expected or ()}
    )
