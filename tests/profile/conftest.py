"""Profiles with their bounds, and with bounds so tight that small histories reach them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.profile.tables import bound_tightly


@pytest.fixture(params=["as it is", "tightly bounded"])
def bounds(request: pytest.FixtureRequest) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        if request.param == "tightly bounded":
            bound_tightly(patched)
        yield
