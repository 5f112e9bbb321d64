"""The job's record batches, made, read and decided by the accelerator: the same bytes and counts as without it."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from typing import Any

import pyarrow as pa
import pytest

from kittiwake.batch.counts import merged
from kittiwake.batch.native import batches as made
from kittiwake.batch.native import gathering as kept
from kittiwake.batch.record_batches import RecordBatcher, decompressed, read_batch
from kittiwake.batch.settings import RunSettings
from kittiwake.input.bulk import Table
from kittiwake.input.lines import Block
from kittiwake.input.native import blocks as native
from kittiwake.input.parquet import block_of
from kittiwake.output.rows import Mode
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load_files
from kittiwake.time.instants import DAY_US, MINUTE_US, format_instant, parse_instant
from kittiwake.transforms.batch import evaluate
from kittiwake.transforms.batch.counts import COUNTS
from kittiwake.transforms.batch.evaluate import DecideDoFn
from kittiwake.transforms.batch.parse import ParseDoFn
from kittiwake.transforms.batch.read import SourcedBlock
from tests.accelerator import needed
from tests.transforms.bundles import MAIN, run_bundle

FIRST_US = parse_instant("2026-09-01T00:00:00Z")
START_US = parse_instant("2026-11-02T00:00:00Z")
PARTITIONS = 3

PLAIN = ("{id: wait, when: a, wait: [30m, 2h], unless: b}", "{id: soon, when: [a, c], wait: 15m}")
RULES = (
    *PLAIN,
    "{id: shows, when: a, wait: 1h, include: {value: k}}",
    "{id: counts, when: c, given: [{count: b, within: 2d, gte: 2}]}",
    "{id: once, when: b}",
)
POLICIES = ("", "policy: {consent: {purpose: news, default: granted}}\n", "policy: {retention: 30d}\n")
CONTACTS = ("c1", "c2", "é 🐦")
ODD_CONTACTS = (*CONTACTS, "\u2028", 'a "b"', "\\", "\x7f", "n" * 40, "m" * 300)
TYPES = ("a", "b", "c", "contact.updated", "page.viewed", "contact.deleted")
TEXTS = (
    "{}", '{"k":1}', '{"k": 1.50, "note":"é"}', '{"timezone":"Mars"}', '{"timezone":"Europe/Paris"}', '{"k":1e3}',
    '{"note":"\\u00e9\\n"}', '{"k":[{"a":{}}]}',
)  # fmt: skip
NOT_EVENTS = (b"{", b"", b'{"event_id":""}', b"\xff", b"[]")


def _programs(dice: random.Random) -> Programs:
    files: dict[str, bytes] = {}
    for account_id in dice.sample(("*", "acme", "née"), dice.randint(1, 3)):
        known = RULES if dice.random() < 0.3 else PLAIN
        rules = ", ".join(dice.sample(known, dice.randint(1, 2))).replace("{id: ", f"{{id: r{len(files)}-")
        files[f"{len(files)}.yaml"] = f'account: "{account_id}"\n{dice.choice(POLICIES)}rules: [{rules}]\n'.encode()
    return Programs(load_files(files, []))


def _line(dice: random.Random, number: int, odd: float) -> bytes:
    """A record as a producer writes it; a part of them is odd."""
    is_odd = dice.random() < odd
    fields = {
        "event_id": dice.choice(("e1", '"', "\u2028")) if is_odd else f"e{number}",
        "account_id": dice.choice(("acme", "née", "other")),
        "contact_id": dice.choice(ODD_CONTACTS if odd else CONTACTS),
        "type": dice.choices(TYPES, (90, 50, 50, 20, 90, 100 * odd))[0],
        "time": format_instant(FIRST_US + dice.randrange(2_000) * 7 * MINUTE_US + number),
    }
    head = json.dumps(fields, ensure_ascii=dice.random() < odd)[:-1]
    return f'{head},"properties":{dice.choice(TEXTS if dice.random() < odd else TEXTS[:5])}}}'.encode()


def _blocks(dice: random.Random, number: int, odd: float) -> list[SourcedBlock]:
    lines = [_line(dice, at, odd) for at in range(number)]
    lines += dice.choices(lines, k=number // 20)
    lines += dice.choices(NOT_EVENTS, k=number // 20)
    dice.shuffle(lines)
    size = dice.choice((7, 100, 1_000))
    parts = [lines[at : at + size] for at in range(0, len(lines), size)]
    return [SourcedBlock(f"f{at}", Block(1, part, sum(map(len, part)) + len(part))) for at, part in enumerate(parts)]


def _as_rows(block: SourcedBlock) -> SourcedBlock:
    """The events of a block of lines as rows of columns."""
    assert isinstance(block.block, Block)
    rows = [json.loads(line) for line in block.block.lines if line not in NOT_EVENTS]
    names = ("event_id", "account_id", "contact_id", "type", "time")
    columns = {name: pa.array([row[name] for row in rows], pa.string()) for name in names}
    texts = [json.dumps(row["properties"], ensure_ascii=False) for row in rows]
    batch = pa.record_batch({**columns, "properties": pa.array(texts, pa.string())})
    return SourcedBlock(block.file, block_of(1, batch))


def _job(programs: Programs, blocks: list[SourcedBlock], settings: RunSettings, held_bytes: int) -> list[Any]:
    """What the steps of a run say: decisions, triggers, dead letters, and all counts."""
    parsed = run_bundle(ParseDoFn(settings, programs, PARTITIONS), blocks)
    counts = merged(parsed[COUNTS])
    batches: defaultdict[int, list[bytes]] = defaultdict(list)
    for partition, batch in parsed.get(MAIN, []):
        batches[partition].append(batch)
    step = DecideDoFn(programs, settings, Mode.BACKFILL, held_bytes)
    decided = run_bundle(step, sorted(batches.items()), counts)
    lines = [b"\n".join(decided.get(tag, [])) for tag in (MAIN, "triggers")]
    return [*lines, sorted(parsed.get("dead_letters", [])), counts, merged(decided[COUNTS])]


@needed
@pytest.mark.parametrize("runs", [4, pytest.param(400, marks=pytest.mark.nightly)])
def test_the_steps_of_a_job_say_the_same_without_it(runs: int, seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(runs):
        programs = _programs(dice)
        blocks = _blocks(dice, dice.choice((1, 60, 600)), dice.choice((0.0, 0.01, 0.2)))
        blocks = [_as_rows(block) if dice.random() < 0.5 else block for block in blocks]
        settings = RunSettings(START_US, dice.choice((None, FIRST_US + DAY_US, FIRST_US + 90 * DAY_US)))
        held_bytes = dice.choice((1, 60_000, 10**9, 10**9))
        found = _job(programs, blocks, settings, held_bytes)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(native, "installed", lambda: None)
            assert found == _job(programs, blocks, settings, held_bytes)


@needed
def test_ordinary_contacts_are_decided_by_it(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or all would be right, and slow."""
    monkeypatch.setattr(evaluate, "decide_contact", lambda *_: pytest.fail("a contact came out as rows"))
    programs = Programs(load_files({"rules.yaml": f'account: "*"\nrules: [{", ".join(PLAIN)}]'.encode()}, []))
    settings = RunSettings(START_US, FIRST_US + 90 * DAY_US)
    blocks = _blocks(random.Random(seed), 200, 0.0)
    for some in (blocks, list(map(_as_rows, blocks))):
        decisions, triggers, _, _, counts = _job(programs, some, settings, 10**9)
        assert decisions == triggers != b""
        assert counts.contacts == 9


