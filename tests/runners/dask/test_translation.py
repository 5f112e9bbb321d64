"""Beam's meaning of a graph, on Dask: what Beam's own translation loses, mixes or does again (docs/how-to/runners.md).

The scheduler and its workers are threads of this process.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.pvalue import AsSingleton, TaggedOutput
from apache_beam.transforms.userstate import ReadModifyWriteStateSpec
from apache_beam.transforms.window import FixedWindows, GlobalWindows, TimestampedValue

from examples.shop import generate
from kittiwake.errors import UnusableError
from kittiwake.pipelines.backfill import main
from kittiwake.terminal import progress
from tests.examples.running import ROOT, Ran
from tests.runners.jobs import facts

if TYPE_CHECKING:
    from distributed import LocalCluster

FOUND: defaultdict[str, list[Any]] = defaultdict(list)
"""What steps have seen, by name."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=":0", silence_logs="CRITICAL"
    ) as made:
        yield made


@pytest.fixture
def run(cluster: LocalCluster) -> Callable[[Callable[[beam.Pipeline], object]], dict[str, list[Any]]]:
    def ran(build: Callable[[beam.Pipeline], object], *flags: str) -> dict[str, list[Any]]:
        from kittiwake.pipelines.on_dask.runner import DaskRunner

        FOUND.clear()
        options = PipelineOptions([f"--dask_client_address={cluster.scheduler_address}", *flags])
        pipeline = beam.Pipeline(DaskRunner(), options)
        build(pipeline)
        assert pipeline.run().wait_until_finish() == "DONE"
        return {name: sorted(found) for name, found in FOUND.items()}

    return ran


Run = Callable[..., dict[str, list[Any]]]


def _note(name: str, value: Any) -> Any:
    FOUND[name].append(value)
    return value


def noted(name: str) -> beam.PTransform:
    return f"Note {name}" >> beam.Map(partial(_note, name))


class Signs(beam.DoFn):
    def process(self, element: int) -> Iterator[int | TaggedOutput]:
        yield element
        yield TaggedOutput("negative", -element)


class Number(beam.DoFn):
    def start_bundle(self) -> None:
        self.number = 0

    def process(self, element: int) -> None:
        self.number += 1

    def finish_bundle(self) -> Iterator[Any]:
        yield GlobalWindows.windowed_value(self.number)


class Kept(beam.DoFn):
    CELL = ReadModifyWriteStateSpec("cell", beam.coders.BytesCoder())

    def process(self, element: tuple[bytes, int], cell: Any = beam.DoFn.StateParam(CELL)) -> None: ...


def test_each_output_of_a_step_is_a_collection_of_its_own(run: Run) -> None:
    def build(pipeline: beam.Pipeline) -> None:
        found = pipeline | beam.Create([1, 2]) | beam.ParDo(Signs()).with_outputs("negative", main="positive")
        _ = found["positive"] | noted("positive")
        _ = found["negative"] | noted("negative")

    assert run(build) == {"positive": [1, 2], "negative": [-2, -1]}


def test_what_a_bundle_emits_at_its_end_is_not_lost(run: Run) -> None:
    found = run(lambda pipeline: pipeline | beam.Create([1, 2, 3]) | beam.ParDo(Number()) | noted("numbers"))
    assert sum(found["numbers"]) == 3


def test_every_end_of_a_graph_is_reached(run: Run) -> None:
    def build(pipeline: beam.Pipeline) -> None:
        numbers = pipeline | beam.Create([1, 2])
        _ = numbers | noted("one")
        _ = numbers | noted("other")

    assert run(build) == {"one": [1, 2], "other": [1, 2]}


