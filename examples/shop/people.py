"""Who comes to the shop: seven sorts of people, each of whom explains some of the triggers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

COFFEE: Final = ("coffee", "filters")
EVERYTHING: Final = ("coffee", "filters", "brewing", "machines", "tableware")


@dataclass(frozen=True, slots=True)
class Persona:
    """How a sort of people behaves. Shares of visits are probabilities."""

    name: str
    weight: int
    """How common it is, against the others."""
    visits_a_week: float
    fills_cart: float
    """The share of visits in which something goes into the cart."""
    checks_out: float
    """The share of carts that get to the checkout."""
    pays: float
    """The share of checkouts that are paid."""
    categories: tuple[str, ...]
    basket: int = 1
    """Different products of an order, at most."""
    subscribes: float = 0.0
    complains: float = 0.0
    """The chance of a complaint after an order."""
    stays_days: int = 10_000
    """After so many days it is never seen again."""


PERSONAS: Final = (
    # Looks at one thing again and again: browse abandonment.
    Persona("window-shopper", 30, 1.2, 0.05, 0.2, 0.5, EVERYTHING),
    # Fills carts and leaves them: cart abandonment, high intent.
    Persona("cart-leaver", 20, 0.8, 0.7, 0.2, 0.4, EVERYTHING, basket=2),
    # Gets as far as the payment and stops: checkout abandonment, up to three reminders.
    Persona("wavering", 10, 0.5, 0.8, 0.9, 0.3, ("brewing", "machines")),
    # Buys coffee, runs out of it, forgets: replenishment.
    Persona("coffee-drinker", 20, 0.4, 0.9, 0.95, 0.95, COFFEE, basket=2, complains=0.02),
    # Has a subscription: renewal reminders, until it is cancelled.
    Persona("subscriber", 8, 0.2, 0.6, 0.9, 0.9, COFFEE, subscribes=1.0),
    # Spends a lot, and complains when something is wrong: milestones, vip entered and exited.
    Persona("enthusiast", 6, 0.6, 0.9, 0.9, 0.9, ("brewing", "machines", "coffee"), basket=3, complains=0.15),
    # Buys for some weeks and is gone: lapsed.
    Persona("passer-by", 6, 1.0, 0.5, 0.8, 0.8, EVERYTHING, stays_days=30),
)

ZONES: Final = (
    "America/Toronto",
    "America/New_York",
    "America/Los_Angeles",
    "America/St_Johns",
    "Europe/London",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Australia/Sydney",
    None,
)
"""Where they live; None never told, and is taken to live in the account's zone."""
