"""What `make demo` runs: the main job on purchases that happened and on a shop that was made up.

    python -m examples.demo --output out/demo

For each of the two it writes the events, runs `python -m kittiwake.pipelines.backfill` on them, as anybody would, and
leaves the job's output and a spreadsheet of what fired.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from examples.cdnow import convert, fetch
from examples.shop import generate

EXAMPLES: Final = Path(__file__).parent
COLUMNS: Final = (
    "fired_at", "account_id", "contact_id", "rule_id", "kind", "time",
    "instance", "threshold", "reminder", "occurrence", "include", "trigger_id",
)  # fmt: skip
"""Of a trigger, what a person looks at."""
OUTCOMES: Final = ("fired", "entered", "exited", "not sent")


class Demo(NamedTuple):
    """One example, its events written."""

    name: str
    about: str
    folder: Path
    events: Path

    @property
    def rules(self) -> Path:
        here = Path.cwd()
        return (EXAMPLES.relative_to(here) if EXAMPLES.is_relative_to(here) else EXAMPLES) / self.name / "rules"

    @property
    def run(self) -> Path:
        """Where the job writes."""
        return self.folder / "run"


def cdnow(output: Path, purchases: Path, buyers: int | None) -> Demo:
    """The real purchases, or those of the first buyers."""
    folder = output / "cdnow"
    events = convert.convert(fetch.fetch(purchases), folder / "events", buyers)
    return Demo("cdnow", "purchases that happened: the CD buyers of 1997–98", folder, events)


def shop(output: Path, contacts: int, seed: int) -> Demo:
    """The generated shop."""
    folder = output / "shop"
    events = generate.write(folder / "events", contacts, seed, days=180)
    return Demo("shop", f"a shop made up from seed {seed}: half a year of {contacts:,} contacts", folder, events)


def play(demo: Demo) -> None:
    """Run the job on the events of a demo, on the terminal as it is, and make a spreadsheet of its triggers."""
    print(f"\n== {demo.name}: {demo.about}", flush=True)
    command = [
        "-m",
        "kittiwake.pipelines.backfill",
        "--rules",
        demo.rules,
        "--input",
        demo.events,
        "--output",
        demo.run,
    ]
    words = [str(word) for word in command]
    print(f"$ python {' '.join(words)}", flush=True)
    subprocess.run([sys.executable, *words], check=True)
    _spreadsheet(demo)


def _spreadsheet(demo: Demo) -> None:
    with (demo.folder / "triggers.csv").open("w", encoding="utf-8", newline="") as sheet:
        rows = csv.DictWriter(sheet, COLUMNS, extrasaction="ignore")
        rows.writeheader()
        rows.writerows(sorted(_triggers(demo), key=lambda row: (row["fired_at"], row["trigger_id"])))


def _triggers(demo: Demo) -> Iterator[dict[str, Any]]:
    for part in sorted((demo.run / "triggers").glob("*.jsonl")):
        with part.open(encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                yield row | {name: json.dumps(row[name], ensure_ascii=False) for name in ("instance", "include")}


def _table(demo: Demo) -> str:
    """What came of every rule: how often it fired, entered, exited, and how often it did not."""
    counted: dict[tuple[str, str], Counter[str]] = {}
    for row in json.loads((demo.run / "summary.json").read_text(encoding="utf-8"))["decisions"]:
        outcome = row["kind"] if row["decision"] == "fired" else "not sent"
        counted.setdefault((row["account_id"], row["rule_id"]), Counter())[outcome] += row["count"]
    lines = []
    for (account, rule), outcomes in sorted(counted.items()):
        numbers = "".join(f"{outcomes[outcome]:>9,}" if outcomes[outcome] else " " * 9 for outcome in OUTCOMES)
        lines.append(f"  {account:9}{rule:22}{numbers}".rstrip())
    return "\n".join(lines)


def _files(demo: Demo) -> str:
    return f"""  {demo.events}    what went in
  {demo.folder / "triggers.csv"}    what fired, for a spreadsheet
  {demo.run / "triggers"}    … and for a program, one JSON object a line
  {demo.run / "decisions"}    every candidate, with the reason where it did not fire
  {demo.run / "dead_letters"}    every line that was no event, and why
  {demo.run / "summary.json"}    every number"""


def _question(demo: Demo) -> str:
    command = Path(sys.executable).with_name("kittiwake")
    shown = command.relative_to(Path.cwd()) if command.is_relative_to(Path.cwd()) else command
    return f"{shown} explain --rules {demo.rules} --input {demo.events} --contact 00004"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=Path("out/demo"), help="default: %(default)s")
    parser.add_argument("--purchases", type=Path, default=fetch.DEFAULT, help="fetched if not there (%(default)s)")
    parser.add_argument("--buyers", type=int, help="only the first so many of the real buyers")
    parser.add_argument("--contacts", type=int, default=2_000, help="of the shop (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the shop (default: %(default)s)")
    options = parser.parse_args(arguments)
    start = time.monotonic()
    print("Writing the events …", flush=True)
    demos = (
        cdnow(options.output, options.purchases, options.buyers),
        shop(options.output, options.contacts, options.seed),
    )
    for demo in demos:
        play(demo)
    heading = f"  {'account':9}{'rule':22}" + "".join(f"{outcome:>9}" for outcome in OUTCOMES)
    print("\n== What fired\n" + "\n".join([heading, *map(_table, demos)]))
    print(f"\nDone in {time.monotonic() - start:.0f} s. Open:\n" + "\n".join(_files(demo) for demo in demos))
    print(f"\nWhy did, or didn't, a contact get it? For one of the buyers:\n  {_question(demos[0])}")


if __name__ == "__main__":
    try:
        main()
    except fetch.FetchError as error:
        sys.exit(str(error))
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
