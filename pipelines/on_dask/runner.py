"""The runner by the name `DaskRunner`: Beam's options and overrides, and the translation beside it."""

from __future__ import annotations

from typing import Final, NoReturn

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.dask.dask_runner import DaskOptions
from apache_beam.runners.dask.dask_runner import DaskRunner as BeamsDaskRunner
from apache_beam.runners.dask.overrides import dask_overrides
from apache_beam.runners.runner import PipelineResult, PipelineState
from distributed import Client

from kittiwake.errors import UnusableError
from kittiwake.pipelines.on_dask import translation

PARTS_A_THREAD: Final = 2
"""Of a collection behind a shuffle: so that a thread which is done early finds another part."""
_DONE: Final[str] = PipelineState.DONE


class DaskRunner(BeamsDaskRunner):
    """Runs a batch pipeline on a cluster of Dask, or on one of this machine that lives as long as the run."""

    def run_pipeline(self, pipeline: beam.Pipeline, options: PipelineOptions) -> PipelineResult:
        """Run it to its end.

        Raises:
            UnusableError: no cluster answers, or a step of the pipeline is not for Dask.
            Exception: as `translation.run`.
        """
        asked = options.view_as(DaskOptions).get_all_options(drop_default=True, current_only=True)
        parts = asked.pop("npartitions", None)
        if asked.pop("partition_size", None):
            raise UnusableError("--dask_partition_size: Dask knows no size of what is shuffled; say --dask_npartitions")
        pipeline.replace_all(dask_overrides())
        with _client(asked) as client:
            translation.run(pipeline, client, parts or PARTS_A_THREAD * sum(client.nthreads().values()))
        return _Finished(_DONE)


def _client(asked: dict[str, object]) -> Client:
    named = asked.get("address") or asked.get("scheduler_file")
    of_own = {} if named else {"dashboard_address": ":0"}  # beside another cluster its port would be taken
    try:
        return Client(**asked, **of_own)
    except OSError as error:
        raise UnusableError(f"--dask_client_address {asked.get('address')}: no scheduler answers ({error})") from error


class _Finished(PipelineResult):
    def wait_until_finish(self, duration: int | None = None) -> str:  # noqa: ARG002 - it has ended
        return _DONE

    def cancel(self) -> str:
        return _DONE

    def metrics(self) -> NoReturn:
        raise NotImplementedError("Dask's workers report no metrics of Beam")
