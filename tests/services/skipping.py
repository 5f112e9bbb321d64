"""What happens to a test whose service is missing."""

from __future__ import annotations

import os

import pytest


def skip_or_fail(reason: str | None) -> None:
    """Skips the test on a laptop for the reason, if there is one; fails it in CI."""
    if reason and os.environ.get("CI"):
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
