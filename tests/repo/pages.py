"""Markdown as far as the tests read it: fences, links and the anchors they point to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.repo import sources

FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>[\w-]*)[^\n]*\n(?P<body>.*?)^(?P=indent)```[ ]*$", re.MULTILINE | re.DOTALL
)
LINK = re.compile(r"(?<!!)\[[^\]\n]+\]\(([^()\s]+)\)|!\[[^\]\n]*\]\(([^()\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)


class Fence(NamedTuple):
    line: int
    language: str
    body: str


def pages() -> list[Path]:
    return [path for path in sources.repository_files() if path.suffix == ".md"]


def fences(text: str) -> Iterator[Fence]:
    for found in FENCE.finditer(text):
        indent = len(found["indent"])
        body = "".join(line[indent:] for line in found["body"].splitlines(keepends=True))
        yield Fence(text.count("\n", 0, found.start()) + 1, found["language"], body)


def links(text: str) -> Iterator[str]:
    """Targets of links and pictures outside fences."""
    for found in LINK.finditer(FENCE.sub("", text)):
        yield found[1] or found[2]


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = HEADING.findall(FENCE.sub("", text))
    plain = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower() for heading in headings)
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in plain}
