"""What is cut of `include` is what the oracle cuts, of any fields under any limit; and the rest fits where it can."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kittiwake.kernel.evaluate.include import is_cut, within
from kittiwake.values import canonical, parse_json
from tests.oracle import language
from tests.oracle.state import included
from tests.oracle.values import canonical as oracle_canonical
from tests.oracle.values import exact

NAMES = st.text("abZ09_-", min_size=1, max_size=4)
LEAVES = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(max_size=30)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.just("~cut") | NAMES, inner, max_size=3)
)


@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=8), st.integers(0, 300))
def test_what_is_cut_is_what_the_oracle_cuts(fields: dict[str, Any], most: int) -> None:
    found = within(fields, most)
    rule = language.Rule(id="r", include={name: name for name in fields})
    told = json.loads(canonical(fields), parse_float=Decimal)
    assert found == oracle_canonical(included(rule, exact(told), {}, most))
    whole = parse_json(found)
    cut = whole.pop("~cut", [])
    assert is_cut(found) is bool(cut)
    assert whole == {name: None if name in cut else value for name, value in fields.items()}
    assert len(found.encode()) <= most or all(value is None for value in whole.values())
