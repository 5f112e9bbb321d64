"""The site of the documentation: Sphinx reads the same Markdown that GitHub shows (`make docs`).

Pages stay plain Markdown with relative links. So the navigation is made here, of the links that the index pages have,
and links to folders and READMEs of the repository, which the site does not hold, become plain text.
"""

import re
from pathlib import Path
from typing import Any

import kittiwake

project = "Kittiwake"
release = kittiwake.__version__
html_title = f"Kittiwake {release}"
html_theme = "furo"
extensions = ["myst_parser"]
root_doc = "index"
exclude_patterns = ["README.md"]
myst_heading_anchors = 4
html_show_sphinx = False
html_copy_source = False
# Fences of console sessions and of JSON with an ellipsis in it are no valid source.
suppress_warnings = ["misc.highlighting_failure"]

DOCS = Path(__file__).parent
INDEXES = {"index", "explanation/adr/README"}
LINK = re.compile(r"(?<!!)\[([^\]\n]+)\]\(([^()\s#]+)(#[^()\s]*)?\)")


def _section(text: str) -> list[str]:
    """The pages that a part of an index page links to, in their order, without their suffix."""
    targets = [found[2] for found in LINK.finditer(text)]
    return list(dict.fromkeys(target.removesuffix(".md") for target in targets if target.endswith(".md")))


def _navigation(text: str) -> str:
    """Hidden tables of contents: one for each section with a list of pages, or one for all of them."""
    title, *sections = re.split(r"^## ", text, flags=re.MULTILINE)
    parts = [(section.partition("\n")[0], _section(section)) for section in sections] or [("", _section(title))]
    trees = []
    for caption, pages in parts:
        inside = [page for page in pages if not page.startswith("..")]
        options = [":hidden:", f":caption: {caption}"] if caption else [":hidden:"]
        trees.append("\n".join(["```{toctree}", *options, "", *inside, "```", ""]))
    return "\n\n" + "\n".join(trees)


def _without_outside(docname: str, text: str) -> str:
    """The text, with links to folders and pages outside of the documentation as their text alone."""
    folder = (DOCS / docname).parent

    def replaced(found: re.Match[str]) -> str:
        target = (folder / found[2]).resolve()
        is_outside = "://" not in found[2] and not target.is_relative_to(DOCS)
        return found[1] if is_outside and (target.is_dir() or target.suffix == ".md") else found[0]

    return LINK.sub(replaced, text)


def _prepare(_app: object, docname: str, source: list[str]) -> None:
    """What Sphinx calls for each page that it reads."""
    source[0] = _without_outside(docname, source[0])
    if docname in INDEXES:
        source[0] += _navigation(source[0])


def setup(app: Any) -> None:
    """What Sphinx calls once, when it starts."""
    app.connect("source-read", _prepare)
