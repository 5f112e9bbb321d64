"""What may be imported without what else: kittiwake without Beam, Google and the test tools."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

WITHOUT_BEAM = """
import importlib, pkgutil, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"apache_beam", "google", "hypothesis", "pytest"}:
            raise ImportError(f"{name} was imported")

sys.meta_path.insert(0, Refuse())
import kittiwake
for module in pkgutil.walk_packages(kittiwake.__path__, "kittiwake."):
    if module.name == "kittiwake.testing.collecting":  # what pytest itself asks for
        continue
    if module.name.startswith(("kittiwake.pipelines.", "kittiwake.transforms.")):
        continue
    importlib.import_module(module.name)
    print(module.name)
"""

IMPORTS_LITTLE = "import sys, kittiwake; print(*sorted(m for m in sys.modules if m.startswith('kittiwake')))"

NOT_NEEDED = (
    "kittiwake.batch.catalog",
    "kittiwake.batch.items",
    "kittiwake.kernel.incremental",
    "kittiwake.kernel.items",
    "kittiwake.kernel.run.catalog",
    "kittiwake.kernel.plan.catalog_plan",
    "kittiwake.kernel.state.codec",
    "kittiwake.rules.compile.catalog",
    "kittiwake.event_plan",
    "kittiwake.input.bigquery",
    "kittiwake.input.foreign.records",
    "kittiwake.input.mapping",
    "kittiwake.input.parquet",
    "kittiwake.scenarios",
    "kittiwake.simulate",
    "kittiwake.explain",
    "pyarrow",
)
"""What a replay of JSON lines that writes no snapshots has no use for, by rules without items."""
COMMAND = """
import sys
from kittiwake.cli.main import app
try:
    app(sys.argv[1:])
except SystemExit as ended:
    assert ended.code == 0, ended.code
print("modules", *sorted(sys.modules))
"""
EVENT = '{"event_id":"e","account_id":"a","contact_id":"c","type":"t","time":"2026-03-01T00:00:00Z"}'


def _python(code: str, root: Path, *arguments: str) -> list[str]:
    ran = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=root, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.split()


def test_every_module_but_jobs_and_steps_imports_without_beam_google_and_the_test_tools(root: Path) -> None:
    assert "kittiwake.kernel.plan.program" in _python(WITHOUT_BEAM, root)


def test_the_refusal_of_beam_refuses(root: Path) -> None:
    code = WITHOUT_BEAM.replace("import kittiwake\n", "import kittiwake, apache_beam\n", 1)
    with pytest.raises(AssertionError, match="apache_beam was imported"):
        _python(code, root)


def test_importing_kittiwake_imports_none_of_its_packages(root: Path) -> None:
    assert _python(IMPORTS_LITTLE, root) == ["kittiwake"]


def test_a_replay_by_rules_without_items_loads_nothing_that_it_does_not_need(root: Path, tmp_path: Path) -> None:
    rules, events = tmp_path / "rules.yaml", tmp_path / "events.jsonl"
    rules.write_text("account: a\nrules: [{id: r, when: t}]\n")
    events.write_text(EVENT)
    argv = ["replay", "--rules", str(rules), "--input", str(events), "--output", str(tmp_path / "out")]
    loaded = _python(COMMAND, root, *argv)
    assert "kittiwake.batch.replay" in loaded
    assert [name for name in loaded if any(f"{name}.".startswith(f"{one}.") for one in NOT_NEEDED)] == []


def test_help_loads_no_command(root: Path) -> None:
    loaded = _python(COMMAND, root, "--help")
    assert "kittiwake.cli.main" in loaded
    assert [name for name in loaded if name.startswith(("kittiwake.cli.commands.", "pydantic", "rich"))] == []
