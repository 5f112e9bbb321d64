"""`python -m benchmarks.columnar`: the same events as JSON lines and as Parquet, replayed, and DuckDB over the Parquet.

Each run is a process of its own; CPU and its largest resident size count. `intake` is the path itself, from a file to
the events that are wanted, which is what differs: its CPU counts once it is loaded. `no events` and `arrow only` say
what the interpreter and the library take: the first replays nothing, the second reads all columns and does nothing.

    python -m benchmarks.columnar                        # 1,000,000 events
    python -m benchmarks.columnar --events 5000000       # as `make nightly` has it
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.cases import PEERS, UNTIL
from benchmarks.measuring import Cost, run
from benchmarks.rulesets import ONE, TWELVE, write_rules
from kittiwake.batch.summary import from_text

REPLAY: Final = ("-c", "from kittiwake.cli.entry import main; main()", "replay")
_READ: Final = "p.ParquetFile(sys.argv[1]).iter_batches(16_384, use_threads=False)"
ARROW_ONLY: Final = (
    "-c",
    f"import sys, pyarrow.parquet as p\nfor _ in {_READ}: pass",
)
TO_PARQUET: Final = "import sys; from benchmarks.columnar import to_parquet; to_parquet(*sys.argv[1:])"
TAKE_IN: Final = "import sys; from benchmarks.columnar import take_in; take_in(*sys.argv[1:])"
ROWS_A_GROUP: Final = 250_000
RATIO_MAX: Final = 0.6
"""Of the CPU of JSON lines."""


def main() -> int:
    """Run the cases and print a table; 1 if the columnar path decided something else."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000, help="how many (default 1,000,000)")
    events: int = parser.parse_args().events
    print("| case | events | CPU s | CPU s per million | peak MB | triggers |")
    print("| --- | --: | --: | --: | --: | --: |")
    with TemporaryDirectory() as text:
        folder = Path(text)
        rules, lines = write_rules(ONE, folder), folder / "events.jsonl"
        _own_process("-m", "benchmarks.generate", "--events", str(events), "--output", str(lines))
        _own_process("-c", TO_PARQUET, str(lines), str(folder / "events.parquet"))
        found = {name: _replayed(folder, rules, name) for name in ("events.jsonl", "events.parquet")}
        twelve = write_rules(TWELVE, folder)
        of_twelve = {f"{name}, twelve rules": _replayed(folder, twelve, name) for name in tuple(found)}
        taken = {name: _taken_in(folder, rules, name) for name in ("events.jsonl", "events.parquet")}
        (folder / "none.jsonl").write_bytes(b"")
        costs = {name: cost for name, (cost, _) in (found | of_twelve).items()}
        fired = {name: number for name, (_, number) in (found | of_twelve).items()}
        costs["no events"], fired["no events"] = _replayed(folder, rules, "none.jsonl")
        costs["arrow only"] = run([sys.executable, *ARROW_ONLY, str(folder / "events.parquet")], folder, folder / "log")
        costs["DuckDB, 1 thread"] = _duckdb(folder)
        fired["DuckDB, 1 thread"] = len((folder / "duckdb" / "triggers.jsonl").read_bytes().splitlines())
    for name, cost in costs.items():
        print(_row(name, events, cost, fired.get(name)), flush=True)
    for name, cpu_s in taken.items():
        print(f"| intake, {name} | {events:,} | {cpu_s:.2f} | {cpu_s / events * 1e6:.2f} | – | – |")
    ratio = taken["events.parquet"] / taken["events.jsonl"]
    print(f"\nBoth by Python, Parquet takes {ratio:.2f} of the CPU of JSON lines to take in (aim: {RATIO_MAX}).")
    agree = fired["events.jsonl"] == fired["events.parquet"] == fired["DuckDB, 1 thread"]
    return 0 if agree and len({number for _, number in of_twelve.values()}) == 1 else 1


