"""Every error has a pair of files: an invalid one with the exact text of its errors, and a valid one that loads."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from kittiwake.rules import Code, RulesError, load_files
from kittiwake.rules.source import yaml as yaml_source
from tests.rules.goldens import HERE, assert_golden

PAIRS = HERE / "errors"
INVALID = sorted(path for path in PAIRS.glob("*.bad.*") if path.suffix != ".ics")
VALID = sorted(path for path in PAIRS.glob("*.good.*") if path.suffix != ".ics")

ELSEWHERE = {
    Code.ACCOUNT_DISAGREES: "test_loader: takes two files",
    Code.NO_FILES: "test_loader: takes a directory",
    Code.NOT_UTF8: "test_loader: takes bytes",
}


def contents_of(path: Path) -> dict[str, bytes]:
    """The file, and its calendar beside it, if it has one."""
    return {one.name: one.read_bytes() for one in (path, path.with_suffix(".ics")) if one.exists()}


def errors_of(path: Path) -> str:
    with pytest.raises(RulesError) as caught:
        load_files(contents_of(path))
    return "".join(f"{error}  [{error.code}]\n" for error in caught.value.errors)


def golden_of(path: Path) -> Path:
    return path.with_name(path.name.split(".")[0] + ".errors.txt")


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.name)
def test_an_invalid_file_is_refused_with_exactly_these_words(path: Path) -> None:
    assert_golden(golden_of(path), errors_of(path))


@pytest.mark.parametrize("path", [path for path in INVALID if path.suffix == ".yaml"], ids=lambda path: path.name)
def test_the_parser_in_python_says_the_same(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_source, "LOADER", yaml.SafeLoader)
    assert errors_of(path) == golden_of(path).read_text(encoding="utf-8")


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.name)
def test_a_valid_file_loads(path: Path) -> None:
    assert load_files(contents_of(path)).version


def test_every_file_has_its_pair_and_its_text() -> None:
    names = [{path.name.split(".")[0] for path in paths} for paths in (INVALID, VALID, PAIRS.glob("*.errors.txt"))]
    assert names[0] == names[1] == names[2]


@pytest.mark.parametrize("code", Code)
def test_every_code_has_a_pair(code: Code) -> None:
    raised = any(f"[{code}]" in golden_of(path).read_text(encoding="utf-8") for path in INVALID)
    assert raised != (code in ELSEWHERE), f"{code}: {ELSEWHERE.get(code, 'write a pair for it')}"


def test_no_message_speaks_of_the_library_that_found_it() -> None:
    texts = " ".join(golden_of(path).read_text(encoding="utf-8") for path in INVALID)
    assert not [word for word in ("Input should", "pydantic", "validator", "union", "dict", "None") if word in texts]
