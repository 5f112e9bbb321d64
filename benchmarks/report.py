"""Writes the table, the plot and the page's section of a file of results: `python -m benchmarks.report FILE`."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from benchmarks import plots
from benchmarks.cases import ROOT
from benchmarks.findings import Results, load
from benchmarks.tables import render

FULL: Final = Path(__file__).parent / "results" / "full.json"
"""The results the page shows."""
PAGE: Final = ROOT / "docs/explanation/benchmarks.md"
BEGIN: Final = "<!-- results: written by python -m benchmarks.report -->\n"
END: Final = "<!-- end of results -->\n"


def report(path: Path) -> str:
    """Everything that shows the results of a file; the table."""
    results = load(path)
    picture = path.with_suffix(".png")
    picture.unlink(missing_ok=True)  # that of an earlier run
    if find_spec("matplotlib"):
        plots.draw(results, picture)
    text = render(results, picture.name if picture.exists() else None)
    path.with_suffix(".md").write_text(f"# Benchmark results\n\n{text}", encoding="utf-8")
    if path.resolve() == FULL:
        PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), results), encoding="utf-8")
    return text


def page(text: str, results: Results) -> str:
    """The page with its section of results replaced."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    plot = FULL.with_suffix(".png")
    picture = "../../" + plot.relative_to(ROOT).as_posix() if plot.exists() else None
    return f"{before}{BEGIN}\n{render(results, picture)}\n{END}{after}"


if __name__ == "__main__":
    print(report(Path(sys.argv[1])))
