"""A Dockerfile as its stages and their lines, and a rehearsal of it, without Docker and without a network.

A stage from elsewhere is a venv of the same Python, in `usr/local` as the real one; one from another stage starts with
what that one holds. RUN lines see a folder of wheels and Cargo's folder of crates, and no registry.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple


class Instruction(NamedTuple):
    word: str
    text: str


@dataclass
class Stage:
    name: str
    source: str
    lines: list[Instruction] = field(default_factory=list)

    def values(self, word: str) -> list[str]:
        return [line.text for line in self.lines if line.word == word]


def stages(text: str) -> dict[str, Stage]:
    """The stages of a Dockerfile, by name."""
    found: dict[str, Stage] = {}
    for word, rest in _instructions(text):
        if word == "FROM":
            source, _, name = rest.partition(" AS ")
            stage = found[name] = Stage(name, source)
        else:
            stage.lines.append(Instruction(word, rest))
    return found


def _instructions(text: str) -> Iterator[Instruction]:
    plain = "\n".join(line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    for line in plain.replace("\\\n", " ").splitlines():
        word, _, rest = line.partition(" ")
        yield Instruction(word, rest.strip())


class Rehearsal:
    """Plays stages in folders below `root`; `not_tried` are the lines about images that only Docker can bring."""

    def __init__(self, context: Path, root: Path, python: str, wheels: Path, crates: Path) -> None:
        self._context, self._root, self._python = context, root, python
        self._environment = {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_FIND_LINKS": str(wheels),
            "PIP_NO_INDEX": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "CARGO_HOME": str(crates),
            "CARGO_NET_OFFLINE": "true",
            "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", str(Path.home() / ".rustup")),
            "HOME": str(root),
            "https_proxy": "http://127.0.0.1:9",
        }
        self._working: dict[str, str] = {}
        """The working folder that a stage ends in, where the next one from it begins."""
        self.not_tried: list[str] = []

    def folder(self, stage: str) -> Path:
        return self._root / stage

    def environment(self, stage: str) -> dict[str, str]:
        return {**self._environment, "PATH": f"{self.folder(stage)}/usr/local/bin:{os.environ['PATH']}"}

    def play(self, found: dict[str, Stage]) -> None:
        for stage in found.values():
            if stage.lines:
                self._play(stage, found)

    def _play(self, stage: Stage, found: dict[str, Stage]) -> None:
        folder, at = self.folder(stage.name), self._working.get(stage.source, ".")
        if stage.source in found:
            shutil.copytree(self.folder(stage.source), folder, symlinks=True)
        else:
            subprocess.run([self._python, "-m", "venv", folder / "usr" / "local"], check=True)
        for line in stage.lines:
            if line.word == "WORKDIR":
                at = line.text.lstrip("/")
                (folder / at).mkdir(parents=True, exist_ok=True)
            elif line.word == "COPY":
                self._copy(line.text, folder, at, found)
            elif line.word == "RUN":
                self._run(line.text, stage.name, folder / at)
        self._working[stage.name] = at

    def _copy(self, text: str, folder: Path, at: str, found: dict[str, Stage]) -> None:
        *names, target = shlex.split(text)
        source = self._context
        if names[0].startswith("--from="):
            stage = found[names.pop(0).removeprefix("--from=")]
            if not stage.lines:
                self.not_tried.append(f"COPY {text}")
                return
            source = self.folder(stage.name)
        into = folder / target.lstrip("/") if target.startswith("/") else folder / at / target
        for name in names:
            path = source / name.lstrip("/")
            if path.is_dir():
                shutil.copytree(path, into, dirs_exist_ok=True, symlinks=True)
            else:
                into.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, into)

    def _run(self, text: str, stage: str, folder: Path) -> None:
        ran = subprocess.run(
            ["sh", "-c", text], cwd=folder, env=self.environment(stage), capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, f"RUN {text}\n{ran.stdout}{ran.stderr}"
