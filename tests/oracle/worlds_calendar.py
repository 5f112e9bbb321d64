"""Calendar waits of random documents: local days in `wait`, in lists, and with `until`; contacts that change zones."""

from typing import Any

from tests.oracle import clock
from tests.oracle.dice import ZONES, Dice

RRULES = (
    "FREQ=DAILY",
    "FREQ=DAILY;COUNT=6",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1,-1,-2",
    "FREQ=MONTHLY;BYMONTHDAY=1,2,14,28,29,30,31;BYSETPOS=2,-1,-3",
    "FREQ=YEARLY;BYMONTH=2,3,10,11,12;BYDAY=SU,SA;BYSETPOS=-3,-2,-1,10,14,15,16",
)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def give_local_days(dice: Dice, document: dict[str, Any]) -> None:
    """Rules that wait come to wait for local days, and those that wait for a date for days round it."""
    if dice.chance(60):
        near = (dice.start + dice.randint(0, 16) * max(dice.unit, 6 * clock.HOUR) for _ in range(dice.randint(1, 6)))
        document["calendar"] = [clock.rfc3339(day)[:10] for day in near]
    for rule in document["rules"]:
        wait = rule.get("wait")
        if wait is None or dice.chance(15):
            continue
        if isinstance(wait, dict) and "until" in wait:
            rule["wait"] = _reminders(dice, wait) if "repeat" not in wait and dice.chance(40) else _until(dice, wait)
        elif dice.chance(50):
            _wait_for_a_date(dice, rule)
        elif dice.chance(45):
            rule["wait"] = [_local_day(dice) for _ in range(dice.randint(1, 4))]
        else:
            rule["wait"] = _local_day(dice)


def _wait_for_a_date(dice: Dice, rule: dict[str, Any]) -> None:
    if dice.chance(35):
        rule["wait"] = _reminders(dice, {"until": "d"})
        rule["when"] = dice.pick(("*", rule["when"]))  # many dates are past when they arm: more events, and no question
        rule.pop("given", None)
    else:
        drawn = {"until": dice.pick(("d", "d", "contact.birthday")), "repeat": dice.pick(RRULES[:3])}
        rule["wait"] = _until(dice, drawn)


def _local_day(dice: Dice) -> dict[str, Any]:
    drawn: dict[str, Any] = {"days": dice.pick((0, 0, 0, 1, 1, 2, 3 if dice.unit < clock.HOUR else 20))}
    if dice.chance(65):
        drawn["at"] = dice.clock_text()
    if dice.chance(50):
        drawn["on"] = _on(dice)
    if drawn["days"] == 0 and len(drawn) > 1 and dice.chance(50):
        del drawn["days"]
    return drawn


def _until(dice: Dice, wait: dict[str, Any]) -> dict[str, Any]:
    changed = {**wait}
    if dice.chance(70):
        changed["days"] = dice.pick((-2, -1, -1, 0, 1, 2))
    if dice.chance(50):
        changed["on"] = _on(dice)
    if dice.chance(40):
        changed["at"] = dice.clock_text()
    if dice.chance(35):
        changed["repeat"] = dice.pick(RRULES)
        if dice.chance(50):
            changed.pop("at", None)
            hour, minute = dice.clock_text().split(":")
            changed["repeat"] += f";BYHOUR={int(hour)};BYMINUTE={int(minute)}"
    if "repeat" in changed and dice.chance(90):
        days = (dice.start + dice.randint(-2, 12) * max(dice.unit, 8 * clock.HOUR) for _ in range(4))
        changed["except"] = sorted({clock.rfc3339(day)[:10] for day in days})
    return changed


def _reminders(dice: Dice, wait: dict[str, Any]) -> list[dict[str, Any]]:
    """Several reminders of one date, in any order: some days from it, most near it, where histories still go on."""
    drawn: list[dict[str, Any]] = []
    for _ in range(dice.randint(2, 4)):
        one = {"until": wait["until"]}
        if dice.chance(35):
            one |= {name: part for name, part in _until(dice, one).items() if name not in ("repeat", "except")}
        if dice.chance(70):
            one["offset"] = dice.text(dice.pick((-2, -1, 1, 2, 3, 5)) * dice.unit)
        drawn += [one] if one not in drawn else []
    return drawn if len(drawn) > 1 else [*drawn, {**drawn[0], "offset": dice.text(7 * dice.unit)}]


def _on(dice: Dice) -> Any:
    if dice.chance(40):
        return "workdays"
    return dice.pick(WEEKDAYS) if dice.chance(25) else dice.some(WEEKDAYS, 1, 5)


def let_contacts_move(dice: Dice, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Between its events the contact is in other zones: what is pending is counted anew."""
    moves = []
    for number in range(dice.randint(0, 4)):
        near = clock.parse_instant(dice.pick(events)["time"]) or 0
        at = near + dice.randint(0, 5) * dice.pick((dice.unit, 6 * clock.HOUR))
        about = {"account_id": events[0]["account_id"], "contact_id": events[0]["contact_id"]}
        zone = {"timezone": dice.pick(ZONES)}
        moves.append(
            {**about, "event_id": f"z{number}", "type": "contact.updated", "time": dice.written(at), "properties": zone}
        )
    return [*events, *moves]
