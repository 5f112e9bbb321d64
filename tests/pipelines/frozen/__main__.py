"""Freeze what is now: `python -m tests.pipelines.frozen`. Only for a release that says so, see the test's advice."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from kittiwake.stream.records import encode
from tests.pipelines.frozen.graph import shape_of_the_job
from tests.pipelines.frozen.records import begun, gone_on, records

FOLDER = Path(__file__).parent
GRAPH = FOLDER / "graph.txt"
RECORDS = FOLDER / "records.json"


def main() -> None:
    with TemporaryDirectory() as folder:
        GRAPH.write_text("\n".join(shape_of_the_job(Path(folder))) + "\n", encoding="utf-8")
    kept = begun()
    contact = {"cell": kept.cell.hex(), "bag": [one.hex() for one in kept.bag], "told": gone_on(kept)}
    written = {name: encode(record).hex() for name, record in records().items()}
    RECORDS.write_text(json.dumps({"records": written, "contact": contact}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
