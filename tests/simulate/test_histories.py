"""Every rule set is given the same rows of a contact, those of a stream too."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from kittiwake.batch.event_rows import Row
from kittiwake.simulate import sides
from kittiwake.simulate.sides import ways_of

ROWS: list[Row] = [(at, f"e{at:03d}", "cart.updated", b"{}") for at in range(200)]


@pytest.mark.parametrize("held_bytes", [4, 4_000, 1 << 20])
def test_the_rows_of_a_stream_are_the_same_for_each_rule_set(held_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sides, "HELD_BYTES", held_bytes)
    with ExitStack() as opened:
        assert [list(way) for way in ways_of(iter(ROWS), 4, opened)] == [ROWS] * 4


def test_rows_in_a_list_go_through_no_file() -> None:
    with ExitStack() as opened:
        assert all(way is ROWS for way in ways_of(ROWS, 3, opened))
