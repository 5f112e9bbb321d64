"""The examples of the pages: fences whose first line says, after the language, what they are.

```yaml rules            a whole file          ```yaml rule    entries of `rules:`
```yaml clause           keys of one rule      ```yaml policy  keys of `policy:`
```yaml rules not-yet    a file that loads, and that a run refuses
```yaml … refused        what the loader refuses; the next fence, `text errors`, is what it says
```yaml … lints          what loads, and `validate` remarks on; the next fence, `text lints`, says what
```text timeline         a history for the YAML before it, and the decisions it leaves
```yaml event-plan       a whole event plan
```text lints-beside-plan  what is said of the rules above it beside the plan above them
```json event            a line that is an event
```yaml shape            a shape file
```json segment, ```json cloudevents   a line of that shape; the next fence is the event it stands for
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from kittiwake.scenarios.cases import Case
from kittiwake.scenarios.files import load_cases
from tests.repo import sources

ROOT = sources.ROOT

FENCE = re.compile(r"^```(?P<info>[^\n`]+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = [sources.ROOT / "README.md", *sorted((sources.ROOT / "docs").rglob("*.md"))]
FORMS = ("rules", "rule", "clause", "policy")
FILE = "rules.yaml"
"""What the file of an example is called in what the loader says."""


class Example(NamedTuple):
    """A fence that says what it is."""

    page: str
    line: int
    language: str
    words: tuple[str, ...]
    """What its first line says after the language."""
    body: str

    @property
    def name(self) -> str:
        """As a test calls it."""
        return f"{self.page}:{self.line}"


def examples_of(path: Path) -> Iterator[Example]:
    """The fences of a page that say more than their language."""
    text = path.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        language, *words = found["info"].split()
        if words:
            line = text.count("\n", 0, found.start()) + 1
            yield Example(sources.name_of(path), line, language, tuple(words), found["body"])


def all_examples() -> list[Example]:
    """Those of all pages, in reading order."""
    return [example for path in PAGES for example in examples_of(path)]


def rules_text(example: Example) -> str:
    """The whole file that a YAML example stands for."""
    form, body = example.words[0], example.body
    if form == "rules":
        return body
    if form == "rule":
        return "account: acme\nrules:\n" + body
    if form == "policy":
        return "account: acme\npolicy:\n" + _indented(body) + "rules: []\n"
    assert form == "clause", example.name
    armed = re.search(r"^(when|audience|use):", body, re.MULTILINE)
    return "account: acme\nrules:\n  - id: example\n" + _indented(body, 4) + ("" if armed else "    when: a.b\n")


def _indented(text: str, by: int = 2) -> str:
    return "".join(" " * by + line if line.strip() else line for line in text.splitlines(keepends=True))


def case_of(rules: Example, timeline: Example, folder: Path) -> Case:
    """The scenario that a timeline and the YAML before it are, written to a folder."""
    path = folder / "page.test.yaml"
    whole = f"    rules:\n{_indented(rules_text(rules), 6)}    timeline: |\n{_indented(timeline.body, 6)}"
    path.write_text(f"tests:\n  - name: {timeline.name}\n{whole}", encoding="utf-8")
    (case,) = load_cases(path)
    return case


def followed(kind: str) -> list[tuple[Example, Example]]:
    """Every fence with this word, with the YAML example that stands before it."""
    found, before = [], None
    for example in all_examples():
        if example.language == "yaml":
            before = example
        elif example.words == (kind,):
            assert before is not None
            assert before.page == example.page, f"{example.name} follows no YAML"
            found.append((before, example))
    return found
