"""`audience`, compiled: a tree of conditions that says who is in.

Read by `kernel.run.audience`.
"""

from __future__ import annotations

import msgspec

from kittiwake.kernel.plan.conditions import Tree


class Audience(msgspec.Struct, frozen=True):
    tree: Tree
    emits_exit: bool
