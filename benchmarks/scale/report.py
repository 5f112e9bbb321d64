"""What the calculator says, as Markdown, so that it can be pasted."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Final

from benchmarks.scale.measured import ASSUMED, INPUTS, LIMITS
from benchmarks.scale.model import ALONE, DAY_S, GB, GRPC, Values, bill, strains, traffic, workers
from benchmarks.scale.prices import PRICES, REGION

UNMEASURED: Final = (
    "what a timer firing costs on Dataflow, where the other end of gRPC is Google's: between the two columns",
    "what Streaming Engine counts: here messages, what passes between steps, what goes into state, and what leaves",
    "jobs that are billed by Compute Units of Streaming Engine instead of bytes",
    "whether Google bills the bytes that lie in state, and a bound on timers or keys of a job: none was found",
    "how close autoscaling comes to what is needed: here workers for the peak are paid for all the time",
    "network between regions, logs, monitoring, discounts, taxes",
)


def report(of: Values, prices: Values, given: AbstractSet[str], *, storage_write: bool) -> Iterator[str]:
    """All lines."""
    yield f"{of['events_per_day']:,.0f} messages a day, {of['contacts']:,.0f} contacts"
    yield ""
    yield from _workers(of)
    yield ""
    yield from _traffic(of)
    yield ""
    yield from _bill(of, prices, given, storage_write)
    yield ""
    yield from _strains(of)
    yield ""
    yield from _sources(given)


def _workers(of: Values) -> Iterator[str]:
    alone, grpc = (workers(of, over_grpc) for over_grpc in (False, True))
    yield f"| CPU seconds a second, at the mean rate | {ALONE} | {GRPC} |"
    yield "|---|--:|--:|"
    for stage in alone.cpu._fields:
        yield f"| {stage} | {getattr(alone.cpu, stage) / DAY_S:,.1f} | {getattr(grpc.cpu, stage) / DAY_S:,.1f} |"
    yield f"| workers of {of['vcpus']:g} vCPUs, mean | {alone.mean:,} | {grpc.mean:,} |"
    yield f"| workers, peak | {alone.number:,} | {grpc.number:,} |"


def _traffic(of: Values) -> Iterator[str]:
    moved = traffic(of)
    yield "| a day | |"
    yield "|---|--:|"
    yield f"| timer firings | {moved.firings:,.0f} |"
    yield f"| timer firings a second, peak | {moved.firings / DAY_S * of['peak']:,.0f} |"
    yield f"| published, and as much delivered | {moved.published_bytes / GB:,.1f} GB |"
    yield f"| through Streaming Engine | {moved.streamed_bytes / GB:,.1f} GB |"
    yield f"| rows | {moved.row_bytes / GB:,.1f} GB |"
    yield f"| kept in state | {moved.state_bytes / GB:,.1f} GB |"


def _bill(of: Values, prices: Values, given: AbstractSet[str], storage_write: bool) -> Iterator[str]:
    alone, grpc = (bill(of, prices, over_grpc, storage_write) for over_grpc in (False, True))
    yield f"| dollars a month, {REGION}, **check before use** | {ALONE} | {GRPC} | price |"
    yield "|---|--:|--:|---|"
    for one, other in zip(alone, grpc, strict=True):
        price = "given" if one.price in given else f"${PRICES[one.price].dollars:g} a {PRICES[one.price].unit}"
        yield f"| {one.what} | {one.dollars:,.0f} | {other.dollars:,.0f} | {price} |"
    sums = [sum(line.dollars for line in lines) for lines in (alone, grpc)]
    yield f"| all | {sums[0]:,.0f} | {sums[1]:,.0f} | |"
    million = 30 * of["events_per_day"] / 1e6
    yield f"| a million messages | {sums[0] / million:,.2f} | {sums[1] / million:,.2f} | |"


def _strains(of: Values) -> Iterator[str]:
    yield "What breaks first, by what was measured over gRPC:"
    yield ""
    yield "| bound | load at the peak | of it | reached at | then |"
    yield "|--:|--:|--:|--:|---|"
    for one in strains(of, over_grpc=True):
        limit = LIMITS[one.limit]
        at = f"{one.reached_at:,.3g} {one.unit}"
        yield f"| {limit.value:,.4g} {limit.what} | {one.load:,.4g} | {one.share:.2%} | {at} | {limit.then} |"


def _sources(given: AbstractSet[str]) -> Iterator[str]:
    assumed = [name for name, one in INPUTS.items() if one.source == ASSUMED and name not in given]
    yield "Not measured:"
    yield ""
    if assumed:
        yield f"- assumed, for want of a better number: {', '.join(f'`--{name}`' for name in assumed)}"
    for one in UNMEASURED:
        yield f"- {one}"
    yield ""
    yield "Sources of the prices:"
    yield ""
    for source, read in dict.fromkeys((one.source, one.read) for one in PRICES.values()):
        yield f"- {source}; read {read}"
