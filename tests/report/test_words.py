"""What a reader of a page is said of the words in it."""

from __future__ import annotations

from kittiwake.reasons import Reason
from kittiwake.report.words import FIRED, MEANINGS


def test_every_reason_has_a_meaning() -> None:
    assert {str(word) for word in MEANINGS} == {FIRED, *map(str, Reason)}
