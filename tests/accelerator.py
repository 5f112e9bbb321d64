"""Marks tests that ask for the accelerator: they are skipped where there is none, and where `KITTIWAKE_NATIVE` is off.

One of another form is there and not used, and then they fail: a wheel was forgotten.
"""

from __future__ import annotations

from typing import Final

import pytest

from kittiwake.input.native.blocks import OFF, SWITCH, installed


def _why_not() -> str:
    found = installed()
    if found is None:
        return "no accelerator: make native builds it, with cargo"
    return found.why_not if found.why_not.removeprefix(f"off by {SWITCH}=") in OFF else ""


needed: Final = pytest.mark.skipif(bool(_why_not()), reason=_why_not())
"""The test asks what the accelerator answers."""