def test_what_several_steps_see_beside_their_input_is_computed_once(run: Run) -> None:
    def build(pipeline: beam.Pipeline) -> None:
        seven = pipeline | "Seven" >> beam.Create([7]) | noted("computed")
        numbers = pipeline | beam.Create(list(range(20))) | beam.Reshuffle()
        for name in ("one", "other"):
            _ = numbers | f"Add {name}" >> beam.Map(int.__add__, AsSingleton(seven)) | noted(name)

    found = run(build)
    assert found["computed"] == [7]
    assert found["one"] == found["other"] == list(range(7, 27))


def test_a_key_is_grouped_once_whatever_part_its_values_come_from(run: Run) -> None:
    def build(pipeline: beam.Pipeline) -> None:
        parts = [pipeline | f"Part {part}" >> beam.Create([(None, part), (b"k", part)]) for part in range(5)]
        grouped = parts | beam.Flatten() | beam.Reshuffle() | beam.GroupByKey()
        _ = grouped | beam.MapTuple(lambda key, values: (str(key), sorted(values))) | noted("groups")

    assert run(build)["groups"] == [("None", [0, 1, 2, 3, 4]), ("b'k'", [0, 1, 2, 3, 4])]


def test_windows_are_grouped_apart(run: Run) -> None:
    def build(pipeline: beam.Pipeline) -> None:
        times = pipeline | beam.Create([1, 2, 20]) | beam.Map(lambda time: TimestampedValue(("k", time), time))
        grouped = times | beam.WindowInto(FixedWindows(10)) | beam.GroupByKey()
        _ = grouped | beam.MapTuple(lambda _, values: sorted(values)) | noted("windows")

    assert run(build)["windows"] == [[1, 2], [20]]


def test_a_shuffle_deals_elements_to_all_parts(run: Run) -> None:
    bundles = beam.ParDo(Number())
    found = run(lambda p: p | beam.Create(range(10)) | beam.Reshuffle() | bundles | noted("n"), "--dask_npartitions=4")
    assert found["n"] == [2, 2, 3, 3]


def test_what_a_step_raises_ends_the_run(run: Run) -> None:
    with pytest.raises(ZeroDivisionError):
        run(lambda pipeline: pipeline | beam.Create([0]) | beam.Map(lambda zero: 1 // zero))


def test_a_step_that_keeps_state_is_refused_by_its_name(run: Run) -> None:
    with pytest.raises(UnusableError, match="runs the backfill, and no stream: Decide keeps state"):
        run(lambda pipeline: pipeline | beam.Create([(b"k", 1)]) | "Decide" >> beam.ParDo(Kept()))


def test_a_backfill_on_dask_decides_as_in_process(
    cluster: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    events = generate.write(tmp_path, 12, 7, 60)
    job = ["--rules", str(ROOT / "examples/shop/rules"), "--input", str(events), "--allow_empty"]
    assert main([*job, "--output", str(tmp_path / "here")]) == 0
    capsys.readouterr()
    monkeypatch.setattr(progress, "SECONDS_A_LINE", 0)
    on_dask = ["--runner", "DaskRunner", "--dask_client_address", cluster.scheduler_address, "--dask_npartitions", "3"]
    assert main([*job, "--output", str(tmp_path / "there"), *on_dask]) == 0
    expected = facts(Ran(tmp_path / "here", ""))
    assert len(expected["triggers"]) > 10
    assert facts(Ran(tmp_path / "there", "")) == expected
    assert not list((tmp_path / "there" / "triggers").glob("*temp*"))
    assert "nothing is read yet" not in capsys.readouterr().err, "Dask's workers report nothing"


def test_where_no_scheduler_answers_it_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "events.jsonl").write_text("")
    job = ["--rules", str(ROOT / "examples/shop/rules"), "--input", str(tmp_path / "events.jsonl"), "--allow_empty"]
    on_dask = ["--runner", "DaskRunner", "--dask_client_address", "tcp://127.0.0.1:1", "--dask_connection_timeout", "1"]
    assert main([*job, "--output", str(tmp_path / "out"), *on_dask]) == 2
    assert "--dask_client_address tcp://127.0.0.1:1: no scheduler answers" in capsys.readouterr().err
