"""The parser of every main's options: what a person typed is refused in words that a terminal does not obey."""

from __future__ import annotations

import argparse
from typing import NoReturn

from kittiwake.printable import visible


class Parser(argparse.ArgumentParser):
    """argparse's, with its refusals made visible: a glob puts the names of files among the options."""

    def error(self, message: str) -> NoReturn:
        """End the main with code 2."""
        super().error(visible(message))
