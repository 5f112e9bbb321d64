"""`python -m benchmarks.streaming`: measures, and writes its tables to `out/bench/streaming.md`."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks import machine
from benchmarks.rulesets import ONE, TWELVE
from benchmarks.streaming.names import RUNNERS, TWO_HUNDRED
from benchmarks.streaming.plan import BURSTS, ROOT, Plan, catching_up, compare, costs, groups, layouts
from benchmarks.streaming.tables import by_dofn, cells, of_catching_up, of_costs, of_layouts, targets

QUICK_SHARE, QUICK_REPEATS = 0.2, 1
PARTS = ("costs", "hosts", "layouts", "catching up")


def main() -> None:
    """Run what is asked for."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.streaming", description=__doc__)
    asked.add_argument("--quick", action="store_true", help="a fifth of the contacts, once: minutes, and rough")
    asked.add_argument("--share", type=float, default=1.0, help="of the contacts (1)")
    asked.add_argument("--repeats", type=int, default=3, help="runs of each case, of which the median counts (3)")
    asked.add_argument("--runners", default=";".join(RUNNERS), help=f"({'; '.join(RUNNERS)})")
    asked.add_argument("--rules", default=f"{ONE};{TWELVE};{TWO_HUNDRED}", help="rule sets (all)")
    asked.add_argument("--events", default=";".join(map(str, BURSTS)), help="that share a timer firing (1; 5; 20)")
    asked.add_argument("--parts", default=";".join(PARTS), help=f"({'; '.join(PARTS)})")
    asked.add_argument("--cache", type=Path, default=Path("out/bench"), help="where to work and to write (out/bench)")
    flags = asked.parse_args()
    flags.cache.mkdir(parents=True, exist_ok=True)
    share, repeats = (QUICK_SHARE, QUICK_REPEATS) if flags.quick else (flags.share, flags.repeats)
    runners, rules, events = flags.runners.split(";"), flags.rules.split(";"), map(int, flags.events.split(";"))
    text = report(Plan(share, repeats, runners, rules, [*events], flags.cache, _say), flags.parts.split(";"))
    (flags.cache / "streaming.md").write_text(text, encoding="utf-8")
    print(text)


def _say(line: str) -> None:
    print(line, flush=True)


def report(plan: Plan, parts: list[str]) -> str:
    """Run the parts of a plan; their tables."""
    facts = machine.facts(ROOT)
    found = []
    if "costs" in parts:
        found.append(("A steady stream, over gRPC", of_costs(costs(plan))))
    if "hosts" in parts:
        compared = {group: compare(plan, group) for group in groups(plan)}
        found += [("Targets, over gRPC", targets(compared))]
        for runner in plan.runners:
            found.append((f"A burst and its wake, {runner}", by_dofn(compared, runner, is_life=False)))
            found.append((f"A contact's life, {runner}", by_dofn(compared, runner, is_life=True)))
        found.append(("State bytes of a contact", cells(compared)))
    if "layouts" in parts:
        found.append(("Layouts", of_layouts(layouts(plan))))
    if "catching up" in parts:
        found.append(("Catching up two hours", of_catching_up(catching_up(plan))))
    head = (
        f"{facts['date']}: {facts['cpu']}, {facts['cores']} cores, Python {facts['python']}, Kittiwake at "
        f"{facts['commit']}, apache-beam {facts['packages'].get('apache-beam')}. Medians of {plan.repeats}, "
        f"load of the machine before {facts['load_before']}, after {machine.load()}.\n"
    )
    return "\n".join([head, *(f"{title}:\n\n{table}" for title, table in found)])


if __name__ == "__main__":
    main()
