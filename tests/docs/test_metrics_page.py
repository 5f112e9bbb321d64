"""docs/reference/metrics-and-logs.md says what the registries say; no step counts or logs beside them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kittiwake.stream import logs, metrics
from kittiwake.stream.logs import LOG_EVENTS, LogEvent
from kittiwake.stream.metrics import DEAD_LETTERS_BY_REASON, METRICS, Metric
from tests.docs.test_tables import WORD, rows

PAGE = "reference/metrics-and-logs.md"
MAKES_METRICS = re.compile(r"apache_beam\.metrics|beam\.metrics|\bMetrics\.")
ALLOWED = {
    "transforms/metrics.py",
    "transforms/batch/progress.py",  # how far a batch has come, for its own bar
    "pipelines/progress.py",  # reads what that one has counted
}
LOGS = re.compile(r"\bgetLogger\(|\blogging\.(debug|info|warning|error|exception|log)\(")
LOGGERS = {
    "transforms/logs.py",
    "transforms/sinks/bigquery.py",  # takes values out of what Beam logs
    "pipelines/lifecycle.py",  # the same of what nobody need know
    "pipelines/runner.py",  # keeps Beam quiet
    "pipelines/worker.py",
}


def sources(root: Path) -> dict[str, str]:
    """Modules that may touch Beam, by name."""
    found = [*(root / "transforms").rglob("*.py"), *(root / "pipelines").rglob("*.py")]
    return {path.relative_to(root).as_posix(): path.read_text() for path in found}


def test_every_metric_has_its_row_and_no_row_is_made_up(root: Path) -> None:
    by_reason = list(DEAD_LETTERS_BY_REASON.values())
    expected = [[one.name, one.kind.value, one.unit] for one in METRICS if one not in by_reason]
    found = rows(root, PAGE, "Metrics")
    assert [
        [name.strip("`"), *rest] for name, *rest in (cells[:3] for cells in found) if "REASON" not in name
    ] == expected
    assert sum("REASON" in cells[0] for cells in found) == 1


def test_every_log_event_has_its_row_and_no_row_is_made_up(root: Path) -> None:
    expected = [(one.name, one.severity.value, one.message, list(one.fields)) for one in LOG_EVENTS]
    found = rows(root, PAGE, "Log")
    assert [(WORD.findall(name)[0], kind, text, WORD.findall(fields)) for name, kind, text, fields in found] == expected


@pytest.mark.parametrize(
    ("registry", "all_of_them", "kind"), [(metrics, METRICS, Metric), (logs, LOG_EVENTS, LogEvent)]
)
def test_the_registries_are_whole_and_each_name_stands_once(
    registry: object, all_of_them: tuple[Metric], kind: type
) -> None:
    values = [
        one for value in vars(registry).values() for one in (value.values() if isinstance(value, dict) else [value])
    ]
    assert [value for value in values if isinstance(value, kind)] == list(all_of_them)
    names = [one.name for one in all_of_them]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch("[a-z][a-z0-9_]*", name) for name in names)


@pytest.mark.parametrize("registry", [metrics, logs], ids=["metrics", "logs"])
def test_everything_registered_is_used_by_a_step(registry: object, root: Path) -> None:
    text = "\n".join(sources(root).values())
    names = [name for name, value in vars(registry).items() if isinstance(value, Metric | LogEvent)]
    # Where it is imported, and where it is counted or logged; or at once, by its module.
    used = {name for name in names if f"logs.{name}" in text or len(re.findall(rf"\b{name}\b", text)) > 1}
    assert set(names) - used == set()


def test_nobody_makes_metrics_or_logs_beside_the_registries(root: Path) -> None:
    found = sources(root)
    assert {name for name, text in found.items() if MAKES_METRICS.search(text)} <= ALLOWED
    assert {name for name, text in found.items() if LOGS.search(text)} <= LOGGERS


def test_a_metric_beside_the_registry_is_found() -> None:
    for planted in ("from apache_beam.metrics.metric import Metrics", "beam.metrics.Metrics.counter('a', 'b')"):
        assert MAKES_METRICS.search(planted)
    for planted in ("logging.getLogger('x').info(event)", "logging.warning('%s', raw)"):
        assert LOGS.search(planted)
