"""What becomes of an attribute at a `contact.updated` (semantics.md, section 3)."""

from fractions import Fraction
from typing import Any

from tests.oracle.values import canonical, equal, is_number, value_at


def changed(
    path: str, spec: dict[str, Any], named: dict[str, Any], before: dict[str, Any], after: dict[str, Any]
) -> bool:
    """Whether an update that names these properties changes the attribute so."""
    was, now = value_at(path, before), value_at(path, after)
    if named.get(path.split(".", maxsplit=1)[0]) is None or now is None:
        return False
    wanted = spec.get("from", [])
    if "from" in spec and not any(equal(was, one) for one in (wanted if isinstance(wanted, list) else [wanted])):
        return False
    return moved_so({name: value for name, value in spec.items() if name != "from"}, was, now)


def moved_so(spec: dict[str, Any], was: Any, now: Any) -> bool:
    """Whether a value moved from one to another as one word says."""
    ((word, operand),) = spec.items()
    if word == "changes":
        return was is None or canonical(was) != canonical(now)
    if word == "becomes":
        return equal(now, operand) and not equal(was, operand)
    if not (is_number(was) and is_number(now)):
        return False
    if word in ("drops_by", "rises_by"):
        return _moved(operand, was, was - now if word == "drops_by" else now - was)
    return bool(was >= operand > now) if word == "drops_below" else bool(was <= operand < now)


def _moved(amount: Any, was: Fraction, by: Fraction) -> bool:
    if not isinstance(amount, str):
        return bool(by >= amount)
    return was > 0 and by / was >= Fraction(amount.removesuffix("%")) / 100
