"""The kit for testing rules: what the product's own tests use is what users get.

    >>> from kittiwake.testing import Story
    >>> rule = {"id": "cart-abandonment", "when": "cart.item_added", "wait": "1h", "unless": "order.completed"}
    >>> story = Story(rule).at("2026-11-01T10:00Z", "cart.item_added", product_id="p1")
    >>> story = story.after("1h").fires("cart-abandonment")
    >>> story = story.after("5m", "cart.item_added").after("30m", "order.completed").after("2h").nothing()

`Story` plays one contact's events against rules, given as a path, as YAML text or as data. `scenarios` hands the
`*.test.yaml` files of a folder to pytest, `check` plays one of their cases. `run` takes rules and events and
returns the decisions. `plugin` lets pytest collect the files by itself; since it is loaded with every pytest, a name
of this package is imported when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from kittiwake.scenarios.cases import Case
    from kittiwake.testing.runs import run
    from kittiwake.testing.scenario_files import check, scenarios
    from kittiwake.testing.story import Story

__all__ = ["Case", "Story", "check", "run", "scenarios"]

_HOMES: Final = {
    "Case": "kittiwake.scenarios.cases",
    "Story": "kittiwake.testing.story",
    "check": "kittiwake.testing.scenario_files",
    "run": "kittiwake.testing.runs",
    "scenarios": "kittiwake.testing.scenario_files",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
