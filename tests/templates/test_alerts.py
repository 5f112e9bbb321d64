"""Every alert fires over a history that is not well, and none over one that is; Prometheus itself evaluates them.

The series are shaped as Dataflow's are believed to be: gauges that grow for as long as a job lives, one for each step,
which begin with the first count. What Cloud Monitoring makes of the same queries only it can show.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kittiwake.stream.volumes import LAST_DAY, USUAL_DAY
from templates.monitoring.alerts import ALERTS
from templates.monitoring.queries import USER_COUNTER

NAMES = {"job": "kittiwake", "subscription": "kittiwake-events", "topic": "kittiwake-triggers"}
MINUTES = 5 * 60
BROKEN_AT = 3 * 60
"""From then on something is wrong; what looks back an hour has two to look back to."""
JOB = "2026-11-30_01"

Series = dict[str, str]
"""Values a minute, in promtool's notation, by the series."""


def of_job(name: str, job: str = JOB, step: str = "Parse") -> str:
    labels = {"__name__": USER_COUNTER, "job_name": "kittiwake", "job_id": job, "ptransform": step, "metric_name": name}
    return _series(labels)


def of_service(name: str, **labels: str) -> str:
    return _series({"__name__": name, **labels})


def _series(labels: Mapping[str, str]) -> str:
    return "{" + ",".join(f"{name}={json.dumps(value)}" for name, value in labels.items()) + "}"


AGE = of_service("dataflow.googleapis.com/job/data_watermark_age", job_name="kittiwake", job_id=JOB)
OLDEST = of_service("pubsub.googleapis.com/subscription/oldest_unacked_message_age", subscription_id="kittiwake-events")
FAILED_REQUESTS = of_service(
    "pubsub.googleapis.com/topic/send_request_count",
    topic_id="kittiwake-triggers",
    response_class="unavailable",
)


def log_lines(event: str) -> str:
    name = "logging.googleapis.com/user/kittiwake-log-events"
    return of_service(name, monitored_resource="dataflow_step", event=event)


def by_rule(metric: str, rule_id: str) -> str:
    return of_service(metric, job_name="kittiwake", account_id="acme", rule_id=rule_id)


WELL: Series = {
    by_rule(LAST_DAY, "cart"): f"2500x{MINUTES}",
    by_rule(USUAL_DAY, "cart"): f"1000x{MINUTES}",
    by_rule(LAST_DAY, "win-back"): f"300x{MINUTES}",
    by_rule(USUAL_DAY, "win-back"): f"310x{MINUTES}",
    # far more than usual, and few all the same; and a new rule
    by_rule(LAST_DAY, "rare"): f"90x{MINUTES}",
    by_rule(USUAL_DAY, "rare"): f"2x{MINUTES}",
    by_rule(LAST_DAY, "new"): f"5000x{MINUTES}",
    AGE: f"12x{MINUTES}",
    OLDEST: f"3x{MINUTES}",
    of_service(
        "pubsub.googleapis.com/topic/send_request_count", topic_id="kittiwake-triggers", response_class="success"
    ): f"0+10x{MINUTES}",
    log_lines("rules_read"): f"0+1x{MINUTES}",
    of_job("events_in"): f"1000+1000x{MINUTES}",
    of_job("extra_events"): f"1+1x{MINUTES}",
    of_job("unneeded"): f"900+900x{MINUTES}",
    of_job("unknown_accounts"): f"1+1x{MINUTES}",
    of_job("dead_letters"): f"2+2x{MINUTES}",
    of_job("dead_letters_not_json"): f"1+1x{MINUTES}",
    of_job("dead_letters_row_refused", step="Refused"): f"1+1x{MINUTES}",
    of_job("corrected", step="Evaluate"): f"1+1x{MINUTES}",
    of_job("decisions_fired", step="Evaluate"): f"10+10x{MINUTES}",
    of_job("decisions_suppressed", step="Evaluate"): f"30+30x{MINUTES}",
    of_job("triggers_sent", step="Messages"): f"10+10x{MINUTES}",
    # as after an unfreeze, long ago
    of_job("decisions_slow", step="Evaluate"): f"500x{MINUTES}",
    of_job("contacts_failed", step="Evaluate"): f"3x{MINUTES}",
}
REST = MINUTES - BROKEN_AT
TWO_DAYS: Series = {AGE: f"12x{48 * 60}", of_job("events_in"): f"1+1x{48 * 60}"}
FIRES = of_job("decisions_fired", step="Evaluate")


def from_then(each: int) -> str:
    """Nothing, not even a series, until something is wrong."""
    return f"_x{BROKEN_AT} {each}+{each}x{REST}"


def stops(each: int) -> str:
    return f"{each}+{each}x{BROKEN_AT} {each * BROKEN_AT}x{REST}"


