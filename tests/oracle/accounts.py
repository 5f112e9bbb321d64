"""How many random accounts the hosts are tried with: in CI a few of all worlds, nightly 2,000 of the later clauses.

`KITTIWAKE_ACCOUNTS` asks for so many of the later clauses without `nightly`. They come in parts, each a job, for a job
of thousands of accounts reads their rules for minutes.
"""

from __future__ import annotations

import os
from typing import Any, Final

import pytest

NIGHTLY_ACCOUNTS: Final = 2_000
_asked: Final = os.environ.get("KITTIWAKE_ACCOUNTS")


def parts(accounts: int, in_ci: int = 1) -> list[Any]:
    """Numbers of parts of so many accounts; those from `in_ci` on are of worlds that are given later clauses."""
    more = -(-int(_asked or NIGHTLY_ACCOUNTS) // accounts)
    marks = () if _asked else (pytest.mark.nightly,)
    return [*range(in_ci), *(pytest.param(number, marks=marks) for number in range(in_ci, in_ci + more))]
