"""Whatever is written, the loader says something sensible, and what it accepts the rest of the product takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kittiwake.rules import RuleError, RulesError, compile_account, find_lints, load_document
from kittiwake.rules.source.builder import Reading
from kittiwake.rules.source.tree import plain
from kittiwake.rules.source.yaml import read_yaml
from tests.rules.goldens import HERE

DOCUMENTS = [
    plain(read_yaml(path.read_text(encoding="utf-8"), Reading(path.name)))
    for path in sorted([*(HERE / "errors").glob("*.good.yaml"), *(HERE / "golden").glob("*.yaml")])
]
WORDS = [
    "when", "event", "where", "same", "count", "sum", "of", "all", "any", "not", "gte", "eq", "in", "contact", "item",
    "wait", "until", "field", "within", "sequence", "audience", "policy", "frequency", "per", "use", "id", "a.b", "x",
]  # fmt: skip

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-5, 2000)
    | st.decimals(-5, 5, places=2)
    | st.sampled_from(
        [*WORDS, "*", "1h", "0s", "-1d", "order.*", "12:30", "once", "FREQ=DAILY", "contact.x", "vip", ""]
    )
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3),
    max_leaves=8,
)


def locations(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, part in inner for found in locations(part, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], put: Any) -> Any:
    if not path:
        return put
    if isinstance(value, dict):
        return {**value, path[0]: replaced(value[path[0]], path[1:], put)}
    return [replaced(part, path[1:], put) if i == path[0] else part for i, part in enumerate(value)]


@st.composite
def documents(draw: st.DrawFn) -> Any:
    document = draw(st.sampled_from(DOCUMENTS))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(locations(document)))
        document = replaced(document, path, draw(anything))
    return document


def refusal(call: Callable[[], object]) -> list[RuleError]:
    """The errors of a call; none if it goes through."""
    try:
        call()
    except RulesError as refused:
        return list(refused.errors)
    return []


@settings(max_examples=400)
@given(documents())
def test_a_changed_document_is_accepted_whole_or_refused_in_the_authors_words(document: Any) -> None:
    errors = refusal(lambda: load_document(document))
    assert all(error.message and error.advice and str(error).isprintable() for error in errors)
    if errors:
        return
    ruleset = load_document(document)
    find_lints(ruleset)
    for account_id in (*ruleset.accounts, "unknown"):
        compile_account(ruleset, account_id)
