"""Named matches, written out (semantics.md, 16): a document in which every match stands where its name was."""

from typing import Any

Raw = dict[str, Any]
_CONDITIONS = ("given", "still", "audience")
_OF_CONDITIONS = ("count", "present", "absent", "of")


def written_out(document: Raw) -> Raw:
    """The document with its names replaced by what they stand for, and without their definitions."""
    names = document.get("matches") or {}
    rules = [_rule(rule, names) for rule in document.get("rules") or []]
    found = {key: value for key, value in document.items() if key != "matches"} | {"rules": rules}
    if document.get("derive"):
        found["derive"] = [{**one, "from": _match(one["from"], names)} for one in document["derive"]]
    return found


def _rule(rule: Raw, names: Raw) -> Raw:
    found = dict(rule)
    when = rule.get("when")
    if isinstance(when, dict) and "sequence" in when:
        found["when"] = {**when, "sequence": [_match(step, names) for step in when["sequence"]]}
    elif when is not None:
        found["when"] = _match(when, names)
    if rule.get("unless") is not None:
        found["unless"] = _match(rule["unless"], names)
    return found | {key: _conditions(rule[key], names) for key in _CONDITIONS if rule.get(key) is not None}


def _conditions(raw: Any, names: Raw) -> Any:
    if isinstance(raw, list):
        return [_conditions(part, names) for part in raw]
    found = dict(raw)
    for key in ("all", "any", "not"):
        if key in raw:
            found[key] = _conditions(raw[key], names)
    return found | {key: _match(raw[key], names) for key in _OF_CONDITIONS if key in raw}


def _match(raw: Any, names: Raw) -> Any:
    if isinstance(raw, list):
        found = [(part, _match(part, names)) for part in raw]
        return [one for was, now in found for one in (now if isinstance(now, list) and was != now else [now])]
    if isinstance(raw, str):
        return _match(names[raw], names) if raw in names else raw
    if "match" not in raw:
        return raw
    meant, beside = _match(names[raw["match"]], names), {key: part for key, part in raw.items() if key != "match"}
    if not beside:
        return meant
    return [_with(one, beside) for one in meant] if isinstance(meant, list) else _with(meant, beside)


def _with(one: Any, beside: Raw) -> Raw:
    said = one if isinstance(one, dict) else {"event": one}
    both = {"where": {"all": [said["where"], beside["where"]]}} if "where" in said and "where" in beside else {}
    return {**said, **beside, **both}
