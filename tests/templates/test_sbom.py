"""The bill of materials that `make audit` writes is that of the lock, and the same each time."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from templates import crates
from tests.templates.tools import tool

LOCKED = re.compile(r"^([a-z0-9-]+)==([^ ]+) \\$((?:\n    --hash=sha256:[0-9a-f]{64}(?: \\)?)+)", re.MULTILINE)

CRATES = re.compile(r'name = "(.+)"\nversion = "(.+)"\nsource = ".+"\nchecksum = "([0-9a-f]{64})"')


def written(root: Path, to: Path) -> bytes:
    """What the line of the Makefile writes."""
    (line,) = re.findall(r"bin/cyclonedx-py ((?:.*\\\n)*.*)", (root / "Makefile").read_text())
    arguments = line.replace("\\\n", " ").replace("out/sbom.json", str(to)).split()
    subprocess.run([tool("cyclonedx-py", "audit"), *arguments], cwd=root, check=True, capture_output=True)
    return to.read_bytes()


@pytest.mark.nightly
def test_the_bill_of_materials_names_every_package_of_the_lock_with_its_hashes(root: Path, tmp_path: Path) -> None:
    made = written(root, tmp_path / "sbom.json")
    components: list[dict[str, Any]] = json.loads(made)["components"]
    found = {(one["name"], one["version"]): _hashes(one) for one in components}
    lock = (root / "templates/requirements.lock").read_text()
    assert found == {
        (name, version): set(re.findall("[0-9a-f]{64}", told)) for name, version, told in LOCKED.findall(lock)
    }
    assert len(found) == lock.count("==")
    assert written(root, tmp_path / "again.json") == made


def test_the_bill_of_materials_names_every_crate_of_the_accelerator_with_its_hash(root: Path, tmp_path: Path) -> None:
    bill = tmp_path / "sbom.json"
    package = {"type": "library", "name": "apache-beam", "version": "2.77.0"}
    bill.write_text(json.dumps({"bomFormat": "CycloneDX", "components": [package]}))
    crates.main(str(bill))
    first, *added = json.loads(bill.read_text())["components"]
    assert first == package
    lock = (root / "native/Cargo.lock").read_text()
    assert {(one["purl"], one["hashes"][0]["content"]) for one in added} == {
        (f"pkg:cargo/{name}@{version}", told) for name, version, told in CRATES.findall(lock)
    }
    assert len(added) == lock.count("[[package]]") - 1, "all but our own"


def _hashes(component: dict[str, Any]) -> set[str]:
    return {told["content"] for reference in component["externalReferences"] for told in reference["hashes"]}
