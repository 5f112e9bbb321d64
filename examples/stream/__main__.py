"""What `make stream-demo` runs: the streaming job on a shop that is open while you watch; Ctrl-C closes it.

    python -m examples.stream --output out/stream-demo [--seconds 60]

Starts Google's Pub/Sub emulator (and BigQuery's, if `make emulators` has installed it), launches the real job as a
process of its own, publishes events as they happen, and shows them with the triggers that come out. In the end it says
where to look.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from rich.console import Console

from tests.services.emulators import bigquery, pubsub
from tests.services.emulators.processes import NotStartedError

RULES = Path(__file__).parent / "rules"


def main(arguments: list[str] | None = None) -> int:
    """0: the shop was open and closed; 1: it could not be opened, or the job failed."""
    options = _parser().parse_args(arguments)
    closing = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # the terminal closed: no Java process is left behind
        signal.signal(number, interrupting(closing))
    if problem := pubsub.missing():
        print(f"the demo cannot start: {problem}", file=sys.stderr)
        return 1
    try:
        from examples.stream.shop import Shop  # noqa: PLC0415 - needs what may have been missing
        from examples.stream.view import View  # noqa: PLC0415
    except KeyboardInterrupt:  # modules load for seconds where others are busy
        print("Closed before it was open.")
        return 128 + signal.SIGINT
    tables_missing = "you have asked for none" if options.no_tables else bigquery.missing()
    shop = Shop(View(Console(highlight=False)), options.output, options.rules, options.seed, closing)
    try:
        return shop.open_for(options.seconds, tables_missing)
    except NotStartedError as error:
        print(f"the demo cannot start: {error}", file=sys.stderr)
        return 1


def interrupting(closing: threading.Event) -> Callable[[int, FrameType | None], None]:
    """A handler that interrupts, and leaves word of it: what is raised while a library cleans up is lost."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        closing.set()
        raise KeyboardInterrupt

    return interrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m examples.stream", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--output", type=Path, default=Path("out/stream-demo"), help="what is left to look at (%(default)s)")
    add("--rules", type=Path, default=RULES, help="other rules for the same shop; default: those of the example")
    add("--seconds", type=float, help="close after so long; default: with Ctrl-C")
    add("--seed", type=int, default=1, help="of what people do (%(default)s)")
    add("--no_tables", action="store_true", help="leave BigQuery out, even if its emulator is installed")
    return parser


if __name__ == "__main__":
    sys.exit(main())
