"""The results as a page's section: what was measured, what was aimed at, how it grows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.cases import CASES, Case
from benchmarks.findings import Results, verdict
from benchmarks.targets import TARGETS

_VERDICTS = {"right": "equal", "wrong": "**wrong**", "failed": "**failed**", "unchecked": "not compared"}


def render(results: Results, picture: str | None) -> str:
    """Markdown; `picture` is where the plot stands, seen from the page, if there is one."""
    parts = [_machine(results.machine, results), _targets(results)]
    parts += [_size(results, size) for size in reversed(results.sizes)]
    parts += [_growth(results), _growth_of_rules(results)]
    if picture is not None:
        parts.append(f"![CPU seconds by tool, by number of events and by number of rules]({picture})\n")
    if results.skipped:
        parts.append("Not run: " + "; ".join(f"{name} ({why})" for name, why in results.skipped.items()) + ".\n")
    return "\n".join(part for part in parts if part)


def _table(head: list[str], rows: Iterator[list[str]]) -> str:
    marks = ["---"] + ["--:"] * (len(head) - 1)
    return "".join(f"| {' | '.join(row)} |\n" for row in [head, marks, *rows])


def _number(value: float | None, digits: int = 2, unit: str = "") -> str:
    return "–" if value is None else f"{value:,.{digits}f}{unit}"


def _machine(machine: dict[str, Any], results: Results) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    repeats = 1 + max((run.repeat for run in results.runs), default=0)
    return (
        f"{machine['date']}: {machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB, "
        f"{machine['system']}, Python {machine['python']}, Kittiwake {machine['kittiwake']} at {machine['commit']}; "
        f"{packages}. Medians of {repeats}, seed {results.seed}, "
        f"load of the machine before {machine['load_before']}, after {machine['load_after']}.\n"
    )


def _targets(results: Results) -> str:
    def rows() -> Iterator[list[str]]:
        for target in TARGETS:
            value = target.measure(results)
            met = "–" if value is None else "yes" if value <= target.bound else "**no**"
            digits = 0 if target.unit == " MB" else 2
            yield [target.text, f"≤ {target.bound:g}{target.unit}", _number(value, digits, target.unit), met]

    return _table(["target", "aim", "measured", "met"], rows())


def _size(results: Results, size: int) -> str:
    head = ["tool", "wall s", "CPU s", "CPU s / M events", "CPU against (a)", "peak MB", "triggers", "result"]
    rows = (_row(results, case, size) for case in CASES if results.of(case.name, size) and not case.grows)
    return f"{size:,} events, {results.data[str(size)]['bytes'] / 1e6:,.0f} MB:\n\n{_table(head, rows)}"


def _row(results: Results, case: Case, size: int) -> list[str]:
    cpu = results.cpu(case.name, size)
    fired = results.of(case.name, size)[0].fired
    return [
        case.label,
        _number(results.middle(case.name, size, "wall_s")),
        _number(cpu),
        _number(None if cpu is None else cpu / size * 1_000_000),
        _number(results.ratio(case.name, size), unit="×"),
        _memory(results, case, size),
        "–" if fired is None else f"{fired.triggers:,}",
        _VERDICTS[verdict(results, case.name, size)],
    ]


def _memory(results: Results, case: Case, size: int) -> str:
    """The largest process; where there were several, their sum too."""
    peak = _number(results.middle(case.name, size, "peak_mb"), 0)
    if max(run.processes for run in results.of(case.name, size)) == 1:
        return peak
    return f"{peak} (sum {_number(results.middle(case.name, size, 'peak_sum_mb'), 0)})"


def _growth(results: Results) -> str:
    """What each further million costs, start-up left out: between the smallest and the largest size."""
    sizes = results.sizes
    if len(sizes) < 2:
        return ""

    def rows() -> Iterator[list[str]]:
        for case in CASES:
            costs = [results.cpu(case.name, size) for size in sizes]
            known = [(size, cost) for size, cost in zip(sizes, costs, strict=True) if cost is not None]
            if len(known) >= 2:
                (small, least), (large, most) = known[0], known[-1]
                more = (most - least) / (large - small) * 1_000_000
                yield [case.label, *(_number(cost) for cost in costs), _number(more)]

    head = ["CPU s", *(f"{size:,}" for size in sizes), "each further million"]
    return f"Growth with the number of events:\n\n{_table(head, rows())}"


def _growth_of_rules(results: Results) -> str:
    """What more rules cost `kittiwake replay`."""
    size = results.rules_events

    def rows() -> Iterator[list[str]]:
        for case in CASES:
            cpu = results.cpu(case.name, size)
            if case.tool == "replay" and cpu is not None:
                against = _number(results.ratio(case.name, size, to="replay"), unit="×")
                fired = results.of(case.name, size)[0].fired
                yield [case.label, _number(cpu), against, "–" if fired is None else f"{fired.triggers:,}"]

    if not any(case.grows and results.of(case.name, size) for case in CASES):
        return ""
    table = _table(["rules", "CPU s", "against one rule", "triggers"], rows())
    return f"Growth with the number of rules, {size:,} events:\n\n{table}"