def _table(dice: random.Random, number: int) -> Table:
    texts = ("", "é 🐦", "\u2028", "n" * 31, "n" * 32, "n" * 255, "n" * 256, "\x00")
    numbers = (0, -1, 127, 128, -32, -33, 2**31, 2**53, -(2**63), 2**63 - 1)
    names = [[*dice.choices(texts, k=number), "n" * 70_000] for _ in range(4)]
    times_us = [*dice.choices(numbers, k=number), 0]
    return Table(names[0], names[1], times_us, names[2], names[3], [dice.choice(TEXTS).encode() for _ in times_us])


@needed
@pytest.mark.parametrize("number", [0, 1, 15, 16, 300])
def test_a_batch_has_the_same_bytes_without_it_and_is_read_alike(number: int, seed: int) -> None:
    programs = Programs(load_files({"rules.yaml": UNKNOWN}, []))
    batcher, events = made.native_batcher(programs, PARTITIONS), kept.kept_events(programs, Mode.BACKFILL, 10**9)
    assert batcher is not None
    assert events is not None
    own, table = RecordBatcher(PARTITIONS), _table(random.Random(seed), number)
    for one in (batcher, own):
        one.add(table)
        one.add(table)
    batches = list(own.batches())
    assert [(at, decompressed(batch)) for at, batch in batcher.batches()] == [
        (at, decompressed(batch)) for at, batch in batches
    ]
    assert list(batcher.batches()) == []
    for _, batch in batches:
        assert events.read_batch(decompressed(batch)) == read_batch(batch)


