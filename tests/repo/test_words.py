"""The field's words, not ours: no private word is left in pages, docstrings, comments and identifiers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.repo import sources, words

PAGES = ("docs/", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "Makefile")
CODE = ("kittiwake/", "transforms/", "pipelines/")


def _checked() -> list[Path]:
    named = [(path, sources.name_of(path)) for path in sources.repository_files()]
    return [path for path, name in named if name.startswith((*PAGES, *CODE)) and path.suffix in {".md", ".py", ""}]


def test_no_private_word_is_left() -> None:
    texts = {sources.name_of(path): path.read_text(encoding="utf-8") for path in _checked()}
    hits = [(name, hit) for name, text in texts.items() for hit in words.in_file(name, text)]
    found = [f"{name}:{hit.line}: {hit.word} -> {hit.instead}" for name, hit in hits]
    assert found == []


@pytest.mark.parametrize(
    "text",
    ["It is told.", "The letters of a day", "A contact wakes for it", "put into a slot", "the agenda", "two horizons"],
)
def test_a_private_word_in_prose_is_found(text: str) -> None:
    assert list(words.in_prose(text))


@pytest.mark.parametrize(
    "text",
    [
        "A dead letter, and dead-letter records",
        "in `wakes_held` and `--settle_delay`",
        "lower-case letters, digits",
        "a line feed",
        "the right place",
        "see [it](told.md)",
        "everybody in the world is a contact",
    ],
)
def test_ordinary_words_and_stored_names_are_let_pass(text: str) -> None:
    assert list(words.in_prose(text)) == []


@pytest.mark.parametrize("name", ["Told", "settled_us", "_letter", "taker_of", "OutputPlace", "rows_told"])
def test_a_private_word_in_a_name_is_found(name: str) -> None:
    assert list(words.in_name(name))


@pytest.mark.parametrize("name", ["DeadLetter", "dead_letters", "settle_delay", "replaces", "placement", "Evaluated"])
def test_the_fields_words_in_a_name_are_let_pass(name: str) -> None:
    assert list(words.in_name(name)) == []


def test_fences_are_left_out_and_tables_are_not() -> None:
    page = "It waits.\n```text\nit was told\n```\n| told |\n"
    assert [hit.line for hit in words.in_page(page)] == [5]


def test_docstrings_comments_and_names_of_code_are_read() -> None:
    source = '"""It is told."""\n\nsettled = 1  # woken\n"""A story."""\nok = "told in a message is not read"\n'
    assert [(hit.line, hit.word) for hit in words.in_python(source)] == [
        (1, "told"), (3, "settled"), (3, "woken"), (4, "story"),
    ]  # fmt: skip


def test_a_folder_may_use_a_word_in_its_ordinary_sense() -> None:
    assert words.in_file("kittiwake/kernel/state/state.py", '"""A horizon."""\n') == []
    assert words.in_file("kittiwake/stream/intake.py", '"""A horizon."""\n') != []
