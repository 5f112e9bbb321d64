"""Clauses that random documents are given beside those of `worlds_rules`, each by a chance of its own.

A clause that joins the language after the first release stands here: what it draws never touches the chance of the
world, so that the world of a seed stays what it was, but for the clauses it is given. A world is given none if its
`seed // 2` is even.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from tests.oracle import worlds_cast, worlds_derive, worlds_repeats
from tests.oracle.dice import Dice
from tests.oracle.worlds_about import say_of_itself
from tests.oracle.worlds_arbitration import arbitrate
from tests.oracle.worlds_calendar import give_local_days, let_contacts_move
from tests.oracle.worlds_conditions import add_changes_of_tier, add_contact_conditions, add_named_audiences, add_still
from tests.oracle.worlds_history import give_periods, give_ranges, give_totals, give_values, move_between_zones
from tests.oracle.worlds_match import add_changes, add_lines, add_names, add_operators, add_second_keys, add_updates
from tests.oracle.worlds_names import name_matches
from tests.oracle.worlds_sending import add_channels, add_quiet_days, add_rollout, add_variants

Raw = dict[str, Any]


class Addition(NamedTuple):
    """How a document, and a history as producers write it, come to have a clause."""

    document: Callable[[Dice, Raw], None]
    """Changes the document in place, or leaves it where the clause fits nothing; what comes out a loader accepts."""
    events: Callable[[Dice, list[Raw]], list[Raw]] = lambda _, events: events
    """The history with what the clause asks of it: other properties, more events; never an event less."""
    weight: int = 1
    """Drawn so many times as often: of what has many kinds, each is to be met."""


ADDITIONS: dict[str, Addition] = {
    "cast": Addition(worlds_cast.document, worlds_cast.events),
    "derive": Addition(worlds_derive.document, worlds_derive.events),
    "repeats": Addition(worlds_repeats.document, worlds_repeats.events),
    "arbitration": Addition(arbitrate),
    "variants": Addition(add_variants),
    "rollout": Addition(add_rollout),
    "quiet days": Addition(add_quiet_days),
    "channels": Addition(add_channels),
    "values": Addition(give_values, weight=2),
    "periods": Addition(give_periods, move_between_zones),
    "ranges": Addition(give_ranges),
    "totals": Addition(give_totals, move_between_zones),
    "contact conditions": Addition(add_contact_conditions, add_changes_of_tier),
    "still": Addition(add_still, add_changes_of_tier),
    "named audiences": Addition(add_named_audiences, add_changes_of_tier),
    "calendar": Addition(give_local_days, let_contacts_move, weight=2),
    "about": Addition(say_of_itself),
    "operators": Addition(add_operators, add_lines, weight=2),
    "changes": Addition(add_changes, add_updates, weight=2),
    "names_of_same": Addition(add_names, add_second_keys),
    "written_by_name": Addition(name_matches),  # after all others, which look for plain matches
}
"""By the name of the clause."""


def with_additions(seed: int) -> int:
    """A seed near it whose world is given some."""
    return seed | 2


def drawn_additions(seed: int, dice: Dice) -> list[str]:
    """The names of the clauses that the world of a seed is given: the more there are, the more, or each gets rare."""
    if seed // 2 % 2 == 0:
        return []
    own = dice.beside(f"{seed} additions")
    names = [name for name, addition in ADDITIONS.items() for _ in range(addition.weight)]
    return sorted({*own.some(names, 3, 3 + len(names) // 5)})


def add_to_documents(seed: int, dice: Dice, names: list[str], documents: list[Raw]) -> None:
    """Give the clauses to the versions of a document: mostly each the same, now and then another."""
    for name in names:
        for number, document in enumerate(documents):
            own = dice.beside(f"{seed} {name} {number}")
            same = own.chance(75)
            ADDITIONS[name].document(dice.beside(f"{seed} {name}") if same else own, document)


def add_to_events(seed: int, dice: Dice, names: list[str], events: list[Raw], contact: int = 0) -> list[Raw]:
    """The history with what the clauses ask of it."""
    for name in names:
        events = ADDITIONS[name].events(dice.beside(f"{seed} {name} events {contact}"), events)
    return events
