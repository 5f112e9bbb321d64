"""From a change of an attribute to the kernel's.

Pure. Called by `compile.match`; its input has been checked.
"""

from __future__ import annotations

from decimal import Decimal

from kittiwake.kernel.plan.change import Change, ChangeKind
from kittiwake.rules.model.change import AttributeChanges
from kittiwake.values import Scalar, exact

_PER_CENT = "%"


def change_of(written: AttributeChanges) -> Change:
    """How one attribute has to change."""
    ((name, change),) = written.changes().items()
    (word,) = change.written()
    operand = getattr(change, word)
    percent = isinstance(operand, str) and ChangeKind(word) in (ChangeKind.DROPS_BY, ChangeKind.RISES_BY)
    before: list[Scalar] = change.from_ if isinstance(change.from_, list) else []
    return Change(
        tuple(name.split(".")),
        ChangeKind(word),
        exact(Decimal(operand.removesuffix(_PER_CENT))) if percent else operand,
        percent,
        tuple(before) if isinstance(change.from_, list) or change.from_ is None else (change.from_,),
    )
