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
    importlib.import_module(module.name)
    print(module.name)
"""

IMPORTS_LITTLE = "import sys, kittiwake; print(*sorted(m for m in sys.modules if m.startswith('kittiwake')))"


def _python(code: str, root: Path) -> list[str]:
    ran = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.split()


def test_every_module_of_kittiwake_imports_without_beam_google_and_the_test_tools(root: Path) -> None:
    assert "kittiwake.kernel.plan.program" in _python(WITHOUT_BEAM, root)


def test_the_refusal_of_beam_refuses(root: Path) -> None:
    code = WITHOUT_BEAM.replace("import kittiwake\n", "import kittiwake, apache_beam\n", 1)
    with pytest.raises(AssertionError, match="apache_beam was imported"):
        _python(code, root)


def test_importing_kittiwake_imports_none_of_its_packages(root: Path) -> None:
    assert _python(IMPORTS_LITTLE, root) == ["kittiwake"]
