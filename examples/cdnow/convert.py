"""Turn the purchases into events: `python -m examples.cdnow.convert --input FILE --output DIR`.

A line of the file is a purchase: buyer, day, number of CDs, dollars. It becomes an `order.completed` with these
numbers as they are written. The file knows days only: the time of day is noon UTC plus up to ten hours, drawn from a
hash of the line's own position, so that it is the same every time and two purchases of one day have an order.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from examples.cdnow.fetch import DEFAULT, fetch

ACCOUNT: Final = "cdnow"
DAYS_A_CD: Final = 15
"""How long a CD keeps its buyer busy: an assumption, for the replenishment rule."""
OPEN_SECONDS: Final = 10 * 3_600


class Purchase(NamedTuple):
    """One line of the file; `dollars` is the number as it is written."""

    line: int
    contact_id: str
    day: str
    quantity: int
    dollars: str


def purchases(lines: Iterable[str]) -> Iterator[Purchase]:
    """The purchases of the file's lines, its heading left out."""
    for line, text in enumerate(lines, 1):
        fields = text.split()
        if len(fields) == 4 and fields[0].isdigit():
            contact, day, quantity, dollars = fields
            yield Purchase(line, contact, f"{day[:4]}-{day[4:6]}-{day[6:]}", int(quantity), dollars)


def time_of_day(line: int) -> str:
    """When on its day the purchase of this line was made: 12:00 to 21:59:59 UTC.

    >>> time_of_day(2)
    '19:20:46Z'
    """
    seconds = int.from_bytes(hashlib.sha256(b"%d" % line).digest()[:8]) % OPEN_SECONDS
    return f"{12 + seconds // 3_600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}Z"


def event(purchase: Purchase) -> str:
    """The purchase as a line of JSON."""
    return (
        f'{{"event_id":"cdnow-{purchase.line:05d}","account_id":"{ACCOUNT}","contact_id":"{purchase.contact_id}",'
        f'"type":"order.completed","time":"{purchase.day}T{time_of_day(purchase.line)}",'
        f'"properties":{{"total":{purchase.dollars},"quantity":{purchase.quantity},'
        f'"supply_days":{DAYS_A_CD * purchase.quantity}}}}}'
    )


def convert(source: Path, output: Path, contacts: int | None = None) -> Path:
    """All purchases of the file, or those of its first `contacts` buyers, in `output`/events.jsonl."""
    with source.open(encoding="ascii") as lines:
        bought = list(purchases(lines))
    if contacts is not None:
        kept = set(list(dict.fromkeys(purchase.contact_id for purchase in bought))[:contacts])
        bought = [purchase for purchase in bought if purchase.contact_id in kept]
    output.mkdir(parents=True, exist_ok=True)
    path = output / "events.jsonl"
    path.write_text("".join(event(purchase) + "\n" for purchase in bought), encoding="ascii")
    return path


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--input", type=Path, default=DEFAULT, help="fetched if it is not there (default: %(default)s)")
    parser.add_argument("--output", type=Path, required=True, help="the folder to write events.jsonl to")
    parser.add_argument("--contacts", type=int, help="only the first so many buyers")
    options = parser.parse_args(arguments)
    path = convert(fetch(options.input), options.output, options.contacts)
    with path.open("rb") as written:
        print(f"{path}: {sum(1 for _ in written):,} purchases")


if __name__ == "__main__":
    main()
