"""What every test has: the seed of the run, Hypothesis' profiles, the real purchases."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

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