@needed
def test_what_would_be_no_ordinary_line_is_not_kept_of_a_batch() -> None:
    programs = Programs(load_files({"rules.yaml": b"account: acme\nrules: [{id: r, when: a, wait: 1h}]"}, []))
    events = kept.kept_events(programs, Mode.BACKFILL, 10**9)
    assert events is not None
    plain = ("acme", "c1", FIRST_US, "e1", "a", b"{}")
    odd = [
        ("acme", 'c"', FIRST_US, "e1", "a", b"{}"),
        ("acme", "c" * 129, FIRST_US, "e1", "a", b"{}"),
        ("acme", "c1", FIRST_US, "", "a", b"{}"),
        ("acme", "c1", FIRST_US, "e\t", "a", b"{}"),
        ("acme", "c1", FIRST_US, "e1", "a", b'{"k":1e3}'),
        ("acme", "c1", FIRST_US, "e1", "a", b'{"k":"\\ud800"}'),
        ("acme", "c1", FIRST_US, "e1", "a", b"{} "),
        ("acme", "c1", FIRST_US, "e1", "a", b" {}"),
    ]
    left = events.read_batch(decompressed(_batch([plain, *odd])))
    assert list(zip(*left, strict=True)) == odd
    assert events.rows == 1


@needed
@pytest.mark.parametrize("part", [0, 1, 2, -1])
def test_a_broken_batch_is_an_error(part: int) -> None:
    programs = Programs(load_files({"rules.yaml": b"account: acme\nrules: [{id: r, when: a, wait: 1h}]"}, []))
    events = kept.kept_events(programs, Mode.BACKFILL, 10**9)
    assert events is not None
    whole = decompressed(_batch([("acme", "c1", FIRST_US, "e1", "a", b"{}")]))
    with pytest.raises(ValueError, match="a record batch is broken"):
        events.read_batch(whole[:part])


def _batch(rows: list[tuple[str, str, int, str, str, bytes]]) -> bytes:
    batcher = RecordBatcher(1)
    batcher.put(rows)
    ((_, batch),) = batcher.batches()
    return batch


UNKNOWN = b"""
account: "*"
rules: [{id: r, when: a, wait: 1h, variants: {control: 50, new: 50}}]
"""
FEEDS = b"account: acme\npolicy: {feeds: {b: {every: 6h, mode: hold}}}\nrules: [{id: r, when: a, wait: 1h, unless: b}]"
CATALOG = b"""
account: acme
rules: [{id: r, when: {item: {price: {drops_by: 10%}}}, interest: {events: viewed, item: sku, within: 30d}}]
"""


@needed
@pytest.mark.parametrize("rules", [FEEDS, CATALOG])
def test_rules_whose_hosts_have_to_see_every_event_are_left_to_python(rules: bytes) -> None:
    programs = Programs(load_files({"rules.yaml": rules}, []))
    assert made.native_batcher(programs, PARTITIONS) is None
    assert kept.kept_events(programs, Mode.BACKFILL, 10**9) is None
