"""The accelerator's crate: small files without unsafe code, and what Cargo's own tools say of it where they are."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib

import pytest

from tests.repo import sources

CRATE = sources.ROOT / "native"
MANIFEST = tomllib.loads((CRATE / "Cargo.toml").read_text())
LINES_MAX = 300
FREE = {"MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "Unlicense", "Unicode-3.0"}
"""Licences of which a crate offers one at least."""


def cargo(*arguments: str) -> str:
    """What Cargo says, of a crate that is fine; skips the test where the tool is not."""
    tools = {name: ["cargo", name, "--version"] for name in ("fmt", "clippy")}
    asked = tools.get(arguments[0], ["cargo", "--version"])
    if not shutil.which("cargo") or subprocess.run(asked, cwd=CRATE, capture_output=True, check=False).returncode:
        pytest.skip(f"cargo {arguments[0]} is not here")
    ran = subprocess.run(["cargo", *arguments], cwd=CRATE, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_its_files_are_small_and_none_may_be_unsafe() -> None:
    files = sorted((CRATE / "src").rglob("*.rs"))
    assert files
    assert [path.name for path in files if len(path.read_text().splitlines()) > LINES_MAX] == []
    assert MANIFEST["lints"]["rust"]["unsafe_code"] == "forbid"


def test_the_decisions_name_every_crate_that_it_uses() -> None:
    folder = sources.ROOT / "docs" / "explanation" / "adr"
    names = "".join(path.read_text().lower() for path in folder.glob("003[03]-*.md"))
    assert [name for name in MANIFEST["dependencies"] if name not in names] == []


def test_it_is_formatted() -> None:
    cargo("fmt", "--check")


@pytest.mark.nightly
@pytest.mark.timeout(3_600)  # it compiles PyO3 twice
def test_clippy_finds_nothing_and_its_own_tests_pass() -> None:
    cargo("clippy", "--quiet", "--locked", "--", "--deny", "warnings")
    cargo("test", "--quiet", "--locked")


@pytest.mark.nightly
def test_every_crate_in_it_is_free() -> None:
    packages = json.loads(cargo("metadata", "--locked", "--format-version", "1"))["packages"]
    offered = {one["name"]: set(re.split(r" OR | AND |/|[()]", one["license"])) for one in packages}
    assert {name: licences for name, licences in offered.items() if not licences & FREE} == {}
