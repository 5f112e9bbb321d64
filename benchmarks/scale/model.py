"""From inputs and prices to workers, storage and money. Pure arithmetic; a month has thirty days.

CPU is computed twice. *Our code alone* is what our own Python takes on a runner that costs nothing: no job can take
less. *Over gRPC* is what an event with its timer firing took with Beam's Python on both sides of the connection: on
Dataflow one side is Google's, so a job should take less. What it takes there is between the two, and unmeasured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import ceil, sqrt
from typing import Final, NamedTuple

from benchmarks.scale.measured import LIMITS
from benchmarks.scale.prices import FREE_PUBSUB_BYTES, FREE_WRITE_BYTES, GIB, ROW_BYTES_MIN, TIB

DAYS: Final = 30
"""Of a month."""
DAY_S: Final = 86_400
GB: Final = 1e9
PUBSUB_EXTRA_BYTES: Final = 40
"""Of a message, for its id and publish time, which count too."""
SMALLEST, LARGEST, PRECISION = 1e-9, 1e21, 1e-4
"""Between which sizes a bound is looked for, and how exactly."""
ALONE: Final = "our code alone"
GRPC: Final = "over gRPC"

Values = Mapping[str, float]


class Cpu(NamedTuple):
    """CPU seconds a day by stage."""

    parse: float
    evaluate: float
    sinks: float

    @property
    def all_s(self) -> float:
        return self.parse + self.evaluate + self.sinks


class Workers(NamedTuple):
    """What such CPU asks for."""

    cpu: Cpu
    number: int
    """So many at the peak."""
    mean: int
    """So many at the mean rate: autoscaling ends between the two."""
    vcpu_hours: float
    """Of a month, of the number at the peak."""


class Traffic(NamedTuple):
    """What moves in a day, and what lies."""

    firings: float
    published_bytes: float
    delivered_bytes: float
    streamed_bytes: float
    """Through Streaming Engine: from the source, between steps, into state, to the sinks."""
    row_bytes: float
    state_bytes: float
    """That lies in state, of all contacts."""


class Line(NamedTuple):
    """A line of a month's bill."""

    what: str
    dollars: float
    price: str
    """By which it goes."""


class Strain(NamedTuple):
    """How near a bound is."""

    limit: str
    load: float
    share: float
    """Of the bound; beyond one it breaks."""
    reached_at: float
    """The most of this that it bears, all else as it is."""
    unit: str


def busiest_at_least(of: Values) -> float:
    """Events a second of the busiest contact, if all that come in a day sent as much as one another."""
    return of["events_per_day"] / DAY_S / max(1.0, of["contacts"] * of["active"])


def firings_a_day(of: Values) -> float:
    """Timer firings: of events, after visits, and of contacts that stay silent."""
    events = of["events_per_day"] * of["needed"] * of["firings"]
    visits = of["contacts"] * of["active"] * of["quiet_firings"]
    return events + visits + silent_firings_a_day(of)


def silent_firings_a_day(of: Values) -> float:
    """Of contacts that do not come: most ask whether the rules are the same, and write nothing."""
    return of["contacts"] * (1 - of["active"]) * of["silent_firings"]


def rows_a_day(of: Values) -> float:
    """What fires has a row in two tables."""
    return of["events_per_day"] * (of["decisions"] + of["triggers"])


def cpu_a_day(of: Values, over_grpc: bool) -> Cpu:
    """CPU seconds a day."""
    firing_us, silent = of["beam_us"] if over_grpc else of["firing_us"], silent_firings_a_day(of)
    evaluate_us = (firings_a_day(of) - silent) * firing_us
    evaluate_us += silent * (of["silent_beam_us"] if over_grpc else of["silent_us"])
    if not over_grpc:
        evaluate_us += of["events_per_day"] * of["needed"] * of["buffer_us"]  # over gRPC it is in the firing's
    rows = rows_a_day(of) * of["row_us"]
    sent = of["events_per_day"] * of["triggers"] * of["trigger_us"]
    return Cpu(of["events_per_day"] * of["parse_us"] / 1e6, evaluate_us / 1e6, (rows + sent) / 1e6)


def workers(of: Values, over_grpc: bool) -> Workers:
    """Workers for the peak, which are paid for all the time."""
    cpu = cpu_a_day(of, over_grpc)
    needed = cpu.all_s / DAY_S / of["utilisation"] / of["vcpus"]
    number = max(1, ceil(needed * of["peak"]))
    return Workers(cpu, number, max(1, ceil(needed)), number * of["vcpus"] * 24 * DAYS)


