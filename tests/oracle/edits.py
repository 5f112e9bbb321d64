"""Edits of a rules file, as an author makes them between two versions. What comes out is what a loader accepts."""

import copy
from collections.abc import Callable
from typing import Any

from tests.oracle import clock
from tests.oracle.dice import AMOUNTS, TYPES, ZONES, Dice
from tests.oracle.language import rule_set
from tests.oracle.sameness import is_same
from tests.oracle.worlds_rules import (
    INCLUDES,
    REPEATS,
    arming,
    bound,
    cap,
    condition,
    match,
    one_rule,
    silence,
    tree,
    unless_match,
    where,
    whole_policy,
)

Raw = dict[str, Any]
_NAMES = ("alpha", "beta", "gamma", "delta", "r-1", "r-10", "r-2", "new", "newer")
_TO_THE_STATE = ("when", "per", "reaches", "audience")


def edited(dice: Dice, versions: list[Raw]) -> Raw:
    """The next version: mostly the newest one with a few edits, now and then another file or an older one again."""
    document = copy.deepcopy(versions[-1])
    if dice.chance(4):
        return document
    if dice.chance(5):
        return copy.deepcopy(dice.pick(versions))
    for _ in range(dice.pick((1, 1, 1, 2, 2, 3, 5))):
        _edit(dice, document, versions)
    return document


def _edit(dice: Dice, document: Raw, versions: list[Raw]) -> None:
    if dice.chance(25):
        _edit_policy(dice, document)
    elif dice.chance(20):
        _edit_list(dice, document, versions)
    else:
        place = dice.randrange(len(document["rules"]))
        document["rules"][place] = _edited_rule(dice, document["rules"][place])


# -- the list of rules -------------------------------------------------------------------------------------------


def _edit_list(dice: Dice, document: Raw, versions: list[Raw]) -> None:
    """Add a rule, take one away, rename one, bring an older one back, or let two change their ids."""
    rules = document["rules"]
    taken = {rule["id"] for rule in rules}
    free = [name for name in _NAMES if name not in taken]
    gone = [rule for version in versions for rule in version["rules"] if rule["id"] not in taken]
    if gone and dice.chance(50):
        rules.append(copy.deepcopy(dice.pick(gone)))
    elif len(rules) > 1 and dice.chance(50):
        del rules[dice.randrange(len(rules))]
    elif dice.chance(50):
        rules.append(one_rule(dice, dice.pick(free)))
    elif len(rules) > 1 and dice.chance(30):
        rules[0]["id"], rules[1]["id"] = rules[1]["id"], rules[0]["id"]
    else:
        dice.pick(rules)["id"] = dice.pick(free)


# -- one rule ----------------------------------------------------------------------------------------------------


def _edited_rule(dice: Dice, old: Raw) -> Raw:
    """The rule with one edit. One that comes to the same for the state leaves what the state asks for as written."""
    rule = copy.deepcopy(old)
    if rule.get("mode") == "off" and dice.chance(60):
        del rule["mode"]
        return rule
    shape = (_edit_tree, _edit_leaf, _edit_leaf, _edit_emits) if "audience" in rule else _EVENT_EDITS
    dice.pick((*shape, *shape, *_ANY_EDITS))(dice, rule)
    before, after = (rule_set({"rules": [{**each, "mode": "live"}]}).rules[0] for each in (old, rule))
    return rule | ({name: old[name] for name in _TO_THE_STATE if name in old} if is_same(before, after) else {})


def _edit_wait(dice: Dice, rule: Raw) -> None:
    """Mostly another wait of the same kind."""
    wait = rule.get("wait")
    if "reaches" in rule or (wait is not None and dice.chance(8)):
        rule.pop("restart", None)
        rule.pop("wait", None)
    elif isinstance(wait, dict) and "until" in wait and dice.chance(90):
        _edit_until(dice, wait)
    elif wait is None or dice.chance(25):
        rule["wait"] = silence(dice)
    elif isinstance(wait, list) and isinstance(wait[0], dict) and "until" in wait[0] and dice.chance(75):
        _edit_reminders(dice, wait)
    elif isinstance(wait, list):
        rule["wait"] = [dice.text(step * dice.unit) for step in sorted(dice.sample(range(9), dice.randint(1, 3)))]
    elif isinstance(wait, dict) and "field" in wait:
        wait["default"] = dice.span(0, 4)
    else:
        rule["wait"] = dice.span(0, 5)


