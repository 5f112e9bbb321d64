"""Kittiwake: what customers do, and stop doing, turned into marketing triggers.

The product without Apache Beam: the rule language (`kittiwake.rules`), what it means
(`kittiwake.kernel`), a host without Beam (`kittiwake.batch`), the command
(`kittiwake.cli`) and the kit users test their own rules with (`kittiwake.testing`).
Importing this package imports none of them.
"""

from typing import Final

__version__: Final = "0.1.0"
