"""What can be wrong with a target. Each message says what, where, and what to do instead.

Pure. Raised by everything in this package; the command prints them.
"""

from __future__ import annotations


class TargetError(Exception):
    """A target that cannot be read, or a change to it that is refused; the target is as it was."""


class ConflictError(TargetError):
    """Somebody else has changed the target meanwhile."""


class ExistsError(TargetError):
    """There is an object of that name already, and those never change."""


class UnchangedError(TargetError):
    """There is nothing to do: the target is as it was to become."""
