"""Which differences a pipeline is to fail by: what `--fail-on` says, and whether it is met.

Pure. Called by `kittiwake diff`.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from kittiwake.errors import UnusableError
from kittiwake.simulate.difference.model import Became, Difference

ANY: Final = "any"
OTHERS: Final = "others"
NOTHING: Final = "nothing"


class Failing(NamedTuple):
    """A sort of differences, and up to which part of the triggers before they are let pass."""

    word: str
    percent: Decimal = Decimal(0)

    def is_met(self, found: Difference) -> bool:
        """Whether there are more of them."""
        return self._number(found) > self.percent * found.old.triggers / 100

    def _number(self, found: Difference) -> int:
        if self.word == NOTHING:
            return 0
        if self.word == OTHERS:
            return found.number_of_others()
        return found.number(*Became) if self.word == ANY else found.number(Became(self.word))


def failing_on(option: str, texts: Sequence[str]) -> list[Failing]:
    """What an option says, given several times; not at all: any difference.

    Raises:
        UnusableError: a word is none of these, or its part is no percentage.
    """
    return [_failing(option, text) for text in texts or (ANY,)]


def _failing(option: str, text: str) -> Failing:
    word, equals, part = text.partition("=")
    known = [ANY, *map(str, Became), OTHERS, NOTHING]
    if word not in known:
        raise UnusableError(f"{option}: {text!r} is no difference: write one of {', '.join(known)}, or lost=1%")
    if not equals:
        return Failing(word)
    try:
        percent = Decimal(part.removesuffix("%")) if part.endswith("%") else Decimal("NaN")
    except ArithmeticError:
        percent = Decimal("NaN")
    if not (percent.is_finite() and percent >= 0):
        raise UnusableError(f"{option}: {part!r} is no part of the triggers: write, say, {word}=1%")
    return Failing(word, percent)
