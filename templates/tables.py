"""The tables and views that Terraform makes, as data; the committed file is exactly this (`make metadata`).

The module `warehouse` reads it. What a table is stands in `kittiwake.stream.tables.schema`, as for `--create_tables`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from kittiwake.stream.tables.schema import RUNS, SNAPSHOTS, TABLES, VIEWS, Column, Table, Type, View

TABLES_FILE: Final = Path(__file__).parent / "terraform" / "modules" / "warehouse" / "tables.json"
_API_NAMES: Final = {Type.INT64: "INTEGER", Type.BOOL: "BOOLEAN"}
"""As BigQuery's API answers: under another name Terraform would find a change in every plan."""


def tables_text() -> str:
    """The file: tables by name, the views that read tables, and those that read views."""
    views = {view.name for view in VIEWS}
    deep = [view for view in VIEWS if any(f"{{tables}}{name}`" in view.sql for name in views)]
    found = {
        "tables": {table.name: _table(table) for table in (*TABLES, SNAPSHOTS, RUNS)},
        "views": {view.name: _view(view) for view in VIEWS if view not in deep},
        "views_over_views": {view.name: _view(view) for view in deep},
    }
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _table(table: Table) -> dict[str, Any]:
    return {
        "description": table.description,
        "partition": table.partition,
        "expiry_days": table.expiry_days,
        "clustering": list(table.clustering),
        "schema": [_column(column) for column in table.columns],
    }


def _column(column: Column) -> dict[str, str]:
    kind = _API_NAMES.get(column.type, column.type.value)
    return {"name": column.name, "type": kind, "mode": column.mode.value, "description": column.description}


def _view(view: View) -> dict[str, str]:
    return {"description": view.description, "sql": view.sql}
