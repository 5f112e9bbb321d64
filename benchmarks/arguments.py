"""Arguments of the benchmarks' commands, read from text. Called by argparse."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from math import isfinite


def either_spelling(argv: Sequence[str] | None) -> list[str]:
    """The arguments, `--events-per-day` as `--events_per_day`; None: those of the process."""
    return [_underscored(text) for text in (sys.argv[1:] if argv is None else argv)]


def _underscored(text: str) -> str:
    name, equals, value = text.partition("=")
    return name.replace("-", "_").replace("__", "--", 1) + equals + value if name.startswith("--") else text


def number_of(text: str, advice: str = "") -> float:
    """A finite number.

    Raises:
        argparse.ArgumentTypeError: it is none; the message ends with the advice, if there is some.
    """
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise argparse.ArgumentTypeError(f"{text} is no number" + (f": {advice}" if advice else ""))
    return value
