"""Calendar waits of random documents: local days in `wait`, in lists, and with `until`; contacts that change zones."""

from typing import Any

from tests.oracle import clock
from tests.oracle.dice import ZONES, Dice

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def give_local_days(dice: Dice, document: dict[str, Any]) -> None:
    """Rules that wait come to wait for local days, and those that wait for a date for days round it."""
    for rule in document["rules"]:
        wait = rule.get("wait")
        if wait is None or dice.chance(15):
            continue
        if isinstance(wait, dict) and "until" in wait:
            rule["wait"] = _until(dice, wait)
        elif dice.chance(45):
            rule["wait"] = [_local_day(dice) for _ in range(dice.randint(1, 4))]
        else:
            rule["wait"] = _local_day(dice)


def _local_day(dice: Dice) -> dict[str, Any]:
    drawn: dict[str, Any] = {"days": dice.pick((0, 0, 0, 1, 1, 2, 3 if dice.unit < clock.HOUR else 20))}
    if dice.chance(65):
        drawn["at"] = dice.clock_text()
    if dice.chance(30):
        drawn["on"] = _on(dice)
    if drawn["days"] == 0 and len(drawn) > 1 and dice.chance(50):
        del drawn["days"]
    return drawn


def _until(dice: Dice, wait: dict[str, Any]) -> dict[str, Any]:
    changed = {**wait}
    if dice.chance(70):
        changed["days"] = dice.pick((-2, -1, -1, 0, 1, 2))
    if dice.chance(30):
        changed["on"] = _on(dice)
    if dice.chance(40):
        changed["at"] = dice.clock_text()
    return changed


def _on(dice: Dice) -> Any:
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
