"""The tables of the page of metrics: a row for each metric, with the alerts that are about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from kittiwake.stream.metrics import DEAD_LETTERS_BY_REASON, METRICS
from templates.monitoring.alerts import alerts_of
from templates.monitoring.registry import SERVICE_METRICS, Watched

PAGE: Final = Path(__file__).parents[2] / "docs" / "reference" / "metrics-and-logs.md"
RUNBOOK_FROM_PAGE: Final = "../how-to/runbook.md"
METRICS_HEADING: Final = "## Metrics"
SERVICES_HEADING: Final = "### Metrics of Google's services"


def page_text(text: str) -> str:
    """The page, with its tables written anew."""
    text = _with_table(text, METRICS_HEADING, ["name", "kind", "unit", "meaning", "alert"], metric_rows())
    return _with_table(text, SERVICES_HEADING, ["name", "unit", "meaning", "alert"], service_rows())


def metric_rows() -> list[list[str]]:
    """Of the job's own. Counters by reason share a row, as they differ in their reason alone."""
    by_reason = list(DEAD_LETTERS_BY_REASON.values())
    return [
        [f"`{_name(one)}`", one.kind.value, one.unit, _meaning(one), _alerts(one)]
        for one in METRICS
        if one not in by_reason[1:]
    ]


def service_rows() -> list[list[str]]:
    """Of Google's services."""
    return [[f"`{one.name}`", one.unit, one.meaning, _alerts(one)] for one in SERVICE_METRICS]


def _name(metric: Watched) -> str:
    return "dead_letters_REASON" if metric in DEAD_LETTERS_BY_REASON.values() else metric.name


def _meaning(metric: Watched) -> str:
    if metric not in DEAD_LETTERS_BY_REASON.values():
        return metric.meaning
    return "of them, those refused for a [reason](reasons.md#why-a-record-could-not-become-an-event-deadletterreason)"


def _alerts(metric: Watched) -> str:
    return "; ".join(f"[{one.when}]({RUNBOOK_FROM_PAGE}#{one.section})" for one in alerts_of(metric))


def _with_table(text: str, heading: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The text with the first table below a heading replaced."""
    lines = text.split("\n")
    begin = next(n for n in range(lines.index(heading), len(lines)) if lines[n].startswith("|"))
    end = next(n for n in range(begin, len(lines)) if not lines[n].startswith("|"))
    table = [columns, ["---"] * len(columns), *rows]
    return "\n".join([*lines[:begin], *map(_row, table), *lines[end:]])


def _row(cells: Sequence[str]) -> str:
    return "|---" * len(cells) + "|" if cells[0] == "---" else f"| {' | '.join(cells)} |"
