"""Adds the crates that the accelerator is made of to a bill of materials: `python -m templates.crates out/sbom.json`.

`make audit` calls it. The same lock gives the same bytes. Written as CycloneDX 1.6 asks for: a component each, its hash
that of the file which Cargo takes for it.
"""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

LOCK: Final = Path(__file__).parent.parent / "native" / "Cargo.lock"


def components(lock: dict[str, Any]) -> list[dict[str, Any]]:
    """A component for each crate of a `Cargo.lock` that is not our own."""
    return [_component(one) for one in lock["package"] if "checksum" in one]


def _component(crate: dict[str, str]) -> dict[str, Any]:
    address = f"pkg:cargo/{crate['name']}@{crate['version']}"
    return {
        "type": "library",
        "bom-ref": address,
        "name": crate["name"],
        "version": crate["version"],
        "purl": address,
        "hashes": [{"alg": "SHA-256", "content": crate["checksum"]}],
    }


def main(bill: str) -> None:
    """Add them to the file `bill`."""
    path = Path(bill)
    found = json.loads(path.read_text(encoding="utf-8"))
    found["components"] += components(tomllib.loads(LOCK.read_text(encoding="utf-8")))
    path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
