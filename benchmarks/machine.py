"""The machine and the versions a result was measured with. Nothing that names a host, a person or a place."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import kittiwake

PACKAGES: Final = ("apache-beam", "bytewax", "duckdb", "msgspec", "numpy", "orjson", "polars")


def facts(root: Path) -> dict[str, Any]:
    """What a reader has to know to judge the figures."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "kittiwake": kittiwake.__version__,
        "commit": _commit(root),
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
        "load_before": load(),
    }


def load() -> float:
    """Processes that wanted to run, over the last minute: above 1 or so somebody else was measured too."""
    return round(os.getloadavg()[0], 1)


def _cpu() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _commit(root: Path) -> str | None:
    """The commit that was measured, with a `+` if the product's files differ from it; None outside of git."""
    command = ["git", "describe", "--always", "--exclude=*", "--abbrev=10"]
    told = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if told.returncode:
        return None
    command = ["git", "status", "--porcelain", "--", "kittiwake", "transforms", "pipelines"]
    changed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False).stdout
    return told.stdout.strip() + ("+" if changed else "")
