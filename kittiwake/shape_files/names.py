"""Names of shapes: which may be typed, and how the path of a shape file is known by its own.

Imports nothing that is slow: commands ask for it when they start.
"""

from __future__ import annotations

from typing import Final

from kittiwake.input.shapes.base import Shape

SUFFIXES: Final = (".yaml", ".yml")
"""How the name of a shape file ends."""

SHIPPED: Final = (
    *("ga4", "shopify", "woocommerce", "stripe", "snowplow"),
    *("posthog", "mixpanel", "amplitude", "matomo"),
)
"""The shape files that are shipped, in the folder `shipped`."""


def shape_names() -> str:
    """What a person may type, for help texts and errors."""
    return f"{', '.join((*Shape, *SHIPPED))}, or the path of a shape file (.yaml)"
