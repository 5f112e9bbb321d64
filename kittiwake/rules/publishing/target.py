"""Where versions are published to: the small interface that folders and buckets have in common.

`local.LocalTarget` is a folder; buckets come from packages that know them (`opening`). Every implementation passes
the same tests (`tests/rules/test_targets.py`).
"""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Held(NamedTuple):
    """An object as it was read."""

    data: bytes
    generation: str
    """Stands for what was read, opaque: `swap` compares it."""


class Target(Protocol):
    """Named objects, each of which is read and written whole. Names are `pointer.json` and `versions/….json`.

    Every method raises `TargetError` if it cannot do its work: no permission, no connection, larger than
    `OBJECT_BYTES_MAX`.
    """

    @property
    def location(self) -> str:
        """What a person calls it: a path, or `gs://bucket/prefix`."""

    def read(self, name: str) -> Held | None:
        """The object of a name, never half of one; None if there is none."""

    def create(self, name: str, data: bytes) -> None:
        """Write an object that stays as it is.

        Raises:
            ExistsError: there is one already; it is as it was.
        """

    def swap(self, name: str, data: bytes, expected_generation: str | None) -> None:
        """Replace an object if it is still the one that was read; None: if there still is none.

        Raises:
            ConflictError: it is another one by now, and stays so.
        """
