"""One inspection: what a file is, a first shape for it, and what comes of all its records with that shape.

Reads files twice: a sample for the guess, then everything with the shape. Called by `kittiwake inspect`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from kittiwake.batch.intake import Intake, NoRules
from kittiwake.batch.settings import RunSettings
from kittiwake.input.errors import InputError, shown
from kittiwake.input.fields import RefusedError
from kittiwake.input.files import refuse_elsewhere
from kittiwake.input.foreign.sources import source_of_all
from kittiwake.input.lines import Record
from kittiwake.input.mapping.mapping import RecordMapping
from kittiwake.input.mapping.spec import FieldPath, Format, Pairs
from kittiwake.input.reading import read_blocks, read_records
from kittiwake.input.shapes.base import CANONICAL, InputShape, Shape
from kittiwake.inspect.counts import Outcome
from kittiwake.inspect.fields import SAMPLE, fields_of
from kittiwake.inspect.findings import findings
from kittiwake.inspect.guess import Fields, Guess, guess, json_fields, pair_fields
from kittiwake.inspect.layout import Layout, layout_of
from kittiwake.inspect.shape_text import records_text, shape_text
from kittiwake.inspect.shipped import shipped_text
from kittiwake.regular_files import STANDARD_INPUT, path_of
from kittiwake.shape_files.names import SHIPPED
from kittiwake.shape_files.reading import mapping_of

OnProgress = Callable[[int, int, int], None]
"""Called with bytes read, bytes in all, and records."""

WALKED_MAX: Final = 20
"""Fields of JSON or of pairs in one shape."""

ORDINALS_MAX: Final = 1_500_000
"""Rows of a file beyond which equal rows are not kept apart: a shape can for 2,000,000."""


PRODUCT_DEAD_MAX: Final = 0.1
"""Part of dead letters beyond which records are not of the product that their fields speak of."""


class Inspection(NamedTuple):
    """What was found."""

    files: list[str]
    layout: Layout
    product: str | None
    """Whose export it is, by the shape's name; None: nobody's that is known."""
    is_canonical: bool
    """Whether the records are events already, and need no shape."""
    fields: Fields
    sampled: int
    guess: Guess | None
    """None: none is needed."""
    shape_name: str | None
    """The shape of the product's own by which the records are read as they are; None: by none."""
    shape: str
    """The text of a first shape file; empty: none is needed, or too little could be guessed."""
    outcome: Outcome
    findings: list[str]


def inspect_files(files: Sequence[str], account_id: str, start_us: int, on_progress: OnProgress) -> Inspection:
    """Inspect files of one kind.

    Raises:
        UnusableError: one cannot be read, or they are of several kinds.
    """
    refuse_elsewhere(files)
    layout = _common_layout(files)
    records, fields, walked = _sample(files, layout)
    if not records:
        raise InputError(f"{shown(files[0])}: {_no_records(layout)}")
    product = source_of_all(records)
    known = Inspection([*files], layout, product, False, fields, len(records), None, None, "", Outcome(), [])

    def read_all(shape: InputShape) -> Outcome:
        return _read_all(files, shape, start_us, on_progress)

    if product is not None:
        found = _as_product(known, product, account_id, read_all)
        if found is not None and found.outcome.dead_letters <= PRODUCT_DEAD_MAX * found.outcome.records:
            return found._replace(findings=findings(None, fields, found.outcome))
        if found is not None:
            known = known._replace(product=None)
    guessed = guess(records, fields, layout.at[-1] if layout.at else stem_of(files[0]))
    guessed = guessed._replace(json=walked.json, pairs=walked.pairs)
    if guessed.lacks:
        return known._replace(guess=guessed)
    if guessed.ordinal and _about_records(files, records) > ORDINALS_MAX:
        guessed = guessed._replace(ordinal=False)
    text = shape_text(guessed, layout, account_id)
    outcome = read_all(InputShape(mapping_of("the guessed shape.yaml", text.encode())))
    to_check = findings(guessed, fields, outcome)
    return known._replace(guess=guessed, shape=text, outcome=outcome, findings=to_check)


def _no_records(layout: Layout) -> str:
    is_rows = layout.format in (Format.CSV, Format.PARQUET)
    return "it has names of columns, and no row" if is_rows else "none of its records is an object with fields"