INTAKE = [name for name in WELL if '"Parse"' in name or '"Refused"' in name]
UNWELL: dict[str, Series] = {
    "job_down": {AGE: f"12x{BROKEN_AT} stale"},
    "watermark_old": {AGE: f"12x{BROKEN_AT} 60+60x{REST}"},
    "backlog_old": {OLDEST: f"3x{BROKEN_AT} 60+60x{REST}"},
    "nothing_comes_in": {name: stops(int(WELL[name].partition("+")[0])) for name in INTAKE},
    "decisions_slow": {of_job("decisions_slow", step="Evaluate"): f"500x{BROKEN_AT} 520+20x{REST}"},
    "triggers_slow": {of_job("triggers_slow", step="Messages"): from_then(2)},
    "dead_letters": {of_job("dead_letters_too_deep"): from_then(50)},
    "unknown_accounts": {of_job("unknown_accounts"): f"1+1x{BROKEN_AT} 2000+300x{REST}"},
    "conflicts": {of_job("conflicts", step="Evaluate"): from_then(5)},
    "corrected": {of_job("corrected", step="Evaluate"): f"1+1x{BROKEN_AT} 1700+200x{REST}"},
    "too_late": {of_job("too_late", step="Evaluate"): from_then(5)},
    "revoked": {of_job("decisions_revoked", step="Evaluate"): from_then(2)},
    "rules_old": {of_job("bundles_rules_old"): from_then(7)},
    "rules_unreadable": {of_job("rules_unreadable"): from_then(2)},
    "frozen": {of_job("bundles_frozen", step="Evaluate"): from_then(60)},
    "publish_failures": {FAILED_REQUESTS: f"0x{BROKEN_AT} 1+1x{REST}"},
    "rule_volume": {by_rule(LAST_DAY, "win-back"): f"300x{BROKEN_AT} 90x{REST}"},
    "log_rules_too_soon": {log_lines("rules_too_soon"): f"0x{BROKEN_AT} 1+1x{REST}"},
    "log_types_awaited": {log_lines("types_awaited"): f"0x{BROKEN_AT} 1+1x{REST}"},
}
_ANY = [alert for alert in ALERTS if alert.name not in UNWELL and alert.name != "nothing_fires"]
AT_ONCE = 5
"""Minutes after which an alert of any count is there."""


def case(history: Series, minute: int, firing: set[str]) -> dict[str, Any]:
    """A test of promtool's: what there is, and which alerts fire then."""
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in history.items()],
        "promql_expr_test": [
            {
                "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                "eval_time": f"{minute}m",
                "exp_samples": [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in sorted(firing)],
            }
        ],
    }


def cases() -> list[dict[str, Any]]:
    """One that is well, at two times; one for each alert; and an update, by which every counter begins anew."""
    found = [case(WELL, minute, set()) for minute in (BROKEN_AT, MINUTES)]
    # All counts that should not be, at once, each a single time.
    once = {of_job(alert.name, step="Evaluate"): f"_x{BROKEN_AT} 1x{REST}" for alert in _ANY}
    found.append(case(WELL | once, BROKEN_AT + AT_ONCE, {alert.name for alert in _ANY}))
    found += [case(WELL | wrong, MINUTES - 1, {name}) for name, wrong in UNWELL.items()]
    ended = {name: f"{values.removesuffix(f'x{MINUTES}')}x{BROKEN_AT} stale" for name, values in WELL.items()}
    begun = {
        name.replace(JOB, "2026-11-30_02"): f"_x{BROKEN_AT} {values.removesuffix(f'x{MINUTES}')}x{REST}"
        for name, values in WELL.items()
        if JOB in name and "_failed" not in name and "_slow" not in name
    }
    services = {name: values for name, values in WELL.items() if JOB not in name}
    found.append(case(ended | begun | services, BROKEN_AT + 20, set()))
    return found


def slow_cases() -> list[dict[str, Any]]:
    """Of the alert that looks back a day."""
    stopped = {FIRES: f"1+1x{10 * 60} 600x{38 * 60}"}
    return [
        case(TWO_DAYS | stopped, 33 * 60, set()),
        case(TWO_DAYS | stopped, 42 * 60, {"nothing_fires"}),
        case(TWO_DAYS, 7 * 60, {"nothing_fires"}),
    ]


def test_every_alert_has_a_history_in_which_it_fires() -> None:
    counts = {alert.name for alert in _ANY if alert.when == "any in 10 minutes"}
    assert {*UNWELL, "nothing_fires"} | counts == {alert.name for alert in ALERTS}


@pytest.mark.nightly
@pytest.mark.timeout(1_800)  # a minute of one core, on a busy machine many
@pytest.mark.parametrize(
    ("names", "played"),
    [(None, cases()), ({"nothing_fires"}, slow_cases())],
    ids=["hours", "days"],
)
def test_each_alert_fires_when_something_is_wrong_and_none_when_all_is_well(
    names: set[str] | None, played: list[dict[str, Any]], tmp_path: Path
) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("no promtool is here: it comes with Debian's package prometheus")
    rules = [
        {"alert": alert.name, "expr": _filled_in(alert.query), "for": f"{alert.for_s}s"}
        for alert in ALERTS
        if names is None or alert.name in names
    ]
    (tmp_path / "rules.yaml").write_text(json.dumps({"groups": [{"name": "all", "rules": rules}]}))
    tests = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": played}
    (tmp_path / "tests.yaml").write_text(json.dumps(tests))
    command = [promtool, "test", "rules", tmp_path / "tests.yaml"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def _filled_in(query: str) -> str:
    for name, value in NAMES.items():
        query = query.replace(f"${{{name}}}", value)
    return query
