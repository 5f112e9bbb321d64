"""The report of a run, for whoever wants to know whether the job works on Dataflow: JSON, and the same as a page.

It names no project, no bucket, no account and no person: the contacts are the shop's, which are made up.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import kittiwake
from templates.smoke.journal import Done, Journal, Outcome
from templates.smoke.steps import ADVICE, STEPS

SEND_TO: Final = "an issue of Kittiwake's repository"


def report_of(journal: Journal, left: list[str]) -> dict[str, Any]:
    """What is to be said of a run; `left` is what could not be deleted."""
    settings = journal.settings
    hide = settings.hide_names
    return {
        "run": settings.run_id,
        "passed": passed(journal),
        "versions": {
            "kittiwake": kittiwake.__version__,
            "beam": version("apache-beam"),
            "python": platform.python_version(),
            "template": settings.template.rpartition("/")[2],
        },
        "region": settings.region,
        "endpoint": "Dataflow" if settings.dataflow_endpoint is None else "another",
        "events": settings.events,
        "private_workers": settings.subnetwork is not None,
        "steps": [_step(one, hide) for one in journal.steps],
        "not_begun": [one.name for one in STEPS if one.name not in {done.name for done in journal.steps}],
        "jobs": journal.jobs,
        "used": journal.facts.get("used", {}),
        "differences": journal.facts.get("differences", []),
        "left": [hide(one) for one in left],
    }


def passed(journal: Journal) -> bool:
    """Whether every step is done."""
    return all(journal.done(step.name) for step in STEPS)


def _step(done: Done, hide: Any) -> dict[str, Any]:
    found = {**done.__dict__, "seconds": round(done.seconds, 1)}
    if done.problem is not None:
        found |= {"problem": hide(done.problem), "advice": ADVICE[done.name]}
    return found


def write_report(report: dict[str, Any], folder: Path) -> list[Path]:
    """Both files."""
    data, page = folder / "report.json", folder / "report.md"
    data.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    page.write_text("\n".join(lines(report)) + "\n", encoding="utf-8")
    return [data, page]


def lines(report: dict[str, Any]) -> Iterator[str]:
    """The page."""
    yield f"# Smoke run {report['run']}: {'passed' if report['passed'] else 'not passed'}"
    yield ""
    said = ", ".join(f"{name} {value}" for name, value in report["versions"].items())
    where = report["region"] if report["endpoint"] == "Dataflow" else "another endpoint than Dataflow's"
    yield f"{said}; {where}; {report['events']:,} events."
    yield from ("", "| step | outcome | seconds | found |", "|---|---|--:|---|")
    for step in report["steps"]:
        found = ", ".join(f"{name} {value}" for name, value in step["found"].items())
        yield f"| {step['name']} | {step['outcome']} | {step['seconds']} | {found} |"
    for step in report["steps"]:
        if step["outcome"] != Outcome.DONE:
            yield from ("", f"**{step['name']} {step['outcome']}.** {step.get('problem') or ''}".rstrip())
            yield from ("", step.get("advice", ADVICE[step["name"]]))
    yield from _tables(report)
    yield from ("", f"Send `report.json` and this page back by {SEND_TO}; they name neither project nor account.")


def _tables(report: dict[str, Any]) -> Iterator[str]:
    if report["used"]:
        yield from ("", "| job | used | |", "|---|---|--:|")
        for job, numbers in report["used"].items():
            yield from (f"| {job} | {name} | {number:,.0f} |" for name, number in numbers.items())
    if report["differences"]:
        yield from ("", "| row | rule | contact | replay | stream | columns |", "|---|---|---|---|---|---|")
        for one in report["differences"]:
            cells = (one["trigger_id"], one["rule_id"], one["contact_id"], one["replay"] or "nothing")
            yield f"| {' | '.join(cells)} | {one['stream'] or 'nothing'} | {', '.join(one['columns'])} |"
    if report["left"]:
        yield from ("", "Left, and to be deleted by hand:", "", *(f"- {one}" for one in report["left"]))