def _own_process(*command: str) -> None:
    """Run a part of the preparation: its memory is not to count as that of a case, which begins as large as we are."""
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)


def to_parquet(lines: str, target: str) -> None:
    """The same events as columns: times as instants, properties as JSON text, as BigQuery hands them over."""
    import duckdb  # noqa: PLC0415 - only this process needs it

    columns = "event_id: 'VARCHAR', account_id: 'VARCHAR', contact_id: 'VARCHAR', type: 'VARCHAR', time: 'TIMESTAMPTZ'"
    source = f"read_json('{lines}', format = 'newline_delimited', columns = {{{columns}, properties: 'VARCHAR'}})"
    duckdb.sql(f"COPY (SELECT * FROM {source}) TO '{target}' (FORMAT parquet, ROW_GROUP_SIZE {ROWS_A_GROUP})")


def _replayed(folder: Path, rules: Path, name: str) -> tuple[Cost, int]:
    output = folder / f"out-{name}"
    flags = ["--rules", rules, "--input", folder / name, "--output", output, "--until", UNTIL, "--allow-empty"]
    cost = run([sys.executable, *REPLAY, *map(str, flags)], Path.cwd(), folder / "log")
    assert cost.exit_code == 0, (folder / "log").read_text()
    return cost, from_text((output / "summary.json").read_bytes()).triggers


def _taken_in(folder: Path, rules: Path, name: str) -> float:
    """The CPU seconds of taking a file in by Python: what the accelerator gains is seen in the replays."""
    command = [sys.executable, "-c", TAKE_IN, str(rules), str(folder / name)]
    without = {**os.environ, "KITTIWAKE_NATIVE": "0"}
    return float(subprocess.run(command, env=without, check=True, capture_output=True, text=True).stdout)


def take_in(rules: str, name: str) -> None:
    """Print the CPU seconds that it takes to come from a file to the events that rules want."""
    from kittiwake.batch.counts import Counts  # noqa: PLC0415 - only this process needs them
    from kittiwake.batch.intake import Intake  # noqa: PLC0415
    from kittiwake.batch.settings import RunSettings  # noqa: PLC0415
    from kittiwake.input import parquet  # noqa: F401, PLC0415 - loaded before the clock is read
    from kittiwake.input.columns import bulk  # noqa: F401, PLC0415 - likewise
    from kittiwake.input.reading import read_any  # noqa: PLC0415
    from kittiwake.rules.compile.accounts import Programs  # noqa: PLC0415
    from kittiwake.rules.loader import load  # noqa: PLC0415
    from kittiwake.time.instants import parse_instant  # noqa: PLC0415

    intake = Intake(RunSettings(parse_instant(UNTIL)), Programs(load(rules)), Counts())
    began_s = time.process_time()
    for block in read_any(name):
        intake.take(name, block)
    print(time.process_time() - began_s)


def _duckdb(folder: Path) -> Cost:
    """The query of the peer, over the Parquet."""
    (folder / "duckdb").mkdir()
    script = (PEERS / "duckdb_sql.py").read_text()
    start, end = script.index("read_json("), script.index("WHERE type IN")
    (folder / "duckdb_parquet.py").write_text(f"{script[:start]}read_parquet($source) {script[end:]}")
    argv: list[Any] = [folder / "duckdb_parquet.py", folder / "events.parquet", folder / "duckdb", UNTIL, "1"]
    cost = run([sys.executable, *map(str, argv)], folder, folder / "log")
    assert cost.exit_code == 0, (folder / "log").read_text()
    return cost


def _row(name: str, events: int, cost: Cost, fired: int | None) -> str:
    each = cost.cpu_s / events * 1e6
    shown = "–" if fired is None else f"{fired:,}"
    return f"| {name} | {events:,} | {cost.cpu_s:.2f} | {each:.2f} | {cost.peak_mb:,.0f} | {shown} |"


if __name__ == "__main__":
    sys.exit(main())
