"""From a change of an attribute to the kernel's.

Pure. Called by `compile.match`; its input has been checked.
"""

from __future__ import annotations

from decimal import Decimal

from kittiwake.kernel.plan.change import Change, ChangeKind
from kittiwake.rules.model.change import AttributeChanges, ValueChange
from kittiwake.values import Path, Scalar, exact

_PER_CENT = "%"


def change_of(written: AttributeChanges) -> Change:
    """How one attribute has to change."""
    ((name, change),) = written.changes().items()
    before: list[Scalar] = change.from_ if isinstance(change.from_, list) else []
    was = tuple(before) if isinstance(change.from_, list) or change.from_ is None else (change.from_,)
    return value_change_of(tuple(name.split(".")), change, was)


def value_change_of(path: Path, written: ValueChange, before: tuple[Scalar, ...] = ()) -> Change:
    """How the value at a path has to change, from one of `before` if there are any."""
    (word,) = written.written()
    operand = getattr(written, word)
    percent = isinstance(operand, str) and ChangeKind(word) in (ChangeKind.DROPS_BY, ChangeKind.RISES_BY)
    amount = exact(Decimal(operand.removesuffix(_PER_CENT))) if percent else operand
    return Change(path, ChangeKind(word), amount, percent, before)
