"""What a check raises when something does not hold."""

from __future__ import annotations


class WrongError(Exception):
    """The name of the check that failed, and what a person reads."""

    def __init__(self, check: str, message: str) -> None:
        super().__init__(f"{check}: {message}")
        self.check = check
        self.message = message


def demand(holds: object, check: str, *about: object) -> None:
    """Raise a `WrongError` of that check, naming what it is about, unless something holds."""
    if not holds:
        raise WrongError(check, " | ".join(map(str, about)))
