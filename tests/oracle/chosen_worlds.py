"""Worlds written by hand for meetings that chance hardly ever arranges."""

from typing import Any

from tests.oracle import clock
from tests.oracle.worlds import ACCOUNT, CONTACT, World


def _world(
    rule: dict[str, Any], policy: dict[str, Any], limits: dict[str, int], *events: tuple[str, str, Any]
) -> World:
    document = {"account": ACCOUNT, "timezone": "UTC", "policy": policy, "rules": [{"id": "r", **rule}]}
    subject = {"account_id": ACCOUNT, "contact_id": CONTACT}
    written = [
        {"event_id": f"e{place}", "time": at, "type": kind, "properties": properties, **subject}
        for place, (at, kind, properties) in enumerate(events)
    ]
    return World(document, written, clock.parse_instant("2026-06-20T00:00:00Z") or 0, limits=limits)


CHOSEN = {
    # The second date is refused while the first is held; a restart must not give it a second decision.
    "an occurrence too far ahead is decided by that": _world(
        {"when": "a.a", "wait": {"until": "on", "at": "22:00", "repeat": "daily"}},
        {"quiet_hours": {"from": "21:00", "to": "08:00"}},
        {"max_wait_us": 23 * clock.HOUR},
        ("2026-06-01T12:00:00Z", "a.a", {"on": "2026-06-01"}),
        ("2026-06-02T02:00:00Z", "a.a", {"on": "2026-06-01"}),
    ),
    # 31 January, 28 February, 31 March: each counted from the first, not from the one before.
    "a monthly series goes through short months": _world(
        {"when": "a.a", "wait": {"until": "on", "repeat": "monthly"}},
        {},
        {},
        ("2026-01-30T12:00:00Z", "a.a", {"on": "2026-01-31"}),
    ),
    # Toronto shows 01:30 at 05:30Z and at 06:30Z; restarted, moved and repeated, the first one is the instant named.
    "a series begins in the hour that is shown twice": _world(
        {"when": "a.a", "wait": {"until": "on", "repeat": "monthly"}},
        {},
        {},
        ("2025-10-31T12:00:00Z", "contact.updated", {"timezone": "America/Toronto"}),
        ("2025-11-01T12:00:00Z", "a.a", {"on": "2025-11-02T06:30:00Z"}),
        ("2025-11-02T05:45:00Z", "a.a", {"on": "2025-11-02T06:30:00Z"}),
        ("2025-11-02T06:00:00Z", "contact.updated", {"timezone": "Europe/Berlin"}),
        ("2025-12-01T12:00:00Z", "contact.updated", {"timezone": "America/Toronto"}),
    ),
    # The restart at the same instant differs in `same`: the earlier `unless` event disarms by the newest match only.
    "a restart at the instant of opening is tested anew": _world(
        {"when": "a.a", "wait": "1h", "unless": {"event": "b.b", "same": "k"}},
        {},
        {},
        ("2026-06-01T12:00:00Z", "b.b", {"k": 2}),
        ("2026-06-01T12:00:00Z", "a.a", {"k": 1}),
        ("2026-06-01T12:00:00Z", "a.a", {"k": 2}),
    ),
    # What was done before the deletion at the same instant disarms nothing after it.
    "a deletion parts one instant in two lives": _world(
        {"when": "a.a", "wait": "1h", "unless": "b.b"},
        {},
        {},
        ("2026-06-01T12:00:00Z", "b.b", {}),
        ("2026-06-01T12:00:00Z", "contact.deleted", {}),
        ("2026-06-01T12:00:00Z", "a.a", {}),
    ),
}
