"""How texts that a template's launcher hands over become arguments as argparse takes them.

A launcher knows one form, `--name=value`: it writes `true` or `false` after an option that takes no value, several
values with commas between them, and nothing after an option that was left empty. All mains take that, Beam's options
too; what a person types in argparse's own form means what it did.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

_SWITCHES: Final = {"true": True, "false": False}
_NO_SWITCH: Final = "ignored explicit argument"
"""What argparse says of a value after an option that takes none."""


def plain_arguments(
    argv: Sequence[str], actions: Mapping[str, argparse.Action], lists: Collection[str] = ()
) -> list[str]:
    """The arguments for a parser that has these actions, by option; `lists` are options that take several values.

    `--name=` is dropped, `--name=true` of a switch is `--name`, and `--name=false` is dropped. Values of
    `lists` are taken apart at commas, unless a local file has the whole text as its name.
    """
    found: list[str] = []
    current: str | None = None
    for number, text in enumerate(argv):
        if text == "--":
            return [*found, *argv[number:]]
        if current is not None and not text.startswith("-"):
            found += [f"{current}={value}" for value in _values(text)]
            current = current if actions[current].nargs else None
            continue
        name, equals, value = text.partition("=")
        action = actions.get(name)
        current = None
        if action is None:
            found.append(text)
        elif equals:
            found += _spelt_out(name, value, action, is_list=name in lists)
        elif name in lists and number + 1 < len(argv) and not argv[number + 1].startswith("-"):
            current = name
        else:
            found.append(text)
    return found


def switch_message(message: str) -> str:
    """An error message of argparse, saying what to write after a switch."""
    return message.replace(_NO_SWITCH, "write true or false instead of")


def _spelt_out(name: str, value: str, action: argparse.Action, *, is_list: bool) -> list[str]:
    if not value:
        return []
    if action.nargs == 0 and value.lower() in _SWITCHES:
        return [name] if _SWITCHES[value.lower()] else []
    if is_list:
        return [f"{name}={one}" for one in _values(value)]
    return [f"{name}={value}"]


def _values(text: str) -> list[str]:
    if "," not in text or _is_file(text):
        return [text]
    return [one for one in (part.strip() for part in text.split(",")) if one]


def _is_file(text: str) -> bool:
    try:
        return Path(text).exists()
    except OSError:  # longer than a name may be
        return False
