"""How many random accounts of the later clauses all hosts are tried with: 60 in CI, 2,000 nightly.

`KITTIWAKE_ACCOUNTS` asks for another number. They come in parts, each a draw of its own, for a job of thousands of
accounts reads their rules for minutes.
"""

from __future__ import annotations

import os
from typing import Any, Final, NamedTuple

import pytest

IN_CI: Final = 60
NIGHTLY: Final = 2_000
PART_MAX: Final = 250
_asked: Final = os.environ.get("KITTIWAKE_ACCOUNTS")


class Part(NamedTuple):
    """So many accounts, drawn together."""

    number: int
    accounts: int


def parts() -> list[Any]:
    """What is to be tried, as parameters of a test."""
    if _asked:
        return _parts_of(int(_asked))
    return [Part(0, IN_CI), *(pytest.param(one, marks=pytest.mark.nightly) for one in _parts_of(NIGHTLY, 1))]


def _parts_of(accounts: int, first: int = 0) -> list[Part]:
    number = -(-accounts // PART_MAX)
    return [Part(first + part, (accounts * (part + 1)) // number - accounts * part // number) for part in range(number)]
