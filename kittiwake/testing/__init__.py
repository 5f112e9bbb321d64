"""The kit for testing rules: what the product's own tests use is what users get.

`run` takes rules and one contact's events and returns the decisions.
"""

from kittiwake.testing.runs import run

__all__ = ["run"]
