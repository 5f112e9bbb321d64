"""The figures of `measured.json` as they stand in the docs; `python -m benchmarks.scale.pages` writes them there.

Called by `retake`, once it has measured. A table is known by the heading before it, a line by how it begins.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, Final

from benchmarks.scale import __main__ as scale
from benchmarks.scale.measured import HORIZONS, INPUTS, SILENCE, STAGES, TAKEN
from benchmarks.streaming.silence import OverGrpc, Span, table_of_spans, table_over_grpc

ROOT: Final = Path(__file__).parents[2]
SCALE, BENCHMARKS = "docs/explanation/scale.md", "docs/explanation/benchmarks.md"
_ARGUMENTS: Final = "--events_per_day 1e9 --contacts 1e8"
_TABLE: Final = re.compile(r"(?:^ *\|.*\n)+", re.MULTILINE)


def pages(root: Path) -> dict[Path, str]:
    """The pages, with what was measured last in its places.

    Raises:
        ValueError: a page has no such place.
    """
    changes = {root / SCALE: _with_inputs, root / BENCHMARKS: _with_silence}
    return {path: change(path.read_text(encoding="utf-8")) for path, change in changes.items()}


def _with_inputs(page: str) -> str:
    taken = TAKEN["stages"]
    page = with_table(_with_example(page), "## What it starts from", "".join(_inputs()))
    page = with_line(page, "The stages were measured on ", f"{_taken(taken)}, the least of {taken['repeats']} runs.")
    return with_line(page, "Contacts that do not come were measured on ", f"{_taken(TAKEN['silence'])}, in one run.")


def _with_silence(page: str) -> str:
    taken, heading = TAKEN["silence"], "### What a silent contact costs"
    page = with_table(page, heading, table_of_spans(Span(**one) for one in taken["spans"]))
    page = with_table(page, heading, table_over_grpc(OverGrpc(**one) for one in taken["over_grpc"]), 1)
    sizes = f"{taken['contacts']:,} contacts, over gRPC {taken['contacts_over_grpc']}"
    return with_line(page, "Silent contacts were measured on ", f"{_taken(taken)}: {sizes}, one run.")


def with_table(page: str, heading: str, table: str, number: int = 0) -> str:
    """A page with another table in place of the one with a number behind a heading.

    Raises:
        ValueError: there is none.
    """
    begins = page.index(f"\n{heading}\n") + len(heading) + 2
    ends = page.find("\n#", begins)
    found = list(_TABLE.finditer(page, begins, len(page) if ends < 0 else ends + 1))
    if number >= len(found):
        raise ValueError(f"no table {number} behind {heading!r}")
    return page[: found[number].start()] + table + page[found[number].end() :]


def with_line(page: str, begins: str, rest: str) -> str:
    """A page whose one line that begins so ends otherwise.

    Raises:
        ValueError: there is none, or more than one.
    """
    changed, number = re.subn(rf"^{re.escape(begins)}.*$", lambda _: begins + rest, page, flags=re.MULTILINE)
    if number != 1:
        raise ValueError(f"{number} lines begin with {begins!r}")
    return changed


def _with_example(page: str) -> str:
    said = io.StringIO()
    with redirect_stdout(said):
        scale.main(_ARGUMENTS.split())
    begins = f"```console\n$ python -m benchmarks.scale {_ARGUMENTS}\n"
    head, found, tail = page.partition(begins)
    if not found:
        raise ValueError(f"no example with {_ARGUMENTS}")
    return head + begins + said.getvalue() + tail[tail.index("```") :]


def _taken(found: Mapping[str, Any]) -> str:
    return f"{found['date']} on {found['cores']} cores with a load of {found['load']:g}"


def _inputs() -> Iterator[str]:
    """What the calculator starts from, with commands."""
    of = {name: one.value for name, one in INPUTS.items()}
    read = TAKEN["stages"]["found"]["read_bytes"]
    adr = "[ADR 17](adr/0017-streaming-state-layout.md)"
    same = "the same"
    rows = (
        ("parse a message", _us(of["parse_us"]), f"`{STAGES}`"),
        ("buffer an event, set its timer", _us(of["buffer_us"]), same),
        ("a timer firing: read, evaluate, write", _us(of["firing_us"]), same),
        ("a row of a table; a trigger's message", f"{_us(of['row_us'])}; {_us(of['trigger_us'])}", same),
        ("timer firings of an event", f"{of['firings']:g}", same),
        ("timer firings of a contact after its last event", f"{of['quiet_firings']:g}", "the same; rules in files"),
        ("decisions and triggers of a message", f"{of['decisions']:g}, {of['triggers']:g}", same),
        ("bytes of a message, and between steps", f"{_n(of['message_bytes'])}, {_n(of['shuffled_bytes'])}", same),
        ("bytes read from state by a firing, and written", f"{_n(read)} and {_n(of['written_bytes'])}", same),
        (
            "bytes kept of a contact of today, and forty days later",
            f"{_n(of['state_bytes'])}, {_n(of['left_bytes'])}",
            same,
        ),
        ("state operations of an event", "one appended, one timer set", adr),
        ("state operations of a firing", "two read, one written, one cleared, up to two timers set", adr),
        (
            "a timer firing of a contact that does not come",
            f"{_us(of['silent_us'])}, {_n(of['silent_bytes'])} bytes written",
            f"`{SILENCE}`",
        ),
        ("the same over gRPC", _us(of["silent_beam_us"]), same),
        (
            "an event with its firing over gRPC, Beam included",
            _us(of["beam_us"]),
            "`python -m benchmarks.streaming --rules twelve --parts hosts`",
        ),
        ("a busy contact: bytes for each event of an hour", _n(of["hot_state_bytes"]), f"`{HORIZONS}`"),
    )
    yield "| | | command |\n|---|--:|---|\n"
    yield from (f"| {' | '.join(row)} |\n" for row in rows)


def _us(value: float) -> str:
    return f"{value:,.3g} µs" if value < 1_000 else f"{value / 1_000:.2g} ms"


def _n(value: float) -> str:
    return f"{value:,.0f}"


def main() -> None:
    """Write them."""
    for path, text in pages(ROOT).items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
