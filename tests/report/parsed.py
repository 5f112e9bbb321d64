"""Pages as tests read them."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

VOID = ("br", "input", "meta")


class Parsed(HTMLParser):
    """The elements, texts and tables of a page; a closing tag without its opening one is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.tables: dict[str, list[list[str]]] = {}
        """By caption, the rows, the header first."""
        self._rows: list[list[str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "caption":
            self._rows = self.tables.setdefault("", [])
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("td", "th"):
            self._rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] == "style":
            return
        self.texts.append(data)
        if "caption" in self.open:
            self._rows = self.tables[data] = []
        elif "td" in self.open or ("th" in self.open and self._rows):
            self._rows[-1][-1] += data

    def all(self, tag: str) -> Iterator[dict[str, str]]:
        return (attributes for name, attributes in self.elements if name == tag)

    def under(self, beginning: str) -> list[list[str]]:
        """The rows of the table whose caption begins so."""
        (rows,) = (rows for caption, rows in self.tables.items() if caption and caption.startswith(beginning))
        return rows
