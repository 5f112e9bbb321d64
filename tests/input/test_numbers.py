"""Numbers of JSON: what is read at once is what is read digit by digit."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import example, given
from hypothesis import strategies as st

from kittiwake.values import BadNumberError, Number, literal_number, number

DIGITS = st.text("0123456789", min_size=1, max_size=18)
LITERALS = st.builds(
    lambda sign, whole, fraction, power: f"{sign}{whole.lstrip('0') or '0'}{fraction}{power}",
    *(st.sampled_from(["", "-"]), DIGITS),
    *(DIGITS.map(lambda digits: f".{digits[:3]}") | DIGITS.map(lambda digits: f".{digits}"),),
    st.sampled_from(["", "e3", "E-7", "e+12", "e999"]),
)


def _read(text: str, read: Callable[[str], Number]) -> tuple[type, str] | str:
    try:
        found = read(text)
    except BadNumberError as error:
        return str(error)
    return type(found), str(found)


@given(LITERALS)
@example("12.50")
@example("1234567890123.45")
@example("12345678901234.56")
@example("0.00")
def test_a_literal_is_the_same_number_whichever_way_it_is_read(text: str) -> None:
    assert _read(text, literal_number) == _read(text, number)
