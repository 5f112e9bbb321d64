"""Golden texts: compare with the file, or write it where KITTIWAKE_UPDATE_GOLDEN is 1."""

from __future__ import annotations

import os
from pathlib import Path

HERE = Path(__file__).parent
UPDATE = os.environ.get("KITTIWAKE_UPDATE_GOLDEN") == "1"


def assert_golden(path: Path, found: str) -> None:
    if UPDATE:
        path.write_text(found, encoding="utf-8")
    assert path.exists(), f"{path.name} is missing: run with KITTIWAKE_UPDATE_GOLDEN=1 and review it"
    assert found == path.read_text(encoding="utf-8")
