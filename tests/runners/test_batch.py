"""A backfill on an engine that is no part of this process decides what `replay` decides, field by field.

Small histories; `make runners` gets the engines and runs a million events. An engine that has not been got is skipped
on a laptop. Where `CI` is set Prism is got, and the tests fail without it.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from examples.cdnow.convert import convert
from examples.cdnow.fetch import DEFAULT, fetch
from examples.shop import generate
from tests.examples.running import ROOT, Ran, backfill
from tests.pipelines.running import as_a_process
from tests.runners import boot, prism
from tests.runners.jobs import LOOPBACK, facts, on_engine, processes, replayed
from tests.runners.places import CACHE, MissingError

SHOP_RULES = ROOT / "examples/shop/rules"


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate.write(tmp_path_factory.mktemp("shop"), 40, 7, 60)


@pytest.fixture(scope="module")
def expected(events: Path) -> Ran:
    return replayed(SHOP_RULES, events, events.parent / "replay")


@pytest.fixture(scope="module")
def ran(endpoint: str, events: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return on_engine(endpoint, SHOP_RULES, events, tmp_path_factory.mktemp("ran") / "out", *LOOPBACK)


def test_the_shop_is_decided_as_by_replay(ran: Ran, expected: Ran) -> None:
    assert len(facts(expected)["triggers"]) > 100
    assert facts(ran) == facts(expected)


def test_the_counts_of_a_run_are_those_of_replay(ran: Ran, expected: Ran) -> None:
    for name in ("events", "contacts", "decisions", "dead_letters"):
        assert ran.summary[name] == expected.summary[name], name


def test_so_it_is_by_workers_that_the_engine_starts(endpoint: str, events: Path, expected: Ran, tmp_path: Path) -> None:
    ran = on_engine(endpoint, SHOP_RULES, events, tmp_path / "out", *processes(tmp_path))
    assert (tmp_path / boot.WORKERS).read_text().split()
    assert facts(ran) == facts(expected)


@pytest.mark.nightly
def test_buyers_are_decided_as_by_replay(endpoint: str, tmp_path: Path) -> None:
    rules, purchases = ROOT / "examples/cdnow/rules", convert(fetch(ROOT / DEFAULT), tmp_path, contacts=300)
    expected = replayed(rules, purchases, tmp_path / "replay")
    ran = on_engine(endpoint, rules, purchases, tmp_path / "out", *LOOPBACK)
    assert facts(expected)["decisions"]
    assert facts(ran) == facts(expected)


def test_where_go_is_not_installed_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv(CACHE, str(tmp_path))
    with pytest.raises(MissingError, match="Prism needs go, which is not on the path: install it"):
        prism.binary()


@pytest.mark.nightly  # `test_ending` asks it of a stream
def test_a_prism_that_the_job_starts_itself_says_nothing_of_its_own(events: Path, tmp_path: Path) -> None:
    if not prism.kept().exists():
        pytest.skip("prism is not here: make runners gets it")
    flags = ("--runner=PrismRunner", f"--prism_location={prism.kept()}")
    ran = backfill(SHOP_RULES, events, tmp_path / "out", *flags)
    assert "PrismRunner" not in ran.said
    assert "INFO" not in ran.said


def test_an_input_that_cannot_be_read_is_told_in_a_sentence(endpoint: str, tmp_path: Path) -> None:
    cut_off = tmp_path / "events.jsonl.gz"
    cut_off.write_bytes(gzip.compress(b'{"type":"page.viewed"}\n' * 1_000)[:-20])
    job = ["--runner=PortableRunner", f"--job_endpoint={endpoint}", *LOOPBACK, "--input", str(cut_off)]
    ran = as_a_process(["--rules", str(SHOP_RULES), *job, "--output", str(tmp_path / "out")])
    assert (ran.returncode, "the gzip file is cut off" in ran.stderr) == (2, True), ran.stderr
    assert not (tmp_path / "out" / "summary.json").exists()
