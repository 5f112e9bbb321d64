"""That shells complete the command: what they are told, and bash itself asked."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kittiwake.cli.main import app
from tests.cli.command import kittiwake

ASKED = {
    "bash": lambda line: {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)},
    "zsh": lambda line: {"_TYPER_COMPLETE_ARGS": line},
    "fish": lambda line: {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
}


@pytest.mark.parametrize("shell", ASKED)
@pytest.mark.parametrize(
    ("line", "offered"),
    [("kittiwake v", {"validate", "versions"}), ("kittiwake replay --format ", {"jsonl", "parquet"})],
)
def test_a_shell_is_told_how_a_line_goes_on(shell: str, line: str, offered: set[str]) -> None:
    result = CliRunner().invoke(app, [], env={"_KITTIWAKE_COMPLETE": f"complete_{shell}", **ASKED[shell](line)})
    words = {word.strip("\"'()") for word in result.stdout.replace(":", " ").split()}
    assert offered <= words
    assert {"replay", "json"} & words == set()


@pytest.mark.parametrize(
    ("shell", "file", "read_by"),
    [
        ("bash", ".bash_completions/kittiwake.sh", ".bashrc"),
        ("zsh", ".zfunc/_kittiwake", ".zshrc"),
        ("fish", ".config/fish/completions/kittiwake.fish", None),
    ],
)
def test_it_is_installed_where_the_shell_finds_it(
    shell: str, file: str, read_by: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SHELL", f"/bin/{shell}")
    assert kittiwake("completion", "--install").code == 0
    assert (tmp_path / file).read_text().strip() == kittiwake("completion", shell).out.strip()
    if read_by is not None:
        before = (tmp_path / read_by).read_text()
        assert Path(file).parts[0] in before
        assert kittiwake("completion", shell, "--install").code == 0
        assert (tmp_path / read_by).read_text().strip() == before.strip()


def test_a_shell_that_is_none_of_these_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SHELL", "/bin/dash")
    assert kittiwake("completion") == (2, "", "SHELL names dash: write bash, zsh or fish\n")
    monkeypatch.setenv("HOME", str(tmp_path / "file" / "below"))
    (tmp_path / "file").write_text("")
    ran = kittiwake("completion", "bash", "--install")
    assert (ran.code, "cannot be written" in ran.err) == (2, True)


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes_a_line(tmp_path: Path) -> None:
    program = tmp_path / "kittiwake"
    program.write_text(f"#!{sys.executable}\nfrom kittiwake.cli.entry import main\nmain()\n")
    program.chmod(0o755)
    asking = """source <(kittiwake completion bash)
COMP_WORDS=(kittiwake publish --dr) COMP_CWORD=2
_kittiwake_completion kittiwake
echo "${COMPREPLY[@]}"
complete -p kittiwake"""
    path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(["bash", "-c", asking], env=environment, capture_output=True, text=True, check=False)
    assert ran.stderr == ""
    assert ran.stdout.splitlines() == ["--dry-run", "complete -o default -F _kittiwake_completion kittiwake"]
