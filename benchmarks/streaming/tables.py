"""What was found, as the tables of docs/explanation/benchmarks.md and docs/explanation/adr/0017."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from statistics import median

from benchmarks.rulesets import TWELVE
from benchmarks.streaming.names import (
    BARE,
    CLOCKED,
    HOST,
    IN_CELL,
    LEAN,
    NAIVE,
    ONE_TIMER,
    SLOTS,
    SPARING,
    SUBPROCESS,
    WARM_BURSTS,
)
from benchmarks.streaming.plan import Found, Group, Size

Compared = dict[Group, dict[str, Found]]

HOST_MAX, NAIVE_MIN = 1.3, 3.0
"""What is aimed at: the host without the kernel against the bare one, and the naive one against the host."""


def host_alone_us(found: dict[str, Found]) -> float:
    """What the host costs for an event, the kernel's own time taken off."""
    return found[HOST].cpu_us - found[CLOCKED].kernel_us


def targets(compared: Compared) -> str:
    """What is aimed at over gRPC, and whether it is met."""
    head = ["aim", "rules", "events a wake", "measured", "met"]
    return _table(head, (row for group in compared if _counts(group) for row in _aims(group, compared[group])))


def _counts(group: Group) -> bool:
    return group.runner == SUBPROCESS and not group.is_life


def _aims(group: Group, found: dict[str, Found]) -> Iterator[list[str]]:
    against_bare = host_alone_us(found) / found[BARE].cpu_us
    met = "yes" if against_bare <= HOST_MAX else "**no**"
    what = f"host without the kernel ≤ {HOST_MAX:g}× the bare one"
    yield [what, group.rules, str(group.events), f"{against_bare:.2f}×", met]
    if group.rules == TWELVE:
        for name in (NAIVE, SPARING):
            cheaper = found[name].cpu_us / found[HOST].cpu_us
            what = f"host at least {NAIVE_MIN:g}× cheaper than {name}"
            yield [what, group.rules, str(group.events), f"{cheaper:.2f}×", "yes" if cheaper >= NAIVE_MIN else "**no**"]


def by_dofn(compared: Compared, runner: str, is_life: bool) -> str:
    """Every DoFn of a runner."""
    head = ["rules", "events a wake", "DoFn", "µs an event", "µs a wake", "of that kernel", "without it / bare"]
    head += ["against host", "peak MB"]
    of = [group for group in compared if (group.runner, group.is_life) == (runner, is_life)]
    return _table(head, (row for group in of for row in _rows(group, compared[group])))


def _rows(group: Group, found: dict[str, Found]) -> Iterator[list[str]]:
    wakes = found[CLOCKED].wakes
    for name, one in found.items():
        if name == CLOCKED:
            continue
        is_host = name == HOST
        wakes_us = _number(one.cpu_us / wakes) if name in (HOST, BARE) else "–"
        yield [
            group.rules,
            str(group.events),
            f"**{name}**" if is_host else name,
            _number(one.cpu_us),
            wakes_us,
            _number(found[CLOCKED].kernel_us / wakes) if is_host else "–",
            f"{host_alone_us(found) / found[BARE].cpu_us:.2f}×" if is_host else "–",
            f"{one.cpu_us / found[HOST].cpu_us:.2f}×",
            _number(median(one.peaks_mb)),
        ]


def of_costs(found: dict[Size, dict[int, dict[str, Found]]]) -> str:
    """A steady stream over gRPC."""
    head = ["rules", "events a wake", "cache", "bare, µs a wake", "host, µs a wake", "of that kernel"]
    head += ["host / bare", "without kernel", "host, µs an event", "reads a wake", "appends and clears"]
    return _table(head, (_steady_row(size, mb, found[size]) for size in found for mb in found[size]))


def _steady_row(size: Size, cache_mb: int, found: dict[int, dict[str, Found]]) -> list[str]:
    bare, host, clocked = found[cache_mb][BARE], found[cache_mb][HOST], found[0][CLOCKED]
    kernel_us = clocked.kernel_us
    wakes = host.case.contacts * (host.case.bursts + WARM_BURSTS)
    written = host.count("appends") + host.count("clears")
    return [
        size.rules,
        str(size.events),
        f"{cache_mb} MB" if cache_mb else "off",
        *(_number(us * size.events) for us in (bare.cpu_us, host.cpu_us, kernel_us)),
        f"{host.cpu_us / bare.cpu_us:.2f}×",
        f"{(host.cpu_us - kernel_us) / bare.cpu_us:.2f}×",
        _number(host.cpu_us),
        _number(host.count("reads") / wakes, 2),
        _number(written / wakes, 1),
    ]


def cells(compared: Compared) -> str:
    """The bytes of a contact's cell."""
    of = [group for group in compared if group.runner == LEAN]
    rows = (
        [
            group.rules,
            str(group.events),
            str(found[HOST].case.bursts) + (" and what falls due" if group.is_life else ""),
            f"{found[HOST].count('cell_bytes') // found[HOST].count('cells'):,}",
            f"{found[HOST].count('cell_bytes_max'):,}",
        ]
        for group in of
        for found in [compared[group]]
    )
    return _table(["rules", "events a wake", "bursts", "bytes, mean", "bytes, most"], rows)


def of_layouts(found: dict[tuple[str, str, int], Found]) -> str:
    """What each way of keeping and waking costs."""
    numbers = sorted({number for _, _, number in found})
    names = (SLOTS, ONE_TIMER, IN_CELL)

    def rows() -> Iterator[list[str]]:
        for number in numbers:
            for name in names:
                lean, grpc = found.get((LEAN, name, number)), found.get((SUBPROCESS, name, number))
                if lean is not None:
                    moved = [lean.count(what) / lean.all_events for what in ("bytes_read", "bytes_written")]
                    fired = lean.count("fired") / lean.all_events
                    yield [f"{number:,}", name, _number(lean.cpu_us, 1), _number(grpc and grpc.cpu_us), f"{fired:.2f}",
                           *map(_number, moved)]  # fmt: skip

    head = ["events that wait", "layout", "µs an event, lean", "µs an event, subprocess", "wakes an event"]
    return _table([*head, "bytes read an event", "bytes written an event"], rows())


def of_catching_up(found: dict[int, Found]) -> str:
    """What n events of one contact cost."""
    rows = (
        [
            f"{number:,}",
            f"{one.middle(lambda result: result.cpu_us) / 1e6:.2f}",
            _number(one.cpu_us, 1),
            _number(one.cpu_us - one.kernel_us, 1),
            f"{one.count('elements_read') / number:.1f}",
            f"{one.count('cell_bytes_max'):,}",
        ]
        for number, one in found.items()
    )
    head = [
        "events of one contact",
        "CPU s",
        "µs an event",
        "without the kernel",
        "read, times each",
        "cell, most bytes",
    ]
    return _table(head, rows)


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    marks = ["---"] + ["--:"] * (len(head) - 1)
    return "".join(f"| {' | '.join(row)} |\n" for row in [head, marks, *rows])


def _number(value: float | None, digits: int = 0) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"
