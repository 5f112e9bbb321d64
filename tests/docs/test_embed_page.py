"""The page "Embed Kittiwake in your own pipeline": its examples run, and its names are the public ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import kittiwake
import kittiwake.beam
from tests.repo import pages, sources

PAGE = sources.ROOT / "docs" / "how-to" / "embed.md"


def test_every_example_runs_in_the_order_of_the_page(tmp_path: Path) -> None:
    """One process, since loading Beam takes seconds; each example a namespace of its own."""
    fences = [fence for fence in pages.fences(PAGE.read_text()) if fence.language == "python"]
    assert len(fences) >= 6
    script = "\n".join(
        f"exec(compile({fence.body!r}, 'embed.md:{fence.line}', 'exec'), {{'__name__': 'example'}})" for fence in fences
    )
    command = [sys.executable, "-W", "ignore", "-c", f"import sys; sys.path.insert(0, {str(sources.ROOT)!r})\n{script}"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-4_000:]
    rows = b"".join(path.read_bytes() for path in (tmp_path / "out" / "stream" / "decisions").iterdir())
    assert rows.count(b"\n") == 1


def test_every_public_step_is_on_the_page() -> None:
    text = PAGE.read_text()
    names = {*kittiwake.beam.__all__} - {"ParsedMessages", "Evaluated", "EvaluatedHistories", "RulesSource"}
    assert [name for name in sorted(names) if name not in text] == []
    assert [name for name in ("load_rules", "replay", "explain_contact") if name not in text] == []
