"""Small disks of their own, for what only a full or a read-only one shows. Called by tests of outputs."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def mounted(folder: Path, size: str = "1m") -> Iterator[Path]:
    """A disk in memory, of so many bytes; where nobody may mount, the test is skipped and says so."""
    folder.mkdir(exist_ok=True)
    ran = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if ran.returncode != 0:
        pytest.skip(f"no disk can be mounted here: {ran.stderr.strip() or 'mount fails'}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def make_read_only(folder: Path) -> None:
    """Of a mounted disk."""
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
