"""The results as one picture: cost by tool, by number of events, by number of rules. Needs matplotlib."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from benchmarks.cases import CASES, Case
from benchmarks.findings import Results
from benchmarks.rulesets import ABSENT, ONE, PRESENT

OURS: Final = "#0b6e99"
THEIRS: Final = "#9aa5ab"


def draw(results: Results, path: Path) -> None:
    """Write the PNG."""
    import matplotlib as mpl  # noqa: PLC0415 (bench extra, and large: the runner must stay small)

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, (tools, events, rules) = plt.subplots(1, 3, figsize=(15, 5), layout="constrained")
    _tools(tools, results)
    _events(events, results)
    _rules(rules, results)
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)


def _plain(label: str) -> str:
    return label.replace("*", "")


def _one_rule() -> list[Case]:
    return [case for case in CASES if case.rules == ONE]


def _tools(axes: Any, results: Results) -> None:
    size = results.sizes[-1]
    known = [(case, cpu) for case in _one_rule() if (cpu := results.cpu(case.name, size)) is not None]
    costs = [cpu / size * 1_000_000 for _, cpu in known]
    colours = [OURS if case.is_ours else THEIRS for case, _ in known]
    bars = axes.barh([_plain(case.label) for case, _ in known], costs, color=colours)
    axes.bar_label(bars, fmt="%.2f", padding=3)
    axes.invert_yaxis()
    axes.margins(x=0.18)
    axes.set_title(f"One rule, {size:,} events")
    axes.set_xlabel("CPU seconds per million events")


def _events(axes: Any, results: Results) -> None:
    for case in _one_rule():
        points = [(size, cpu) for size in results.sizes if (cpu := results.cpu(case.name, size)) is not None]
        if points:
            width = 2.4 if case.is_ours else 1.2
            axes.plot(*zip(*points, strict=True), marker="o", linewidth=width, label=_plain(case.label))
    axes.set(xscale="log", yscale="log", xlabel="events", ylabel="CPU seconds", title="One rule, growth with events")
    axes.set_xticks(results.sizes, [f"{size / 1_000_000:g} M" for size in results.sizes])
    axes.minorticks_off()
    axes.legend(fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2)
    axes.grid(visible=True, alpha=0.3)


def _rules(axes: Any, results: Results) -> None:
    size = results.rules_events
    for kind, label in ((ABSENT, "no event of their types"), (PRESENT, "all read the same events")):
        points = sorted(
            (_rules_of(case), cpu)
            for case in CASES
            if case.tool == "replay" and (case.rules == ONE or case.rules.startswith(kind))
            if (cpu := results.cpu(case.name, size)) is not None
        )
        if points:
            axes.plot(*zip(*points, strict=True), marker="o", label=label)
    axes.set(xlabel="rules", ylabel="CPU seconds", title=f"replay, {size:,} events, growth with rules")
    axes.set_ylim(bottom=0)
    axes.legend(fontsize="small")
    axes.grid(visible=True, alpha=0.3)


def _rules_of(case: Case) -> int:
    """How many rules there are."""
    number = re.search(r"\d+", case.rules)
    if number is None:
        return 1
    return int(number[0]) + case.rules.startswith(ABSENT)
