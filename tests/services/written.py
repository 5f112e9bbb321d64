"""A job that knows nothing of emulators: writes rows (JSON, second argument) to a table (first). Run by test_beam."""

from __future__ import annotations

import json
import sys

import apache_beam as beam
from apache_beam.io.gcp.bigquery_tools import RetryStrategy
from apache_beam.options.pipeline_options import PipelineOptions


def main(table: str, rows: str) -> None:
    with beam.Pipeline(
        runner="apache_beam.runners.portability.fn_api_runner.FnApiRunner", options=PipelineOptions([])
    ) as pipeline:
        _ = (
            pipeline
            | beam.Create(json.loads(rows))
            | beam.io.WriteToBigQuery(
                table,
                method=beam.io.WriteToBigQuery.Method.STREAMING_INSERTS,
                create_disposition=beam.io.BigQueryDisposition.CREATE_NEVER,
                insert_retry_strategy=RetryStrategy.RETRY_ON_TRANSIENT_ERROR,
            )
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
