"""The files of a new project, and writing them: all of them where none was, or none.

Writes files. Called by `kittiwake init`.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import msgspec

from kittiwake.errors import UnusableError
from kittiwake.output.text_files import write_file
from kittiwake.rules.json_schema import json_schema as schema_of_rules
from kittiwake.scenarios.models import json_schema as schema_of_scenarios

TEMPLATES: Final = {
    "README.md": "readme",
    "Makefile": "makefile",
    ".gitignore": "gitignore",
    "rules/shop.yaml": "shop.yaml",
    "rules/shop.test.yaml": "shop.test.yaml",
    "events/sample.jsonl": "sample.jsonl",
    ".vscode/settings.json": "settings.json",
    ".vscode/extensions.json": "extensions.json",
    ".github/workflows/rules.yaml": "workflow.yaml",
}
"""From a file of the project to its template."""

SCHEMAS: Final = {
    "schemas/rules.schema.json": schema_of_rules,
    "schemas/scenarios.schema.json": schema_of_scenarios,
}


def project_files() -> dict[str, str]:
    """The text of each file, by its name."""
    folder = files("kittiwake.project").joinpath("template")
    texts = {
        name: folder.joinpath(f"{template}.txt").read_text(encoding="utf-8") for name, template in TEMPLATES.items()
    }
    return texts | {name: _json(schema()) for name, schema in SCHEMAS.items()}


def _json(value: dict[str, Any]) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"


def write_project(folder: Path) -> list[str]:
    """Write a project into a folder, which is made if need be; the names of its files are returned.

    Raises:
        UnusableError: one of them is there already, whereupon none is written; or one cannot be written.
    """
    texts = project_files()
    there = [name for name in texts if (path := folder / name).exists() or path.is_symlink()]
    if there:
        others = f" and {len(there) - 1} more files" if len(there) > 1 else ""
        raise UnusableError(f"{folder / there[0]}{others} is there already: name another folder, or move it away")
    for name, text in texts.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UnusableError(f"cannot make the folder {path.parent}: {error.strerror or error}") from error
        write_file(path, text, force=False)
    return list(texts)
