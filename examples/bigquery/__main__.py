"""What `make bigquery-demo` runs: a table of events in, triggers in BigQuery, a stream that starts warm, and the proof.

    python -m examples.bigquery --output out/bigquery-demo

Starts the emulators of BigQuery and Pub/Sub, and runs the product's commands between them. Each step is said in a
sentence, with the command as it is typed on the real service. Exit codes: 0 the stream and the backfill have fired the
same triggers, 1 they have not, a step failed, or something is missing.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from tests.services.emulators import bigquery, pubsub
from tests.services.emulators.processes import NotStartedError


def main(arguments: list[str] | None = None) -> int:
    """0: everything was shown, and nothing differs; 1: not so; 130: interrupted."""
    options = _parser().parse_args(arguments)
    if problem := pubsub.missing() or bigquery.missing():
        print(f"the demo cannot start: {problem}", file=sys.stderr)
        return 1
    from examples.bigquery.demo import Demo  # noqa: PLC0415 - needs what may have been missing
    from examples.bigquery.services import StepFailedError, running  # noqa: PLC0415

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with running() as services:
            Demo(services, options.output, options.contacts).run()
    except NotStartedError as error:
        print(f"the demo cannot start: {error}", file=sys.stderr)
        return 1
    except StepFailedError as error:
        print(f"\nThe demo has failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m examples.bigquery", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, default=Path("out/bigquery-demo"), help="what is left (%(default)s)")
    parser.add_argument("--contacts", type=int, default=30, help="of the shop (%(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
