"""The word list: private words of the past, with the field's words for them, and how texts are read for them."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from typing import Final, NamedTuple

from tests.repo import pages

PROSE: Final[dict[str, str]] = {
    r"(?:un)?settl(?:e|es|ed|ing)": "evaluate, decide; evaluated up to",
    r"tells?|told|tellings?": "emit, report, say, show",
    r"(?<!dead )(?<!dead-)letters?(?! case)(?!, digits)": "dead letter, record",
    r"rooms|(?:a|the|this|each|every|one|two) room": "package, layer",
    r"house|walls|wall(?! (?:s|seconds|time|clock)\b)|floors?": "code base, layer rule, layer",
    r"wakes?|woken|waking|woke|wake-ups?": "timer firing; a timer fires",
    r"giants?": "oversized contact",
    r"sift(?:s|ed|ing)?": "isolate; poison-message isolation",
    r"takers?": "event handler",
    r"agenda": "timer queue",
    r"news": "rules change notice",
    r"hush(?:es|ed)?": "silence logging",
    r"dice": "random generators",
    r"truths?|story|stories": "reference model; history, counterexample, test",
    r"unkind": "adversarial, fault-injecting",
    r"worlds?(?! (?:is|was|has)\b)(?!=)": "generated case",
    r"twins?": "pair",
    r"odd|oddit(?:y|ies)": "lint",
    r"lean|naive": "minimal, baseline",
    r"horizons?": "allowed lateness",
    r"copies": "duplicates",
    r"look(?:s|ed|ing)? at|(?:a|each|every|last|daily|first|two) looks?(?! from\b)": "poll, re-evaluate, read",
    r"slots?|grids?": "timer bucket; timer resolution",
    r"cells?|bags?(?! state)": "value state, bag state",
    r"packs?": "record batch",
    r"(?:to|re-?)feed|(?<!line )feeding|fed": "reprocess, redeliver, reingest",
    r"tally|tallies": "counters",
    r"ledgers?|owed": "emitted log, pending correction",
    r"engines?": "runner",
    r"in (?:Flink's|its|the) keeping|hurts? a job": "managed by; fault injection",
    r"works? (?:it )?out|worked out|working out": "compute; recompute",
}
"""What may not stand in prose -> what to say instead. Prose is what is left without code, fences and link targets."""

NAMES: Final[dict[str, str]] = {
    r"(?:un)?settl(?:e|es|ed|ing)": "evaluate, evaluated",
    r"tells?|told|tellings?": "emit, emitted, record",
    r"(?<!dead_)letters?": "dead_letter",
    r"sentences?": "message",
    r"rooms|house|walls": "package, layer",
    r"places?": "location, path, folder",
    r"woken|waking|alarms?": "timer_result, timer",
    r"giants?": "oversized",
    r"sift(?:s|ed|ing)?": "isolate",
    r"takers?": "handler",
    r"agenda": "timer_queue",
    r"news|hush(?:es|ed)?|dice|tally|ledger|owed|twins?|worlds?": "see the list for prose",
    r"packs?": "record_batch",
    r"complaints?|remarks?": "diagnostic",
}
"""What may not be a word of an identifier in the code -> what to call it instead."""

EXEMPT_NAMES: Final[frozenset[str]] = frozenset(
    {
        "settle_delay",  # a flag
        "settle_delay_us",
        "settled_until",  # a field of snapshots
        "unsettled",  # a field of summary.json
        "wakes_held",  # metrics
        "wakes_idle",
    }
)
"""Names that operators or authors have stored, which never change: flags, metrics, fields, states and timers."""

EXEMPT_IN: Final[dict[str, frozenset[str]]] = {
    "kittiwake/kernel/": frozenset({"horizon", "horizons"}),  # the kernel's bound, of which the flag is one part
    "kittiwake/input/": frozenset({"cell", "cells"}),  # of an Arrow table
    "docs/reference/shapes.md": frozenset({"cell", "cells"}),  # of a CSV file
    "kittiwake/shape_files/": frozenset({"cell", "cells"}),  # the same
    "kittiwake/terminal/": frozenset({"cell", "cells"}),  # of a table that is printed
    "kittiwake/testing/": frozenset({"story"}),  # `kittiwake.testing.Story` is a public name
}
"""Folders in which a word has its ordinary sense."""

EXEMPT_PHRASES: Final[tuple[str, ...]] = (
    "engines of their own",  # runners.md says once that Flink is an engine
)
"""Sentences that name a private word to explain it, taken out before a text is searched."""

CODE = re.compile(r"``[^`]+``|`[^`\n]+`")
LINK_TARGET = re.compile(r"\]\([^)\s]*\)")
ADDRESS = re.compile(r"https?://\S+")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

_PROSE = {
    re.compile(rf"(?<![\w.-])(?:{words})(?![\w-]|\.py)", re.IGNORECASE): instead for words, instead in PROSE.items()
}
_NAMES = {re.compile(rf"(?:^|_)(?:{words})(?:_|$)"): instead for words, instead in NAMES.items()}


class Hit(NamedTuple):
    """A private word, its line, and what to say instead."""

    line: int
    word: str
    instead: str


def _blank(found: re.Match[str]) -> str:
    """As many line ends as were there, so that lines keep their numbers."""
    return "§" + "\n" * found[0].count("\n")


def in_prose(text: str) -> Iterator[Hit]:
    """Private words of a text that holds no code but in code font."""
    for pattern in (COMMENT, CODE, ADDRESS, LINK_TARGET):
        text = pattern.sub(_blank, text)
    for phrase in EXEMPT_PHRASES:
        text = text.replace(phrase, "")
    for pattern, instead in _PROSE.items():
        for found in pattern.finditer(text):
            yield Hit(text.count("\n", 0, found.start()) + 1, found[0], instead)


def in_page(text: str) -> list[Hit]:
    """Private words of a page of Markdown: of all but its fences."""
    return sorted(in_prose(pages.FENCE.sub(_blank, text)))


def in_makefile(text: str) -> list[Hit]:
    """Private words of comments and help texts."""
    kept = "\n".join(line.partition("#")[2] for line in text.splitlines())
    return sorted(in_prose(kept))


def in_python(source: str) -> list[Hit]:
    """Private words of docstrings, comments and identifiers."""
    return sorted([*_in_comments(source), *_in_docstrings(source), *_in_names(source)])


def _in_comments(source: str) -> Iterator[Hit]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield from (hit._replace(line=token.start[0]) for hit in in_prose(token.string.removeprefix("#")))


def _in_docstrings(source: str) -> Iterator[Hit]:
    """A string that stands alone: docstrings, also those below an attribute."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            hits = in_prose(node.value.value)
            yield from (hit._replace(line=hit.line + node.lineno - 1) for hit in hits)


