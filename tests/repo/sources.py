"""The repository's own files, as the repository rules look at them."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent.parent


class Function(NamedTuple):
    where: str
    lines: int


def repository_files() -> list[Path]:
    """Every file of the checkout that git tracks or would track."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return sorted(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


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
