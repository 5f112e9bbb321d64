"""The repository's own files, as the repository rules look at them."""

from __future__ import annotations

import ast
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent.parent


LINKED = ("pipelines", "transforms")
"""Folders of the checkout that `kittiwake` holds as links."""


class Function(NamedTuple):
    where: str
    lines: int


def repository_files() -> list[Path]:
    """Every file of the checkout that git tracks or would track; of a link the one it stands for, and no folder."""
    return [path for path in _entries() if path.is_file()]


def _entries() -> list[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return sorted(ROOT / name for name in listed.split("\0") if name)


def copy_checkout(target: Path) -> None:
    """Every file of the checkout into another folder, links as links: as `git clone` would."""
    for path in _entries():
        if path.is_file() or path.is_symlink():
            copy = target / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, copy, follow_symlinks=False)


def python_files() -> list[Path]:
    return [path for path in repository_files() if path.suffix == ".py"]


def texts() -> Iterator[tuple[Path, str]]:
    """Every file that is text, with its text."""
    for path in repository_files():
        try:
            yield path, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(source: str, name: str) -> Iterator[Function]:
    """Every function of a module, nested ones too, with its length in lines, signature included."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield Function(f"{name}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1)


def calls(source: str) -> Iterator[tuple[int, str]]:
    """Every call of a plain name in a module: line and name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.lineno, node.func.id
