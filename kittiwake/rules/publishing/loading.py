"""The whole history of a target, and the one entry for hosts that take either a target or rules files."""

from __future__ import annotations

from pathlib import Path

from kittiwake.rules.loader import load
from kittiwake.rules.publishing import layout
from kittiwake.rules.publishing.errors import TargetError
from kittiwake.rules.publishing.opening import is_target, open_target
from kittiwake.rules.publishing.reading import pointer_of, version_of
from kittiwake.rules.publishing.target import Target
from kittiwake.rules.versions import RuleSetHistory, always


def load_rules(*paths: Path | str) -> RuleSetHistory:
    """What `paths` say is in force when: a target, named alone, its versions; files and folders, one that is always.

    A bucket is given as text: a `Path` makes one slash of two.

    Raises:
        RulesError: with everything that is wrong with the rules.
        TargetError: the target cannot be read, or something else is named beside it.
    """
    targets = [str(path) for path in paths if is_target(str(path))]
    if not targets:
        return always(load(*paths))
    if len(paths) > 1:
        raise TargetError(f"{targets[0]} has published versions, which stand alone. Name no other rules beside it.")
    return load_history(open_target(targets[0]))


def load_history(target: Target) -> RuleSetHistory:
    """Every version of a target, each checked against what the pointer says of it.

    Raises:
        TargetError: the pointer or a version is missing, altered, or not what this release can read.
        RulesError: this release refuses the rules of a version; its file is named in front of theirs.
    """
    pointer = pointer_of(target).pointer
    versions = tuple(version_of(target, entry) for entry in pointer.versions)
    frozen_at_us = None if pointer.frozen_at is None else layout.instant_us(pointer.frozen_at)
    return RuleSetHistory(versions, frozen_at_us)
