"""The product's own commands as a run uses them, each in a process of its own, with a limit of time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from typing import Final

RUN: Final = (sys.executable, "-W", "ignore", "-m")
"""What runs a module."""
SHOWN: Final = 1_500
"""Characters of what a command has said, in the message of its failure."""


class CommandError(Exception):
    """A command did not end as it has to."""


def run(module: str, *arguments: str, within_s: float, fine: Sequence[int] = (0,), python: Sequence[str] = RUN) -> str:
    """What a command prints.

    Raises:
        CommandError: it ended with another exit code, or not in time.
    """
    try:
        ran = subprocess.run(
            [*python, module, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=max(within_s, 1),
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CommandError(f"{_shown(module, arguments)} has not ended within {within_s:.0f} s") from None
    if ran.returncode not in fine:
        said = (ran.stderr + ran.stdout)[-SHOWN:]
        raise CommandError(f"{_shown(module, arguments)} ended with {ran.returncode}: {said}")
    return ran.stdout


def _shown(module: str, arguments: Sequence[str]) -> str:
    return " ".join([module, *arguments[:1]])
