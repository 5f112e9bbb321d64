"""The command: `python -m templates.smoke --project shop-1 --region europe-west4 --bucket … --template gs://…`.

Exit codes: 0 every step is done and no row differs; 1 a step has failed; 2 an option is wrong, or nothing was begun;
3 a fault of ours; 130 interrupted. In every case but 2 there is a report, and what was made is deleted.
"""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from kittiwake.terminal.ending import StopRequest, run_to_end
from kittiwake.terminal.exit_codes import Exit
from templates.smoke.settings import Settings, problems_of, run_options, settings_of

SPEAKER = "smoke"


def main(argv: Sequence[str] | None = None) -> int:
    """Run, go on, or tear down; the exit code."""
    typed = run_options(argv)
    if typed.resume is not None or typed.tear_down is not None:
        return run_to_end(SPEAKER, lambda stop: _again(typed, stop))
    if problems := problems_of(typed):
        for problem in problems:
            _complain(problem)
        return Exit.UNUSABLE
    settings = settings_of(typed, run_id(datetime.now(UTC)))
    if typed.dry_run:
        return run_to_end(SPEAKER, lambda _: _show_plan(settings))
    return run_to_end(SPEAKER, lambda stop: _begin(settings, typed.keep, stop))


def run_id(now: datetime) -> str:
    """A name that no other run has: when it began, and four letters by chance."""
    return f"{now:%m%d-%H%M}-{secrets.token_hex(2)}"


def _show_plan(settings: Settings) -> int:
    from templates.smoke.plan import plan  # noqa: PLC0415 - Google's clients: seconds

    print(*plan(settings), sep="\n")
    return Exit.FINE


def _begin(settings: Settings, keep: bool, stop: StopRequest) -> int:
    from templates.smoke.hosting import new_run  # noqa: PLC0415 - as above

    return new_run(settings, keep=keep, stop=stop, say=_say)


def _again(typed: argparse.Namespace, stop: StopRequest) -> int:
    from templates.smoke.hosting import old_run  # noqa: PLC0415 - as above

    folder: Path = typed.resume or typed.tear_down
    return old_run(folder, only_tear_down=typed.resume is None, keep=typed.keep, stop=stop, say=_say)


def _say(text: str) -> None:
    print(text, flush=True)


def _complain(text: str) -> None:
    print(f"{SPEAKER}: error: {text}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
