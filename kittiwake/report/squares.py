"""A number for each pair of values of two settings, drawn as squares: a specification of Vega-Lite.

Pure. As of `charts`: foreign text stands in the data, or cut as a title.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kittiwake.printable import visible
from kittiwake.report.charts import NAME_CHARS
from kittiwake.report.drawing import Spec
from kittiwake.report.page import cut


class Square(NamedTuple):
    """A number for two values."""

    across: str
    down: str
    number: int


def squares(found: Sequence[Square], titles: tuple[str, str], width: int) -> Spec:
    """A square for each pair of values: the larger its number, the deeper its colour. The numbers stand in them."""
    most = max((one.number for one in found), default=0) or 1
    names = [cut(visible(title), NAME_CHARS) for title in titles]
    values = [
        {**one._asdict(), "part": one.number / most, "hint": f"{one.across}, {one.down}: {one.number:,}"}
        for one in found
    ]
    across, down = ([*dict.fromkeys(one[at] for one in found)] for at in (0, 1))
    axes: list[Spec] = [
        {"field": field, "type": "nominal", "sort": sort, "axis": {"title": title, "labelAngle": 0}}
        for field, sort, title in (("across", across, names[0]), ("down", down, names[1]))
    ]
    depth = {"domain": [0, 1], "range": [0, 0.45]}
    drawn = {
        "mark": {"type": "rect", "color": "var(--c1)", "stroke": "var(--line)"},
        "encoding": {
            "fillOpacity": {
                "field": "part",
                "type": "quantitative",
                "scale": depth,
                "legend": None,
            },
            "description": {"field": "hint"},
        },
    }
    numbers = {
        "mark": {"type": "text"},
        "encoding": {"text": {"field": "number", "type": "quantitative", "format": ",d"}},
    }
    return {
        "data": {"values": values},
        "width": width,
        "height": {"step": 38},
        "autosize": {"type": "fit-x", "contains": "padding"},
        "encoding": {"x": axes[0], "y": axes[1]},
        "layer": [drawn, numbers],
    }
