"""Checks of `description`, `owner` and `tags`.

Pure. Called by `check.document`.
"""

from __future__ import annotations

from collections.abc import Iterator

from kittiwake.rules.diagnostics import Diagnostic, check_list, each
from kittiwake.rules.errors import Code
from kittiwake.rules.limits import TAGS_MAX
from kittiwake.rules.model.rule import Rule


def check_about(rule: Rule) -> Iterator[Diagnostic[Code]]:
    """Tags: some, not too many, each once."""
    yield from check_list(rule.tags, ("tags",), TAGS_MAX, "tags")
    seen = set()
    for path, tag in each(rule.tags, ("tags",)):
        if tag in seen:
            yield Diagnostic(path, Code.CLAUSE, f"{tag} stands here twice", "Delete one of the two")
        seen.add(tag)
