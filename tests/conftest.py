"""What every test has: the seed of the run, Hypothesis' profiles, the real purchases, services of our own."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.services import gcs
from tests.services.emulators import bigquery, pubsub
from tests.services.skipping import skip_or_fail

with contextlib.suppress(ModuleNotFoundError):  # without the extra `beam` there is nothing to make quicker
    from tests.services.signatures import remember_signatures

    remember_signatures()

if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    # Under nohup, or a CI like it: what tests start would inherit that, and outlive the signal that they are sent.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

if TYPE_CHECKING:
    from tests.services.tables import Tables
    from tests.services.topics import Topics

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
def gcs_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a storage service of our own, started when the first test needs it."""
    skip_or_fail(gcs.missing())
    with gcs.running(tmp_path_factory.mktemp("gcs")) as url:
        yield url


@pytest.fixture(scope="session")
def pubsub_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pubsub.PubsubService]:
    """A Pub/Sub emulator of our own (its `address`), started when the first test needs it."""
    skip_or_fail(pubsub.missing())
    with pubsub.running(tmp_path_factory.mktemp("pubsub")) as service:
        yield service


@pytest.fixture(scope="session")
def bigquery_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[bigquery.BigqueryService]:
    """A BigQuery emulator of our own (its `url` and `grpc_address`), started when the first test needs it."""
    skip_or_fail(bigquery.missing())
    with bigquery.running(tmp_path_factory.mktemp("bigquery")) as service:
        yield service


@pytest.fixture
def topics(pubsub_service: pubsub.PubsubService, monkeypatch: pytest.MonkeyPatch) -> Iterator[Topics]:
    """To create, publish and pull in it; it is what every Pub/Sub client of the test talks to."""
    from tests.services.topics import Topics

    for name, value in pubsub_service.environment.items():
        monkeypatch.setenv(name, value)
    made = Topics()
    yield made
    made.close()


@pytest.fixture
def tables(bigquery_service: bigquery.BigqueryService, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tables]:
    """To create datasets and query in it; it is what BigQuery's clients of the test and Beam's BigQueryIO talk to."""
    from tests.services.emulators.emulated import patches
    from tests.services.tables import Tables

    for name, value in bigquery_service.environment.items():
        monkeypatch.setenv(name, value)
    for patch in patches(bigquery_service.url, bigquery_service.grpc_address):
        monkeypatch.setattr(*patch)
    made = Tables(bigquery_service)
    yield made
    made.close()


@pytest.fixture
def bucket(gcs_service: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """`gs://…` of a new bucket in it, the service Google's client talks to."""
    from google.cloud import storage

    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs_service)
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    name = f"b{abs(hash(request.node.nodeid)):x}"
    storage.Client(project="test").create_bucket(name)
    return f"gs://{name}"
