"""What tests of publishing share: rules, instants, a target that fails when told to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from kittiwake.rules.by_account import read_by_account
from kittiwake.rules.errors import RulesError
from kittiwake.rules.loader import load_files
from kittiwake.rules.publishing.local import LocalTarget
from kittiwake.rules.publishing.publish import Publication, publish
from kittiwake.rules.publishing.target import Target
from kittiwake.rules.ruleset import RuleSet
from kittiwake.time.instants import MINUTE_US, parse_instant

NOW_US = parse_instant("2026-11-01T09:00:00Z")
LATER_US = NOW_US + 30 * MINUTE_US

CART = b"account: acme\nrules:\n  - id: cart\n    when: cart.item_added\n    wait: 1h\n"
WELCOME = b"account: acme\nrules:\n  - {id: welcome, when: contact.created}\n"
BROKEN = b"""\
account: globex
rules:
  - id: drop
    when: a.b
    wait: 1 hour
"""
FIRST = {"cart.yaml": CART}
SECOND = {"cart.yaml": CART, "deep/welcome.yaml": WELCOME}


class Crash(Exception):  # noqa: N818
    """The end of a process."""


class Crashing(LocalTarget):
    """A folder whose publisher dies before the pointer moves."""

    def swap(self, name: str, data: bytes, expected_generation: str | None) -> None:
        raise Crash


def target_of(folder: Path) -> Target:
    """An empty target."""
    return LocalTarget(folder / "target")


def first(target: Target, files: dict[str, bytes] | None = None) -> Publication:
    """Publish the first version, in force always."""
    return publish(target, files or FIRST, None, NOW_US)


def tree(folder: Path) -> dict[str, bytes]:
    """What a folder holds."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class Entry:
    """An entry point."""

    def __init__(self, name: str, factory: Callable[[str], Target]) -> None:
        self.name, self._factory = name, factory

    def load(self) -> Callable[[str], Target]:
        return self._factory


def entry_points(**factories: Callable[[str], Target]) -> Callable[..., list[Entry]]:
    """As though packages with these schemes were installed."""

    def found(group: str, name: str | None = None) -> list[Entry]:
        assert group == "kittiwake.targets"
        return [Entry(scheme, factory) for scheme, factory in factories.items() if name in (None, scheme)]

    return found


def checked_by_a_newer_release(files: Mapping[str, bytes]) -> RuleSet:
    """What a release accepts that knows more than this one: rules that are refused here are let pass unseen."""
    try:
        return read_by_account(files).ruleset
    except RulesError:
        return load_files(FIRST)
