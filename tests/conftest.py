"""What every test has: the seed of the run, Hypothesis' profiles, the real purchases, a bucket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import gcs

ROOT = Path(__file__).parent.parent

settings.register_profile("default", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("nightly", settings.get_profile("default"), max_examples=2_000)
settings.load_profile("default")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write golden files anew; read the diff before committing"
    )


def pytest_report_header(config: pytest.Config) -> str:
    """A failure is repeated with the seed this prints."""
    return f"seed: {config.getoption('hypothesis_seed')} (repeat with --hypothesis-seed=SEED)"


@pytest.fixture(scope="session")
def seed(pytestconfig: pytest.Config) -> int:
    """The seed of this run, for tests that draw outside Hypothesis."""
    return int(pytestconfig.getoption("hypothesis_seed") or 0)


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def update_golden(pytestconfig: pytest.Config) -> bool:
    """Whether golden files are to be written anew."""
    return bool(pytestconfig.getoption("update_golden"))


@pytest.fixture(scope="session")
def gcs_service() -> Iterator[str]:
    """The URL of a storage service of our own, started when the first test needs it."""
    gcs.skip_or_fail_without_it()
    with gcs.running() as url:
        yield url


@pytest.fixture
def bucket(gcs_service: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """`gs://…` of a new bucket in it, the service Google's client talks to."""
    from google.cloud import storage

    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs_service)
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    name = f"b{abs(hash(request.node.nodeid)):x}"
    storage.Client(project="test").create_bucket(name)
    return f"gs://{name}"
