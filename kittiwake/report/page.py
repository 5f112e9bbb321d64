"""What all pages have: their frame, and facts, tables, charts and headlines in it.

Pure. Called by the page of each command. Foreign text in it stays text.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from typing import Final, NamedTuple

from kittiwake.report.drawing import Spec, draw
from kittiwake.report.markup import Child, Markup, element, joined
from kittiwake.report.style import STYLE

BROAD: Final = 880
NARROW: Final = 340
"""Pixels of a chart: on a page that is as wide as it gets, and on a telephone."""

NAME_MAX: Final = 200
"""Characters of a name that a page shows: more is no name, and nobody reads it."""

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
"""What a browser may load for a page: nothing, but for the style that stands in it."""


class Section(NamedTuple):
    """A part of a page with a heading, to which a link at the top leads."""

    anchor: str
    title: str
    children: Child


def page(title: str, lead: Child, facts: Sequence[tuple[str, Child]], sections: Iterable[Section], made: str) -> str:
    """A whole page; `made`: the command that made it."""
    parts = [one for one in sections if one.children]
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", Markup(STYLE)),
    )
    links = [element("li", element("a", one.title, href=f"#{one.anchor}")) for one in parts]
    body = element(
        "body",
        element("a", "To the findings", href=f"#{parts[0].anchor}", class_="skip"),
        element("header", element("h1", title), element("p", lead, class_="lead"), facts_list(facts)),
        element("nav", element("ul", links), aria_label="In this report"),
        element("main", [_section(one) for one in parts]),
        element("footer", element("p", f"Made by {made}. Look through it before you pass it on.")),
    )
    return "<!doctype html>\n" + element("html", head, body, lang="en") + "\n"


def _section(one: Section) -> Markup:
    return element("section", element("h2", one.title, id=one.anchor), one.children, aria_labelledby=one.anchor)


def facts_list(facts: Sequence[tuple[str, Child]]) -> Markup:
    """Names of things, and beneath each its value."""
    return element(
        "dl", [element("div", element("dt", name), element("dd", value)) for name, value in facts], class_="facts"
    )


def headlines(found: Iterable[Child], checks: Iterable[str] = ()) -> Markup:
    """What a reader in a hurry has to know, and then what somebody has to check."""
    items = [element("li", one) for one in found]
    items += [element("li", "To check: ", one, class_="check") for one in checks]
    return element("ul", items, class_="headlines") if items else Markup("")


def name(text: str) -> Markup:
    """A foreign name or value, which may be written from right to left, and may be long."""
    return element("bdi", cut(text, NAME_MAX), class_="name")


def cut(text: str, most: int) -> str:
    """A text, of a long one its beginning.

    >>> cut("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= most else text[: most - 1] + "…"


# ---------------------------------------------------------------- tables


def table(
    caption: str, header: Sequence[str], rows: Sequence[Sequence[Child]], numbers: Container[int], *, wide: bool = False
) -> Markup:
    """A table that scrolls by itself where the window is narrow, by keyboard too."""
    head = element("tr", [_head(text, at in numbers) for at, text in enumerate(header)])
    body = [element("tr", [_entry(at, part, at in numbers) for at, part in enumerate(row)]) for row in rows]
    inner = (element("caption", element("span", caption)), element("thead", head), element("tbody", body))
    made = element("table", *inner, class_="wide") if wide else element("table", *inner)
    return element("div", made, class_="scroll", role="region", tabindex="0", aria_label=caption)


def _head(text: str, is_number: bool) -> Markup:
    return element("th", text, scope="col", class_="number") if is_number else element("th", text, scope="col")


def _entry(at: int, part: Child, is_number: bool) -> Markup:
    if at == 0:
        return element("th", part, scope="row")
    return element("td", part, class_="number") if is_number else element("td", part)


# ---------------------------------------------------------------- charts


def chart(label: str, spec_of: Callable[[int], Spec], numbers: Child) -> Markup:
    """A chart for wide and for narrow windows, what it shows in a line, and its numbers as a table that opens."""
    return element(
        "figure",
        element("figcaption", label),
        element("div", draw(spec_of(BROAD), label), class_="broad"),
        element("div", draw(spec_of(NARROW), label), class_="narrow"),
        details("The numbers", numbers) if numbers else "",
    )


def details(summary: Child, *children: Child, is_open: bool = False) -> Markup:
    """What opens when it is wanted; on paper it is open."""
    attributes = {"open": ""} if is_open else {}
    return element("details", element("summary", summary), *children, **attributes)


def paragraphs(text: str) -> Markup:
    """A paragraph for each part of a text that a blank line ends."""
    return joined([element("p", " ".join(part.split())) for part in text.strip().split("\n\n")])
