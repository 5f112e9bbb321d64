"""`python -m benchmarks.scale`: workers, storage and money of a stream of any size, from what was measured.

    python -m benchmarks.scale --events_per_day 1e9 --contacts 1e8

Every input and every price has an option of its name. What nobody has measured is said in the output, and so is what
breaks first. Prices are to be checked before use.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence

from benchmarks.arguments import either_spelling, number_of
from benchmarks.scale.measured import ASSUMED, INPUTS
from benchmarks.scale.model import Values, busiest_at_least
from benchmarks.scale.prices import PRICES
from benchmarks.scale.report import report
from kittiwake.terminal.ending import run_to_end
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import report_line

PRICE_MAX = 1e6


def main(argv: Sequence[str] | None = None) -> int:
    """Print what the arguments come to; the exit code."""
    asked = vars(_parser().parse_args(either_spelling(argv)))
    values = {name: _or(asked[name], one.value) for name, one in INPUTS.items()}
    wrong = [*_problems(asked)] or [*_contradictions(values)]
    if wrong:
        for line in wrong:
            report_line("scale", line)
        return Exit.UNUSABLE
    given = {name for name in (*INPUTS, *PRICES) if asked[name] is not None}
    prices = {name: _or(asked[name], one.dollars) for name, one in PRICES.items()}
    print("\n".join(report(values, prices, given, storage_write=asked["bigquery_method"] == "storage_write")))
    return Exit.FINE


def _or(given: float | None, usual: float) -> float:
    return usual if given is None else given


def _problems(asked: Mapping[str, float | None]) -> Iterator[str]:
    for name, one in INPUTS.items():
        value = asked[name]
        if value is not None and not one.lowest <= value <= one.highest:
            yield f"--{name} is {value:g}: write a number from {one.lowest:g} to {one.highest:g}"
    for name in PRICES:
        value = asked[name]
        if value is not None and not 0 <= value <= PRICE_MAX:
            yield f"--{name} is {value:g}: write dollars from 0 to {PRICE_MAX:g}"


def _contradictions(values: Values) -> Iterator[str]:
    least = busiest_at_least(values)
    if least > values["hot_per_s"]:
        load = f"{values['events_per_day']:g} messages a day of {values['contacts']:g} contacts"
        yield f"--hot_per_s is {values['hot_per_s']:g}: {load} are {least:.3g} a second of each: write that or more"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scale", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--bigquery_method",
        choices=["streaming_inserts", "storage_write"],
        default="streaming_inserts",
        help="as of the job (streaming_inserts)",
    )
    inputs = parser.add_argument_group("inputs")
    for name, one in INPUTS.items():
        source = "" if one.source == ASSUMED else f"; {one.source}"
        inputs.add_argument(f"--{name}", type=_number, metavar="N", help=f"{one.meaning} ({one.value:g}{source})")
    prices = parser.add_argument_group("prices, in dollars")
    for name, price in PRICES.items():
        prices.add_argument(f"--{name}", type=_number, metavar="$", help=f"a {price.unit} ({price.dollars:g})")
    return parser


def _number(text: str) -> float:
    return number_of(text, "write 1000000000 or 1e9")


if __name__ == "__main__":
    sys.exit(run_to_end("scale", lambda _: main()))
