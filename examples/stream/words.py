"""Events and triggers in words, for the view. What a rule says is known for the rules of the demo; others are named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

Row = dict[str, Any]


def event_in_words(properties: Row) -> str:
    """What of an event a person wants to see."""
    hidden = {"resume_url", "checkout_id"} if "order_id" in properties else {"resume_url"}
    shown = {name: value for name, value in properties.items() if name not in hidden}
    return "  ".join(_money(value) if name in {"price", "total"} else str(value) for name, value in shown.items())


def _money(value: Any) -> str:
    return f"${float(value):,.2f}"


_FIRED: Final[dict[str, Callable[[Row], str]]] = {
    "cart-abandonment": lambda row: f"left {row['include']['product_id']} in the cart, and did not buy",
    "browse-abandonment": lambda row: f"looked at {row['instance']['product_id']} three times, and went away",
    "checkout-abandonment": lambda row: (
        f"began to pay {_money(row['include']['total'])}, and did not: reminder {row['reminder'] + 1}"
    ),
    "high-intent": lambda _: "searched, looked, and put it into the cart",
    "loyalty-milestone": lambda row: f"has spent {_money(row['threshold'])} and more",
    "vip": lambda row: (
        "has spent $500, and never complained" if row["kind"] == "entered" else "has complained, or spent too little"
    ),
}
_TAKEN_BACK: Final = {
    "late_event": "something that had happened before came late",
}


def reason_in_words(row: Row) -> str:
    """Why a trigger came, or is taken back."""
    if row["decision"] == "revoked":
        return _TAKEN_BACK.get(row["reason"], str(row["reason"]))
    try:
        return _FIRED[row["rule_id"]](row)
    except (KeyError, TypeError):  # somebody has changed the rules, which is what they are there for
        return " ".join(f"{name}={value}" for name, value in {**row["instance"], **row["include"]}.items())


def outcome_in_words(row: Row) -> str:
    """What became of the trigger, in a word or two."""
    if row["decision"] == "revoked":
        return "taken back"
    again = f" again ({row['revision']})" if row["revision"] else ""
    return f"{row['kind']}{again}"
