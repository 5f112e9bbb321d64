"""The pictures of the pages: charts of reports over the purchases of examples/cdnow.

`python -m examples.pictures` makes the reports of the first 500 buyers anew, takes some of their charts, and writes
each as a file of its own into docs/pictures. It is light or dark as the reader's system is.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from html import unescape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from kittiwake.report.style import STYLE
from kittiwake.terminal.exit_codes import Exit

ROOT: Final = Path(__file__).parent.parent
PICTURES: Final = ROOT / "docs" / "pictures"
CONTACTS: Final = 500
MARGIN: Final = 12
"""Pixels around a chart."""

_RULES: Final = "examples/cdnow/rules"


class Picture(NamedTuple):
    """A chart of a report."""

    name: str
    command: tuple[str, ...]
    """Without its events and its page."""
    label: str
    """Words of the label of the chart."""


SHOWN: Final = (
    Picture("messages-over-time", ("simulate", _RULES, "{events}"), "Messages over time"),
    Picture("what-became-of-candidates", ("simulate", _RULES, "{events}"), "What became of each rule"),
    Picture(
        "timeline",
        ("explain", "--rules", _RULES, "--input", "{events}", "--contact", "00004"),
        "in a lane for each rule",
    ),
    Picture("values-tried", ("tune", _RULES, "lapsed", "wait=30d..240d", "{events}"), "Messages of the rule"),
)


def write_pictures(folder: Path, shown: Sequence[Picture] = SHOWN) -> None:
    """Write pictures into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as scratch:
        events = Path(scratch) / "events.jsonl"
        _run("examples.cdnow.convert", "--contacts", str(CONTACTS), "--output", scratch)
        pages: dict[tuple[str, ...], str] = {}
        for one in shown:
            if one.command not in pages:
                page = Path(scratch) / f"{len(pages)}.html"
                words = [word.format(events=events) for word in one.command]
                _run("kittiwake.cli.main", *words, "--html", str(page))
                pages[one.command] = page.read_text(encoding="utf-8")
            (folder / f"{one.name}.svg").write_text(picture_of(pages[one.command], one.label), encoding="utf-8")


def _run(module: str, *words: str) -> None:
    """Run a module, whose exit code says what was found."""
    ran = subprocess.run([sys.executable, "-m", module, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    if ran.returncode not in (Exit.FINE, Exit.FINDINGS):
        sys.exit(ran.stderr)


def picture_of(page: str, label: str) -> str:
    """The first chart of a page whose label has these words, as a file that needs nothing beside it."""
    chart = next(one for one in _charts(page) if label in unescape(one.label))
    width, height = (size + 2 * MARGIN for size in chart.size)
    box = f'viewBox="{-MARGIN} {-MARGIN} {width:g} {height:g}" width="{width:g}" height="{height:g}"'
    style = f"{_colours()} text {{ font: 12px system-ui, sans-serif; }}"
    back = f'<rect x="{-MARGIN}" y="{-MARGIN}" width="{width:g}" height="{height:g}" fill="var(--back)"/>'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img">'
    title = unescape(chart.label).replace("&", "&amp;").replace("<", "&lt;")
    return f"{head}<title>{title}</title><style>{style}</style>{back}{chart.drawn}</svg>\n"


class _Chart(NamedTuple):
    label: str
    size: tuple[float, float]
    drawn: str


def _charts(page: str) -> Iterator[_Chart]:
    for head, drawn in re.findall(r"<svg([^>]*)>(.*?)</svg>", page, re.DOTALL):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', head))
        yield _Chart(attributes["aria-label"], (float(attributes["width"]), float(attributes["height"])), drawn)


def _colours() -> str:
    """The variables of the pages' style, light and dark."""
    light, dark = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    variables = [" ".join(re.findall(r"--[^;]+;", one)) for one in (light, dark)]
    return f"svg {{ {variables[0]} }} @media (prefers-color-scheme: dark) {{ svg {{ {variables[1]} }} }}"


def main() -> None:
    """Write the pictures of the pages."""
    parser = argparse.ArgumentParser(prog="python -m examples.pictures")
    parser.add_argument("--output", type=Path, default=PICTURES)
    write_pictures(parser.parse_args().output)


if __name__ == "__main__":
    main()
