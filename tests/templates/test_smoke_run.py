"""The smoke run for the real thing, tried on emulators: every step, with Beam's local runner in Dataflow's place."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("google.cloud.bigquery")

from google.cloud import storage

from kittiwake.terminal.ending import StopRequest
from kittiwake.terminal.exit_codes import Exit
from templates.smoke.hosting import new_run
from templates.smoke.settings import Pace, Settings
from tests.services.emulators.bigquery import PROJECT
from tests.templates.dataflow_service import Service, serving

if TYPE_CHECKING:
    from tests.services.tables import Tables
    from tests.services.topics import Topics

PYTHON = (sys.executable, "-W", "ignore", "-m", "tests.services.emulators.emulated")
QUICK = Pace(lead_s=33, margin_s=60, poll_s=1, settle_s=2, rest_s=17, ask_s=0.5)


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(tmp_path)


@pytest.fixture
def settings(topics: Topics, tables: Tables, bucket: str, tmp_path: Path, service: Service) -> Iterator[Settings]:
    name = bucket.removeprefix("gs://")
    storage.Client(PROJECT).bucket(name).blob("templates/stream-1.json").upload_from_string("{}")
    with serving(service) as url:
        yield Settings(
            "1130-0800-test", PROJECT, "europe-west4", name, f"{bucket}/templates/stream-1.json", tmp_path / "run",
            events=150, dataflow_endpoint=url, pace=QUICK,
        )  # fmt: skip


def report_in(settings: Settings) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((settings.output / "report.json").read_text())
    return found


@pytest.mark.nightly
@pytest.mark.timeout(900)
def test_every_step_of_a_run_and_no_row_differs(settings: Settings, service: Service) -> None:
    said: list[str] = []
    code = new_run(settings, keep=False, stop=StopRequest(), say=said.append, python=PYTHON)
    report = report_in(settings)
    assert (code, report["differences"], report["left"]) == (Exit.FINE, [], []), "\n".join(said)
    print("\n".join(said))
