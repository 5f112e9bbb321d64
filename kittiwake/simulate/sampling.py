"""A sample of contacts: whether one is in it hangs on its account and id alone, and on the percentage.

Pure. Contacts of a smaller sample are all in a larger one. It draws by a word of its own, so that it has nothing to do
with who is in the holdout of a policy and who gets which variant.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import compress
from typing import Any, Final

from kittiwake.errors import UnusableError
from kittiwake.input.bulk import Table
from kittiwake.kernel.evaluate.variants import draw
from kittiwake.kernel.plan.variants import draws_below

SALT: Final = "kittiwake simulate"


class Sample:
    """Keeps the events of the contacts that are in it."""

    def __init__(self, percent: Decimal | None) -> None:
        """None: of all contacts."""
        self.share = 1.0 if percent is None else float(percent) / 100
        """The probability with which a contact is in it."""
        self._below = None if percent is None else draws_below(percent)

    def has(self, account_id: str, contact_id: str) -> bool:
        """Whether a contact is in it."""
        return self._below is None or draw(SALT, account_id, contact_id) < self._below

    def of(self, table: Table) -> Table:
        """The events of a table whose contacts are in it."""
        if self._below is None:
            return table
        kept = [self.has(*subject) for subject in zip(table.account_ids, table.contact_ids, strict=True)]
        columns: list[list[Any]] = [list(compress(column, kept)) for column in table]
        return Table(*columns)


def percent_of(option: str, text: str) -> Decimal | None:
    """What an option says of the size of a sample, as `5%`; empty: nothing.

    Raises:
        UnusableError: it is no percentage above 0 and up to 100.

    >>> percent_of("--sample", "2.5%")
    Decimal('2.5')
    """
    if not text:
        return None
    try:
        found = Decimal(text.removesuffix("%").strip()) if text.endswith("%") else Decimal("NaN")
    except ArithmeticError:
        found = Decimal("NaN")
    if not (found.is_finite() and 0 < found <= 100):
        raise UnusableError(f"{option}: {text!r} is no sample: write a percentage, such as 5%")
    return found
