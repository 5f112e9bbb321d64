"""The pages: links lead somewhere, and what they tell a reader to type works.

Fences marked `bash` are run, one shell a page; `console` shows what is not run here, its `make` commands must exist.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repo import pages, sources

MAKE = re.compile(r"^\$ make ([a-z-]+)", re.MULTILINE)
PAGE = re.compile(r"(?<![\w./-])(docs/[\w./-]+\.md|(?:rules|semantics|events|output)\.md)\b")
LANGUAGES = {"bash", "console", "yaml", "json", "python", "text", "sql", "toml", ""}
WITH_COMMANDS = [
    page for page in pages.pages() if any(fence.language == "bash" for fence in pages.fences(page.read_text()))
]


def _broken(page: Path) -> list[str]:
    return [link for link in pages.links(page.read_text()) if "://" not in link and not _resolves(page, link)]


def _resolves(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = page.parent / path if path else page
    if not target.exists():
        return False
    return not anchor or target.suffix != ".md" or anchor in pages.anchors(target.read_text())


def test_every_link_of_every_page_leads_somewhere() -> None:
    assert {sources.name_of(page): links for page in pages.pages() if (links := _broken(page))} == {}


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A heading\n[ok](#a-heading) [ok](page.md) [no](#b) [no](gone.md)\n```text\n[not a link](x)\n```\n"
    )
    assert _broken(page) == ["#b", "gone.md"]


def test_every_page_that_code_names_exists() -> None:
    """Error messages, help texts, docstrings and comments: `docs/….md`, or the bare name of one page."""
    names = [page.name for page in pages.pages()]
    found = [
        (sources.name_of(path), name)
        for path, text in sources.texts()
        if path.suffix != ".md"
        for name in PAGE.findall(text)
        if not ((sources.ROOT / name).exists() if "/" in name else names.count(name) == 1)
    ]
    assert found == []


def test_every_fence_says_a_language_the_tests_know() -> None:
    found = {(sources.name_of(p), f.line, f.language) for p in pages.pages() for f in pages.fences(p.read_text())}
    assert {fence for fence in found if fence[2] not in LANGUAGES} == set()


def test_every_make_command_shown_exists(root: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(), re.MULTILINE))
    shown = {(sources.name_of(page), name) for page in pages.pages() for name in MAKE.findall(page.read_text())}
    assert {command for command in shown if command[1] not in targets} == set()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the checkout to type commands in, with the purchases already fetched."""
    for path in sources.repository_files():
        target = tmp_path / path.relative_to(sources.ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    if (data := sources.ROOT / "out" / "data").exists():
        shutil.copytree(data, tmp_path / "out" / "data")
    return tmp_path


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=sources.name_of)
def test_the_commands_of_a_page_run_in_the_order_they_are_read(page: Path, checkout: Path) -> None:
    script = "\n".join(fence.body for fence in pages.fences(page.read_text()) if fence.language == "bash")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(checkout), "COLUMNS": "120"}
    ran = subprocess.run(
        ["bash", "-euxo", "pipefail", "-c", script],
        cwd=checkout, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-4_000:] + ran.stderr[-4_000:]