def traffic(of: Values) -> Traffic:
    """What moves in a day, and what lies."""
    events, firings, silent = of["events_per_day"], firings_a_day(of), silent_firings_a_day(of)
    messages = events * (of["message_bytes"] + PUBSUB_EXTRA_BYTES)
    triggers = events * of["triggers"] * (of["trigger_bytes"] + PUBSUB_EXTRA_BYTES)
    rows = rows_a_day(of) * of["row_bytes"]
    streamed = (
        events * of["message_bytes"]
        + events * of["needed"] * of["shuffled_bytes"]
        + (firings - silent) * of["written_bytes"]
        + silent * of["silent_bytes"]
        + events * of["triggers"] * of["trigger_bytes"]
        + rows
    )
    state = of["contacts"] * (of["active"] * of["state_bytes"] + (1 - of["active"]) * of["left_bytes"])
    return Traffic(firings, messages + triggers, messages + triggers, streamed, rows, state)


def bill(of: Values, price: Values, over_grpc: bool, storage_write: bool) -> list[Line]:
    """A month, without discounts."""
    moved, machines = traffic(of), workers(of, over_grpc)
    worker_hours = machines.number * 24 * DAYS
    pubsub = max(0.0, DAYS * (moved.published_bytes + moved.delivered_bytes) - FREE_PUBSUB_BYTES)
    rows = DAYS * rows_a_day(of)
    archive = of["events_per_day"] * of["message_bytes"] * of["archive_days"]
    if storage_write:
        tables = max(0.0, rows * of["row_bytes"] - FREE_WRITE_BYTES) / GIB * price["write_gib"]
    else:
        tables = rows * max(of["row_bytes"], ROW_BYTES_MIN) / GIB * price["insert_gib"]
    return [
        Line("vCPU of workers", machines.vcpu_hours * price["vcpu_hour"], "vcpu_hour"),
        Line("memory of workers", worker_hours * of["memory_gb"] * price["memory_gb_hour"], "memory_gb_hour"),
        Line("disks of workers", worker_hours * of["disk_gb"] * price["disk_gb_hour"], "disk_gb_hour"),
        Line("Streaming Engine", DAYS * moved.streamed_bytes / GB * price["streaming_gb"], "streaming_gb"),
        Line("Pub/Sub", pubsub / TIB * price["pubsub_tib"], "pubsub_tib"),
        Line("rows into BigQuery", tables, "write_gib" if storage_write else "insert_gib"),
        Line(
            "tables of BigQuery",
            moved.row_bytes * of["table_days"] / GIB * price["table_gib_month"],
            "table_gib_month",
        ),
        Line("archive of events", archive / GB * price["bucket_gb_month"], "bucket_gb_month"),
    ]


def strains(of: Values, over_grpc: bool) -> list[Strain]:
    """What breaks first, first."""
    found = [_strain(of, name, load, size, unit) for name, load, size, unit in _loads(over_grpc)]
    return sorted(found, key=lambda one: -one.share)


def _loads(over_grpc: bool) -> Iterator[tuple[str, Callable[[Values], float], str, str]]:
    """A bound, what goes against it, the input by which that grows, and its unit."""
    yield "workers", lambda of: float(workers(of, over_grpc).number), "events_per_day", "messages a day"
    yield "publish", _published_a_second, "events_per_day", "messages a day"
    yield "one_key", lambda of: _hot_cpu(of, over_grpc), "hot_per_s", "events a second of one contact"
    yield "corrections", _hot_bytes, "hot_per_s", "events a second of one contact"


def _strain(of: Values, limit: str, load: Callable[[Values], float], size: str, unit: str) -> Strain:
    bound = LIMITS[limit].value
    lowest, highest = SMALLEST, LARGEST
    while highest / lowest > 1 + PRECISION:
        middle = sqrt(lowest * highest)
        if load({**of, size: middle}) > bound:
            highest = middle
        else:
            lowest = middle
    return Strain(limit, load(of), load(of) / bound, lowest, unit)


def _published_a_second(of: Values) -> float:
    return of["events_per_day"] / DAY_S * of["peak"] * (of["message_bytes"] + PUBSUB_EXTRA_BYTES)


def _hot_bytes(of: Values) -> float:
    """What is kept of the busiest contact for corrections."""
    return of["hot_per_s"] * 3_600 * of["lateness_hours"] * of["hot_state_bytes"]


def _hot_cpu(of: Values, over_grpc: bool) -> float:
    """Of the busiest contact: events of a second share a firing, which moves all that is kept, up to its bound."""
    kept = min(_hot_bytes(of), LIMITS["corrections"].value)
    beam_us = of["beam_us"] if over_grpc else 0.0
    firing_us = beam_us + of["hot_firing_us"] * kept / of["hot_bytes"]
    return (min(1.0, of["hot_per_s"]) * firing_us + of["hot_per_s"] * of["hot_event_us"]) / 1e6
