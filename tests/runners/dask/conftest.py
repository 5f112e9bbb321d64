"""Where Dask is not installed its tests are skipped; in CI that is an error."""

from __future__ import annotations

import os

import pytest

from tests.runners.dask import cluster
from tests.runners.places import MissingError


@pytest.fixture(scope="session", autouse=True)
def dask() -> None:
    try:
        cluster.require()
    except MissingError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))
