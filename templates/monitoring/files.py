"""The files that `make metadata` writes of the registry: those of the module `monitoring`, and the page of metrics."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from templates.monitoring.dashboard import dashboard
from templates.monitoring.page import PAGE, page_text
from templates.monitoring.policies import log_metric, policies

MODULE: Final = Path(__file__).parents[1] / "terraform" / "modules" / "monitoring"


def monitoring_files() -> dict[Path, str]:
    """Each file with its text."""
    return {
        MODULE / "dashboard.json": _json(dashboard()),
        MODULE / "alerts.json": _json(policies()),
        MODULE / "log_metric.json": _json(log_metric()),
        PAGE: page_text(PAGE.read_text(encoding="utf-8")),
    }


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
