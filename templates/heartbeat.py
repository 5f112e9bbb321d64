"""Publishes a message that no rule needs, again and again, so that the watermark of a quiet subscription moves.

    python -m templates.heartbeat --topic projects/PROJECT/topics/NAME [--every 10s] [--attribute NAME] [--times NUMBER]

For places without Cloud Scheduler, and for jobs with `--timestamp_attribute`, whose attribute has to be new each time.
The job counts such a message (`unneeded`, `unknown_accounts`) and does nothing else with it.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from google.api_core.exceptions import GoogleAPIError
from google.auth.exceptions import GoogleAuthError
from google.pubsub_v1 import PublisherClient, PubsubMessage

from kittiwake.terminal.exit_codes import Exit
from kittiwake.time.durations import parse_duration
from kittiwake.time.instants import format_instant

MESSAGE: Final = (Path(__file__).parent / "terraform/modules/messaging/heartbeat.json").read_bytes().strip()
"""What Cloud Scheduler sends too."""


def main(argv: Sequence[str] | None = None) -> int:
    """Publish until somebody ends it, or so many times; the exit code."""
    options = _parser().parse_args(argv)
    every_us = parse_duration(options.every)
    if every_us is None or every_us <= 0:
        print(f"--every {options.every}: write 10s or 1m", file=sys.stderr)
        return Exit.UNUSABLE
    try:
        _publish(options, every_us)
    except (GoogleAPIError, GoogleAuthError) as error:
        print(f"{options.topic}: {error}", file=sys.stderr)
        return Exit.UNUSABLE
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    return Exit.FINE


def _publish(options: argparse.Namespace, every_us: int) -> None:
    with PublisherClient() as client:
        for number in itertools.count(1):
            now = format_instant(time.time_ns() // 1_000)
            attributes = {options.attribute: now} if options.attribute else {}
            client.publish(topic=options.topic, messages=[PubsubMessage(data=MESSAGE, attributes=attributes)])
            if number == options.times:
                return
            time.sleep(every_us / 1e6)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m templates.heartbeat", description=__doc__.partition("\n")[0])
    parser.add_argument("--topic", required=True, metavar="projects/…/topics/…", help="the topic of the events")
    parser.add_argument("--every", default="10s", metavar="DURATION", help="how often; default: 10s")
    parser.add_argument("--attribute", metavar="NAME", help="give it the time, for --timestamp_attribute")
    parser.add_argument("--times", type=int, metavar="NUMBER", help="end after so many; default: never")
    return parser


if __name__ == "__main__":
    sys.exit(main())
