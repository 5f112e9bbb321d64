"""Errors that a person has to put right before a run can start: bad paths, bad options. Exit code 2."""

from __future__ import annotations


class UnusableError(Exception):
    """An input, an output or an option that cannot be used; the message says which and why."""
