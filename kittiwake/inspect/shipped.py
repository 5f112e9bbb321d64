"""A shape that is shipped, as the text of a shape file for files that are written in another way.

Reads the files of the package.
"""

from __future__ import annotations

from importlib.resources import files

from kittiwake.input.mapping.spec import MappingSpec, Records
from kittiwake.inspect.layout import Layout
from kittiwake.inspect.shape_text import records_text, value_text
from kittiwake.shape_files.reading import spec_from


def shipped_text(name: str, layout: Layout, account_id: str) -> tuple[str, bool]:
    """The text of a shape that is shipped, with how these files are written; and whether that is as it was shipped."""
    raw = files("kittiwake.shape_files").joinpath("shipped", f"{name}.yaml").read_bytes()
    spec = spec_from(f"{name}.yaml", raw)
    lines = raw.decode().split("\n")
    if not _says_account(spec):
        first = next(at for at, line in enumerate(lines) if not line.startswith("#"))
        lines.insert(first, f"account: {{value: {value_text(account_id)}}}   # the account of your rules")
    if _is_as_shipped(spec.records, layout):
        return "\n".join(lines), True
    records = records_text(layout, spec.records.json, spec.records.pairs)
    return "\n".join([*([records] if records else []), *_without(lines, "records")]), False


def _says_account(spec: MappingSpec) -> bool:
    return spec.account is not None or bool(spec.account_paths)


def _is_as_shipped(records: Records, layout: Layout) -> bool:
    written = (records.format, records.at, records.delimiter, records.encoding)
    return written == (layout.format, layout.at, layout.delimiter, layout.encoding)


def _without(lines: list[str], key: str) -> list[str]:
    """Lines of YAML without a key at its top and what belongs to it."""
    kept, is_inside = [], False
    for line in lines:
        if line and not line[0].isspace() and not line.startswith("#"):
            is_inside = line.startswith(f"{key}:")
        if not is_inside:
            kept.append(line)
    return kept
