"""Every word of the closed vocabularies is explained, and nothing else is."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

import pytest

from kittiwake import reasons

VOCABULARIES = [
    member
    for member in vars(reasons).values()
    if isinstance(member, type) and issubclass(member, StrEnum) and member is not StrEnum
]
ROW = re.compile(r"^\| `([a-z0-9_]+)` \|([^|]+)\|([^|]+)\|", re.MULTILINE)


def _rows(root: Path, vocabulary: type[StrEnum]) -> dict[str, tuple[str, str]]:
    """The table under the heading that names the vocabulary: word → (meaning, what to do)."""
    page = (root / "docs/reference/reasons.md").read_text()
    sections = re.split(r"^## ", page, flags=re.MULTILINE)[1:]
    section = next((text for text in sections if f"`{vocabulary.__name__}`" in text.splitlines()[0]), "")
    return {word: (meaning.strip(), advice.strip()) for word, meaning, advice in ROW.findall(section)}


@pytest.mark.parametrize("vocabulary", VOCABULARIES, ids=lambda v: v.__name__)
def test_every_word_has_one_row_with_a_meaning_and_advice(root: Path, vocabulary: type[StrEnum]) -> None:
    rows = _rows(root, vocabulary)
    assert sorted(rows) == sorted(word.value for word in vocabulary)
    assert [word for word, (meaning, advice) in rows.items() if not meaning or not advice] == []


def test_the_vocabularies_are_found() -> None:
    assert {v.__name__ for v in VOCABULARIES} >= {"Outcome", "Kind", "Reason", "DeadLetterReason"}