def _edit_reminders(dice: Dice, wait: list[Raw]) -> None:
    """One reminder of a date fewer, or one that is due at another time."""
    if len(wait) > 1 and dice.chance(40):
        del wait[dice.randint(0, len(wait) - 1)]
        return
    changed = {**dice.pick(wait), "offset": dice.text(dice.pick((-2, -1, 1, 2)) * dice.unit)}
    if changed not in wait:
        wait.insert(dice.randint(0, len(wait) - 1), changed)


def _edit_until(dice: Dice, wait: Raw) -> None:
    name = dice.pick(("offset", "at", "at", "repeat"))
    if name == "offset":
        wait["offset"] = dice.text(dice.pick((-2, -1, 1, 2)) * dice.unit)
    elif name == "at":
        wait["at"] = dice.clock_text()
    elif "repeat" in wait and dice.chance(30):
        del wait["repeat"]
    elif "repeat" in wait or dice.chance(40):
        wait["repeat"] = dice.pick(REPEATS)


def _edit_unless(dice: Dice, rule: Raw) -> None:
    if "unless" in rule and dice.chance(35):
        del rule["unless"]
    elif dice.chance(50):
        rule["unless"] = {"event": dice.pick(TYPES), "where": where(dice)}
    else:
        rule["unless"] = unless_match(dice)


def _edit_given(dice: Dice, rule: Raw) -> None:
    given = rule.get("given", [])
    given = given if isinstance(given, list) else [given]
    if given and dice.chance(60):
        _edit_condition(dice, dice.pick(given), with_same=True)
    elif given and dice.chance(40):
        given.pop()
    else:
        given.insert(0, condition(dice, with_same=True))
    rule["given"] = given
    if not given:
        del rule["given"]


def _edit_condition(dice: Dice, written: Raw, *, with_same: bool) -> None:
    """Mostly another bound, which measures the same; else another look-back."""
    what = next(name for name in ("count", "sum", "distinct", "present", "absent") if name in written)
    if what in ("present", "absent") or dice.chance(40):
        if dice.chance(60):
            written["within"] = dice.span(1, 12)
        else:
            drawn = condition(dice, with_same=with_same)
            written.clear()
            written.update(drawn)
        return
    for name in ("gt", "gte", "lt", "lte", "eq"):
        written.pop(name, None)
    written.update(bound(dice, what))


def _edit_when(dice: Dice, rule: Raw) -> None:
    when = rule["when"]
    if isinstance(when, dict) and "sequence" in when and dice.chance(70):
        when["within"] = dice.span(3, 12)
    elif isinstance(when, str) and when != "contact.updated" and dice.chance(50):
        rule["when"] = {"event": when, "where": where(dice)}
    else:
        rule["when"] = arming(dice) if dice.chance(50) else match(dice)


def _edit_per(dice: Dice, rule: Raw) -> None:
    if "per" in rule and dice.chance(50):
        del rule["per"]
    else:
        rule["per"] = dice.pick(("k", "k", ["k", "g"], "cart.id"))


def _edit_reaches(dice: Dice, rule: Raw) -> None:
    if "reaches" in rule and dice.chance(60):
        counts = "count" in rule["reaches"]
        pool: tuple[Any, ...] = (1, 2, 3, 4) if counts else tuple(each for each in AMOUNTS if each > 50)
        rule["reaches"]["at"] = sorted(dice.some(pool, 1, 3))
    elif "reaches" in rule:
        del rule["reaches"]
    elif "wait" not in rule:
        rule["reaches"] = {"count": True, "at": sorted(dice.sample(range(1, 6), 2))}


def _edit_tree(dice: Dice, rule: Raw) -> None:
    """Another tree, or one more branch round the old one."""
    if dice.chance(50):
        rule["audience"] = {dice.pick(("all", "any")): [rule["audience"], condition(dice, with_same=False)]}
    else:
        rule["audience"] = tree(dice, 0)


def _edit_leaf(dice: Dice, rule: Raw) -> None:
    part = rule["audience"]
    while name := next((each for each in ("all", "any", "not") if each in part), None):
        part = part[name] if name == "not" else dice.pick(part[name])
    _edit_condition(dice, part, with_same=False)


