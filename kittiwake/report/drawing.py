"""Charts: a specification of Vega-Lite becomes SVG that stands in a page.

Pure but for loading the library, which comes with the extra `reports`. The SVG is read again and only what draws is
taken of it: no links, no styles, no ids. Colours are variables of the page's style, so that one chart is for light,
dark and paper.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias
from xml.etree import ElementTree as ET

from kittiwake.errors import UnusableError
from kittiwake.report.markup import Markup, element, joined

NEEDS_VEGA: Final = "--html needs the charts of Vega: install the extra kittiwake[reports]"

VERSION: Final = "6.1"
"""Of Vega-Lite: what the charts are written for, whatever the library brings besides."""

Spec: TypeAlias = dict[str, Any]
"""A specification without its looks, and without `$schema`."""

SHOWN: Final = 12
MEASURED: Final = 14
"""Pixels of a character on the page, and when the library makes room: the reader's fonts are wider than those that the
library measures by, by a sixth at most."""

_CONFIG: Final[Spec] = {
    "background": None,
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "domainColor": "var(--line)",
        "gridColor": "var(--line)",
        "tickColor": "var(--line)",
        "labelColor": "var(--text)",
        "labelFontSize": MEASURED,
        "titleColor": "var(--soft)",
        "titleFontSize": MEASURED,
        "titleFontWeight": "normal",
    },
    "header": {"labelColor": "var(--text)", "labelFontSize": MEASURED, "title": None},
    "legend": {"labelColor": "var(--text)", "labelFontSize": MEASURED, "title": None},
    "text": {"fill": "var(--text)", "fontSize": MEASURED},
    "rule": {"color": "var(--soft)"},
    "bar": {"color": "var(--c1)"},
}
"""The looks of every chart."""

_SVG: Final = "{http://www.w3.org/2000/svg}"

_TAGS: Final = frozenset({"svg", "g", "path", "line", "rect", "text", "tspan"})

_ATTRIBUTES: Final = frozenset(
    {
        *("d", "dx", "dy", "height", "transform", "viewBox", "width", "x", "x1", "x2", "y", "y1", "y2"),
        *("fill", "fill-opacity", "opacity", "stroke", "stroke-dasharray", "stroke-linecap", "stroke-linejoin"),
        *("stroke-miterlimit", "stroke-opacity", "stroke-width"),
        *("font-family", "font-size", "font-style", "font-weight", "text-anchor"),
    }
)


def draw(spec: Spec, label: str) -> Markup:
    """A chart that a screen reader reads as one picture with this label.

    Marks with a `description` show it when a mouse rests on them. `spec` may hold foreign text in its data only.

    Raises:
        UnusableError: the library is not installed.
    """
    drawn = _library().vegalite_to_svg(
        {**spec, "config": _CONFIG}, vl_version=VERSION, show_warnings=False, allowed_base_urls=[]
    )
    root = ET.fromstring(drawn)
    attributes = {**_kept(root), "role": "img", "aria_label": label}
    return _written("svg", attributes, _children(root))


def refuse_without_library() -> None:
    """Refuse to begin what could not be drawn at the end.

    Raises:
        UnusableError: the library is not installed.
    """
    _library()


def _library() -> Any:
    try:
        import vl_convert  # noqa: PLC0415 - needs an extra
    except ModuleNotFoundError:
        raise UnusableError(NEEDS_VEGA) from None
    return vl_convert


def _children(parent: ET.Element) -> list[Markup]:
    found = []
    for one in parent:
        tag = one.tag.removeprefix(_SVG)
        if tag in _TAGS and one.get("display") != "none" and (tag != "path" or one.get("d")):
            children = _children(one)
            if tag == "g" and not children:
                continue
            is_mark, text_of_hint = one.get("aria-roledescription"), one.get("aria-label")
            hint = [element("title", text_of_hint)] if is_mark and text_of_hint else []
            text = [joined(one.text)] if tag in ("text", "tspan") and one.text else []
            found.append(_written(tag, _kept(one), [*hint, *text, *children]))
    return found


def _kept(one: ET.Element) -> dict[str, str]:
    return {name: value for name, value in one.attrib.items() if name in _ATTRIBUTES}


def _written(tag: str, attributes: Mapping[str, str], children: list[Markup]) -> Markup:
    return element(tag, children, **{name.replace("-", "_"): value for name, value in attributes.items()})
