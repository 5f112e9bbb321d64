"""The engines of the tests: skipped where they have not been got; but Prism is got where `CI` is set, or they fail."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.runners.jobs import ENGINES, Engine
from tests.runners.places import MissingError

REQUIRED_IN_CI = {"prism"}


@pytest.fixture(scope="module", params=sorted(ENGINES))
def endpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    engine = ENGINES[request.param]
    if os.environ.get("CI") and request.param in REQUIRED_IN_CI:
        _got(engine)
    elif not engine.kept().exists():
        pytest.skip(f"{request.param} is not here: make runners gets it")
    with engine.running(tmp_path_factory.mktemp(request.param)) as served:
        yield served


def _got(engine: Engine) -> None:
    try:
        engine.get()
    except MissingError as error:
        pytest.fail(str(error))
