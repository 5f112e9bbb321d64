"""What Google's services cost, in US dollars, with where each price was read and when.

None could be asked of Google here: **check before use**. Every price has an option of the calculator.
"""

from __future__ import annotations

from typing import Final, NamedTuple

REGION: Final = "us-central1"
GIB: Final = 2**30
TIB: Final = 2**40

_BEAM: Final = "Apache Beam 2.77.0, apache_beam/testing/load_tests/dataflow_cost_consts.py, which is of us-central1"
_NOPS: Final = "help.nops.io, on BigQuery's two ways to take rows"
_GIST: Final = "gist.github.com/bindiego/d84d5b4824d3a84055fd368c8cc8445f, of 2023"
_READ: Final = "2026-11-30"
"""When the sources were read. Stored pages have no date of their own."""


class Price(NamedTuple):
    """A price and where it is from."""

    dollars: float
    unit: str
    source: str
    read: str = _READ


PRICES: Final[dict[str, Price]] = {
    "vcpu_hour": Price(0.069, "vCPU and hour of a streaming worker", _BEAM),
    "memory_gb_hour": Price(0.0035557, "GB and hour of a streaming worker", _BEAM),
    "disk_gb_hour": Price(0.000054, "GB and hour of a worker's disk", _BEAM),
    "streaming_gb": Price(0.018, "GB that Streaming Engine processes", _BEAM),
    "pubsub_tib": Price(40.0, "TiB published, and TiB delivered", "a copy of cloud.google.com/pubsub/pricing"),
    "insert_gib": Price(
        0.05, "GiB by streaming inserts", _NOPS
    ),
    "write_gib": Price(0.025, "GiB by the Storage Write API", _NOPS),
    "table_gib_month": Price(0.02, "GiB and month in tables", _GIST),
    "bucket_gb_month": Price(0.02, "GB and month in a bucket", "a copy of cloud.google.com/storage/pricing-examples"),
}  # fmt: skip

FREE_PUBSUB_BYTES: Final = 10 * GIB
FREE_WRITE_BYTES: Final = 2 * TIB
"""Of a month and billing account, by the same sources."""
ROW_BYTES_MIN: Final = 1_000
"""As which a smaller row counts in streaming inserts."""
