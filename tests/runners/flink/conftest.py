"""Flink begins first, for it takes longest; what its own Python runs is not read for doctests by one without Flink."""

from __future__ import annotations

from pathlib import Path

import pytest

collect_ignore = ["job.py", "steps.py"]
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """So no worker is left with it when the others have nothing more to do."""
    items.sort(key=lambda item: HERE not in item.path.parents)