def _as_product(
    known: Inspection, product: str, account_id: str, read_all: Callable[[InputShape], Outcome]
) -> Inspection | None:
    """What comes of records with the shape that is shipped for them; None: it does not read this layout."""
    is_of_lines = known.layout.format is Format.JSON_LINES
    if product == Shape.CANONICAL:
        if not is_of_lines and known.layout.format is not Format.PARQUET:
            return None
        return known._replace(is_canonical=True, outcome=read_all(CANONICAL))
    if product in list(Shape):
        if not is_of_lines:
            return None
        shape = InputShape(Shape(product), account_id)  # type: ignore[call-arg]
        return known._replace(shape_name=product, outcome=read_all(shape))
    if product not in SHIPPED:
        return None
    text, is_as_shipped = shipped_text(product, known.layout, account_id)
    outcome = read_all(InputShape(mapping_of(f"{product}.yaml", text.encode())))
    return known._replace(shape_name=product if is_as_shipped else None, shape=text, outcome=outcome)


def _common_layout(files: Sequence[str]) -> Layout:
    layouts = {name: layout_of(name) for name in files}
    first = layouts[files[0]]
    for name, layout in layouts.items():
        if layout._replace(words="") != first._replace(words=""):
            one, other = f"{shown(files[0])} is {first.words}", f"{shown(name)} is {layout.words}"
            raise InputError(f"{one}, and {other}: inspect one kind at a time")
    return first


def stem_of(name: str) -> str:
    """What a file is called without its endings; what has no name is an input."""
    return "input" if name == STANDARD_INPUT else Path(name).name.split(".")[0]


def _about_records(files: Sequence[str], records: Sequence[Mapping[str, Any]]) -> float:
    """About how many records files have; packed ones have some ten times as many a byte."""
    size = sum(path_of(name).stat().st_size * (10 if name.endswith((".gz", ".zst")) else 1) for name in files)
    of_sample = sum(len(str(value)) + 1 for record in records[:1_000] for value in record.values())
    return size * min(len(records), 1_000) / max(of_sample, 1)


# ---------------------------------------------------------------- the sample


class _Walked(NamedTuple):
    """Fields whose texts are JSON, and lists of pairs."""

    json: tuple[FieldPath, ...]
    pairs: tuple[FieldPath, ...]


def _sample(files: Sequence[str], layout: Layout) -> tuple[list[dict[str, Any]], Fields, _Walked]:
    """The first records, with what is JSON in a text and what is a list of pairs walked into."""
    records = list(_first(files, layout, _Walked((), ())))
    fields = fields_of(records)
    walked = _Walked(json_fields(fields)[:WALKED_MAX], pair_fields(fields)[:WALKED_MAX])
    if not (walked.json or walked.pairs):
        return records, fields, walked
    again = list(_first(files, layout, walked))
    return again, fields_of(again), walked


def _first(files: Sequence[str], layout: Layout, walked: _Walked) -> Iterator[dict[str, Any]]:
    mapping = _whole_records(layout, walked)
    taken = 0
    for name in files:
        for record in read_records(name, shape=InputShape(mapping)):
            value = _whole(mapping, record)
            if value is not None:
                yield value
                taken += 1
            if taken == SAMPLE:
                return


def _whole_records(layout: Layout, walked: _Walked) -> RecordMapping:
    """A shape by which records are read as they are."""
    lines = (
        records_text(layout, walked.json, map(Pairs, walked.pairs)) or "records: {format: json_lines}",
        "account: {value: a}",
        "contact: x",
        "type: {value: a.b}",
        "time: x",
        "event_id: {digest: true}",
        "properties: .",
    )
    return mapping_of("the whole record.yaml", "\n".join(lines).encode())


def _whole(mapping: RecordMapping, record: Record) -> dict[str, Any] | None:
    """A record as it is; None: it is none."""
    try:
        found = mapping.views.of(record.raw, record.size, record.context).whole
    except RefusedError:
        return None
    return found if isinstance(found, dict) else None


# ---------------------------------------------------------------- everything


def _read_all(files: Sequence[str], shape: InputShape, start_us: int, on_progress: OnProgress) -> Outcome:
    outcome = Outcome()
    intake = Intake(RunSettings(start_us, shape=shape), NoRules(), outcome.counts)
    read, total = 0, sum(path_of(name).stat().st_size for name in files)

    def on_read(size: int) -> None:
        nonlocal read
        read += size

    for name in files:
        for block in read_blocks(name, on_read, shape):
            taken = intake.take(shown(name), block)
            outcome.add(block, taken.table, taken.dead_letters)
            on_progress(read, total, outcome.records)
    return outcome
