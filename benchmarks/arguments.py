"""Arguments of the benchmarks' commands, read from text. Called by argparse."""

from __future__ import annotations

import argparse
from math import isfinite


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