def _edit_emits(dice: Dice, rule: Raw) -> None:
    rule["emits"] = dice.pick((["entered"], ["entered", "exited"], ["entered", "exited"]))


def _edit_include(dice: Dice, rule: Raw) -> None:
    names = [each for each, path in INCLUDES.items() if "audience" not in rule or path.startswith("contact.")]
    rule["include"] = {each: INCLUDES[each] for each in dice.some(names, 0, 3)}
    if not rule["include"]:
        del rule["include"]


def _edit_eligibility(dice: Dice, rule: Raw) -> None:
    drawn = {
        "priority": dice.pick((0, 51, 100)),
        "group": dice.pick(("intent", "care")),
        "transactional": dice.chance(40),
        "holdout": dice.chance(40),
        "expires": dice.span(1, 6),
        "live_from": dice.written(dice.instant(0, 12)),
    }
    name = dice.pick(tuple(drawn))
    if name in rule and dice.chance(40):
        del rule[name]
    else:
        rule[name] = drawn[name]


def _edit_reentry(dice: Dice, rule: Raw) -> None:
    rule["reentry"] = dice.pick(("once", "always", dice.span(1, 8), dice.span(1, 8)))


def _edit_keep(dice: Dice, rule: Raw) -> None:
    rule["keep"] = dice.span(2, 14)


def _edit_mode(dice: Dice, rule: Raw) -> None:
    rule["mode"] = dice.pick(("off", "off", "shadow", "live"))


def _edit_restart(dice: Dice, rule: Raw) -> None:
    if "wait" in rule:
        rule["restart"] = not rule.get("restart", True)


_Edit = Callable[[Dice, Raw], None]
_EVENT_EDITS: tuple[_Edit, ...] = (
    *(_edit_wait, _edit_wait, _edit_wait, _edit_unless, _edit_unless, _edit_given, _edit_given),
    *(_edit_when, _edit_per, _edit_reaches, _edit_restart),
)
_ANY_EDITS: tuple[_Edit, ...] = (
    *(_edit_include, _edit_eligibility, _edit_eligibility, _edit_reentry, _edit_reentry, _edit_keep, _edit_mode),
    _edit_mode,
)


# -- the policy --------------------------------------------------------------------------------------------------


def _edit_policy(dice: Dice, document: Raw) -> None:
    """Another zone of the account, or a part of the policy drawn anew, changed or taken away."""
    if dice.chance(15):
        document["timezone"] = dice.pick(ZONES)
        return
    policy = document.setdefault("policy", {})
    name = dice.pick(tuple(policy_parts(dice)))
    if name in policy and dice.chance(35):
        del policy[name]
    else:
        policy[name] = policy_parts(dice)[name]
    if not policy:
        del document["policy"]


def policy_parts(dice: Dice) -> Raw:
    """Every part a policy may have, drawn anew."""
    start, end = dice.some(("21:00", "08:00", "00:30", "02:30", "12:00", "03:00"), 2, 2)
    return {
        "quiet_hours": {"from": start, "to": end},
        "frequency": [cap(dice) for _ in range(dice.pick((1, 1, 2)))],
        "consent": {"purpose": dice.pick(("marketing", "news")), "default": dice.pick(("granted", "withdrawn"))},
        "live_from": dice.written(dice.instant(0, 12)),
        "history_from": dice.written(dice.instant(-4, 6)) if dice.chance(30) else "effective",
        "retention": retention(dice),
    }


def retention(dice: Dice) -> str:
    """A retention so short that it ends within a history."""
    return dice.text(dice.randint(2, 12) * dice.unit + (dice.chance(5) and clock.SECOND))


def add_profile_retention(dice: Dice, document: Raw) -> None:
    """A `profile_retention` that is as long as the retention, or a few units longer."""
    policy = document.setdefault("policy", {})
    retained = clock.duration(policy.setdefault("retention", retention(dice)))
    policy["profile_retention"] = dice.text(retained + dice.pick((0, 0, 1, 2, 3, 5, 9)) * dice.unit)


def first_policy(dice: Dice, document: Raw) -> None:
    """Of the first version: now and then a policy that later ones differ from."""
    if dice.chance(35):
        document.setdefault("policy", {})["retention"] = retention(dice)
    if dice.chance(30):
        document.setdefault("policy", {})["history_from"] = "effective"
    if "policy" not in document and dice.chance(50):
        document["policy"] = whole_policy(dice)