def _names_of(node: ast.AST) -> Iterator[str]:
    """What a node gives a name to."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.arg():
            yield node.arg
        case ast.Name(ctx=ast.Store()):
            yield node.id
        case ast.Attribute(ctx=ast.Store()):
            yield node.attr


def _in_names(source: str) -> Iterator[Hit]:
    for node in ast.walk(ast.parse(source)):
        for name in _names_of(node):
            for hit in in_name(name):
                yield hit._replace(line=getattr(node, "lineno", 0))


@cache
def in_name(name: str) -> tuple[Hit, ...]:
    """Private words of one identifier, snake case or camel case; most names are given many times."""
    if name in EXEMPT_NAMES:
        return ()
    parts = "_".join(word.lower() for word in WORD.findall(name))
    return tuple(Hit(0, name, instead) for pattern, instead in _NAMES.items() if pattern.search(parts))


def in_file(name: str, text: str) -> list[Hit]:
    """Private words of a file, by its kind and its folder; `name` is its path in the repository."""
    hits = in_page(text) if name.endswith(".md") else in_python(text) if name.endswith(".py") else in_makefile(text)
    exempt = {word for folder, words in EXEMPT_IN.items() if name.startswith(folder) for word in words}
    return [hit for hit in hits if hit.word.lower() not in exempt]
