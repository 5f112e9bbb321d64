"""Examples told shortly: an event on the first of June 2026, and a decision as one line."""

from typing import Any

from tests.oracle import clock
from tests.oracle.oracle import decide_versions

DAY = "2026-06-01"


def event(name: str, at: str, kind: str, **properties: Any) -> dict[str, Any]:
    """An event on the first of June 2026, UTC (or at a full instant)."""
    time = at if "T" in at else f"{DAY}T{at}:00Z"
    subject = {"account_id": "acme", "contact_id": "ann"}
    return {"event_id": name, "time": time, "type": kind, "properties": properties, **subject}


def shown(row: dict[str, Any]) -> str:
    """The decision as `HH:MM kind decision reason`, with what else it has; its day too if that is another."""
    due = clock.rfc3339(row["time_us"])
    at = due[11:16] if due.startswith(DAY) else due[5:16]
    parts = [at, row["decision"], row["reason"], row["threshold"], row["occurrence"]]
    if row["kind"] != "fired":
        parts.insert(1, row["kind"])
    if row["fired_at_us"] not in (None, row["time_us"]):
        parts.append("at " + clock.rfc3339(row["fired_at_us"])[5:16])
    if row["reminder"] is not None:
        parts.append(f"#{row['reminder']}")
    return " ".join(str(part) for part in parts if part is not None)


def instant(at: str) -> int:
    """`HH:MM` on that day, or a full instant, in microseconds."""
    return clock.parse_instant(at if "T" in at else f"{DAY}T{at}:00Z") or 0


def version(start: str | None, *rules: dict[str, Any], **document: Any) -> tuple[int | None, dict[str, Any]]:
    """A version in force from that time on; a rule without an id is `r`."""
    written = [{"id": "r", **rule} for rule in rules]
    whole = {"account": "acme", "timezone": "UTC", **document, "rules": written}
    return None if start is None else instant(start), whole


def told(
    versions: list[tuple[int | None, dict[str, Any]]],
    events: list[dict[str, Any]],
    until: str = "2026-06-20T00:00:00Z",
    *,
    stream: bool = False,
) -> list[str]:
    """What the versions decide, each as it is shown, with the version it was decided under and that of its rule."""
    rows = decide_versions(versions, events, instant(until), account="acme", contact="ann", stream=stream)
    return [_with_versions(each) for each in sorted(rows, key=lambda each: (each["time_us"], each["reminder"] or 0))]


def _with_versions(row: dict[str, Any]) -> str:
    parts = [shown(row), f"v{row['ruleset']}"]
    if row["rule_of"] != row["ruleset"]:
        parts.append(f"of v{row['rule_of']}")
    if row["partial_history"]:
        parts.append("partial")
    return " ".join(parts)
