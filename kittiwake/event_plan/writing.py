"""An event plan as the YAML that `reading` reads back.

Pure. Called by whoever makes plans: the profile of events, and the import of tracking plans.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any, Final

import yaml

from kittiwake.event_plan.model import PlanObject
from kittiwake.rules.model.base import Model

_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*|[0-9]{1,9}[smhdw]")
"""Texts that may stand without quotes, unless they are words of YAML; durations among them."""
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$")
_LINE_CHARS: Final = 120


class _Dumper(yaml.SafeDumper):
    """Quotes what `rules.source.yaml` would read as something else than the text it is, and writes no aliases."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 (PyYAML's signature)
        return True


def _text(dumper: Any, text: str) -> Any:
    is_word = text.lower() in ("true", "false", "null", "yes", "no", "on", "off", "y", "n")
    style = None if _PLAIN.fullmatch(text) and not is_word else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _number(dumper: Any, number: Decimal) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:float", str(number))


def _mapping(dumper: Any, entries: dict[str, Any]) -> Any:
    flat = not any(isinstance(part, (dict, list)) for part in entries.values())
    return dumper.represent_mapping("tag:yaml.org,2002:map", entries.items(), flow_style=flat)


def _list(dumper: Any, entries: list[Any]) -> Any:
    flat = not any(isinstance(part, (dict, list)) for part in entries)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", entries, flow_style=flat)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(dict, _mapping)
_Dumper.add_representer(list, _list)
_Dumper.add_representer(Decimal, _number)
_Dumper.add_implicit_resolver("tag:yaml.org,2002:float", _NUMBER, list("-0123456789"))


def plan_data(plan: PlanObject) -> dict[str, Any]:
    """What a plan says, with its defaults left out; numbers are ints and Decimals."""
    found: dict[str, Any] = _plain(plan)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Model):
        said = {info: getattr(value, name) for name, info in value.model_fields.items()}
        return {info.key: _plain(one) for info, one in said.items() if one is not None and one != info.default}
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def plan_yaml(plan: PlanObject) -> str:
    """A plan as YAML: types and properties in the order of the plan, flat objects in one line."""
    return str(
        yaml.dump(
            plan_data(plan),
            Dumper=_Dumper,
            sort_keys=False,
            allow_unicode=True,
            width=_LINE_CHARS,
        )
    )


def yaml_lines(data: dict[str, Any]) -> list[str]:
    """Keys with flat objects as lines of YAML, to stand in a plan or in rules; of a long key two.

    >>> yaml_lines({"order.completed": {"every": "6h"}, "no": {"max": 100, "per": "1h"}})
    ['order.completed: {every: 6h}', '"no": {max: 100, per: 1h}']
    """
    text = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**6)
    return str(text).removesuffix("\n").split("\n")


def plan_json(plan: PlanObject) -> str:
    """A plan as JSON, with the same keys in the same order."""
    return json.dumps(plan_data(plan), default=float, ensure_ascii=False, indent=2) + "\n"
