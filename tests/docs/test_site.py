"""The site of the documentation builds without a warning, and a broken link is one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

if not os.environ.get("CI"):
    for module in ("sphinx", "myst_parser", "furo"):
        pytest.importorskip(module)

BROKEN = "# A page\n\n[gone](gone.md) [no heading](page.md#no-heading)\n"


def _build(docs: Path, output: Path, root: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-W", "--keep-going", "-q", str(docs), str(output)]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def test_in_ci_the_generator_is_installed() -> None:
    assert find_spec("sphinx")
    assert find_spec("myst_parser")


def test_the_site_builds_and_has_every_page(root: Path, tmp_path: Path) -> None:
    built = _build(root / "docs", tmp_path, root)
    assert (built.returncode, built.stderr) == (0, "")
    pages = {path.relative_to(root / "docs").with_suffix(".html") for path in (root / "docs").rglob("*.md")}
    assert {page for page in pages if not (tmp_path / page).exists()} == set()


def test_broken_links_and_unlisted_pages_are_refused(root: Path, tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    shutil.copy(root / "docs" / "conf.py", docs)
    (docs / "index.md").write_text("# Index\n\n## Part\n\n- [a page](page.md)\n")
    (docs / "page.md").write_text(BROKEN)
    (docs / "unlisted.md").write_text("# Nobody links here\n")
    built = _build(docs, tmp_path / "out", root)
    assert built.returncode != 0
    assert {what for what in ("gone.md", "no-heading", "unlisted.md") if what not in built.stderr} == set()
