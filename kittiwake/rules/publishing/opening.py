"""From what a person types to a target: a path is a folder; `scheme://…` is whatever an installed package makes of it.

Packages declare their schemes by the entry-point group `kittiwake.targets`: name = scheme, value = a function from the
whole text to a `Target`. `kittiwake` itself knows folders only, and imports a package when its scheme is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kittiwake.rules.publishing.errors import TargetError
from kittiwake.rules.publishing.layout import POINTER
from kittiwake.rules.publishing.local import LocalTarget
from kittiwake.rules.publishing.target import Target

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP: Final = "kittiwake.targets"


def open_target(text: str) -> Target:
    """The target of a path or of `scheme://…`; whether anything is there is found out by reading.

    Raises:
        TargetError: no installed package knows the scheme, or the one that does cannot work.
    """
    scheme, found, _ = text.partition("://")
    if not found:
        return LocalTarget(text)
    for entry in entry_points(group=GROUP, name=scheme):
        target: Target = entry.load()(text)
        return target
    known = ", ".join(sorted({f"{entry.name}://…" for entry in entry_points(group=GROUP)})) or "no scheme"
    raise TargetError(f"{text} is no target: {scheme}:// is not known here. Write a folder, or one of: {known}.")


def entry_points(*, group: str, name: str | None = None) -> Iterable[EntryPoint]:
    """Those of a group, of one name or of all."""
    from importlib import metadata  # noqa: PLC0415 - what a folder does not need takes 20 ms to load

    return metadata.entry_points(group=group) if name is None else metadata.entry_points(group=group, name=name)


def is_target(text: str) -> bool:
    """Whether a text names a target: by its scheme, or as a folder into which something has been published."""
    return "://" in text or (Path(text) / POINTER).is_file()
