"""Exit codes shared by commands and mains; docs/reference/exit-codes.md has a row for each, and a test compares."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """An exit code."""

    FINE = 0
    """It did what it was asked for."""
    FINDINGS = 1
    """It ran, and a person has to act on something: what was asked for is not done, or not all of it."""
    UNUSABLE = 2
    """Options, rules, input, output or what it needs elsewhere are not as they have to be: mend them, and repeat."""
    FAILED = 3
    """A fault of ours or of the runner, with its traceback."""
    UNPRINTED = 4
    """All is done, and standard output would not take what there was to print."""
    HUNG_UP = 129
    """Its terminal was closed. This and the two below are 128 and the signal's number, as a shell counts them."""
    INTERRUPTED = 130
    """Ctrl-C."""
    TERMINATED = 143
    """SIGTERM: whoever stops a container, or a service."""
