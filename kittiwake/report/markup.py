"""HTML in which foreign text is text: everything is escaped, but for what was made here.

Pure. Called by `page`.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final, TypeAlias

from kittiwake.printable import visible


class Markup(str):
    """A text that is HTML already."""

    __slots__ = ()


Child: TypeAlias = "str | Iterable[Child]"

_VOID: Final = frozenset({"br", "input", "meta"})
"""Elements without an end."""


def element(tag: str, *children: Child, **attributes: str) -> Markup:
    """An element; a text among its children is escaped, and characters that do not show themselves are visible.

    `aria_label` is the attribute `aria-label`, `class_` the attribute `class`.

    >>> element("b", "<i>", class_="x")
    '<b class="x">&lt;i&gt;</b>'
    """
    written = "".join(f' {key.rstrip("_").replace("_", "-")}="{_text(value)}"' for key, value in attributes.items())
    if tag in _VOID:
        return Markup(f"<{tag}{written}>")
    return Markup(f"<{tag}{written}>{joined(children)}</{tag}>")


def joined(children: Child) -> Markup:
    """Children one after the other."""
    if isinstance(children, Markup):
        return children
    if isinstance(children, str):
        return Markup(_text(children))
    return Markup("".join(joined(child) for child in children))


def _text(text: str) -> str:
    return escape(visible(text), quote=True)
