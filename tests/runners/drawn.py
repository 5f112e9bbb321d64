"""Random accounts in a target with three versions of rules, their events in files, and where a host differs."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kittiwake.reasons import Outcome
from kittiwake.rules.publishing.local import LocalTarget
from kittiwake.rules.publishing.publish import publish
from kittiwake.rules.versions import RuleSetHistory
from kittiwake.time.instants import HOUR_US
from tests.input.inputs import write_lines
from tests.oracle import clock
from tests.oracle.oracle import decide_versions
from tests.oracle.published import Subject, Together, story
from tests.oracle.values import canonical, exact
from tests.properties.comparison import Rows, difference_of


def published(folder: Path, drawn: Together) -> Path:
    """A target with the versions of a draw."""
    for number, start in enumerate(drawn.starts):
        now_us = 0 if start is None else start - HOUR_US
        publish(LocalTarget(folder), drawn.files(number), start, now_us)
    return folder


def write_events(folder: Path, drawn: Together, rng: random.Random) -> list[Path]:
    """Everybody's events in no order, some twice, in two files."""
    folder.mkdir()
    lines = [canonical(exact(event)).encode() for of in drawn.worlds.values() for event in of.events]
    lines += rng.sample(lines, len(lines) // 10)
    rng.shuffle(lines)
    cut = rng.randrange(len(lines))
    return [write_lines(folder / "a.jsonl", lines[:cut]), write_lines(folder / "b.jsonl.gz", lines[cut:])]


def differences(
    drawn: Together, history: RuleSetHistory, found: Mapping[Subject, Rows], *, stream: bool = False
) -> dict[Subject, str]:
    """Where the rows of a host and the oracle's decisions disagree, by contact."""
    assert set(found) <= set(drawn.worlds)
    compared = {
        subject: _difference(drawn, history, subject, found.get(subject, []), stream=stream) for subject in drawn.worlds
    }
    return {subject: text for subject, text in compared.items() if text}


def decided(drawn: Together, subject: Subject, *, stream: bool = False) -> Rows:
    """The oracle's decisions of a contact; a `stream` looks back on what its versions remember, and has no end."""
    of, (account, contact) = drawn.worlds[subject], subject
    rows = decide_versions(
        of.versions,
        of.events,
        of.until_us,
        account=account,
        contact=contact,
        allowed_lateness_us=of.allowed_lateness_us,
        stream=stream,
    )
    return [row for row in rows if not stream or row["decision"] != Outcome.DEFERRED]


def _difference(drawn: Together, history: RuleSetHistory, subject: Subject, rows: Rows, *, stream: bool) -> str:
    wanted = decided(drawn, subject, stream=stream)
    texts = [one.ruleset.version for one in history.versions]
    of_oracle = sorted(_placed(row, texts[row["ruleset"]], row["time_us"]) for row in wanted)
    of_host = sorted(_placed(row, row["ruleset_version"], clock.parse_instant(row["time"])) for row in rows)
    other = "" if of_oracle == of_host else f"  versions: the oracle {of_oracle}\n  the host {of_host}"
    return difference_of(wanted, rows) or other


def _placed(row: dict[str, Any], version: str, time_us: int | None) -> tuple[Any, ...]:
    return time_us, row["rule_id"], row["decision"], version


def report(drawn: Together, wrong: dict[Subject, str]) -> str:
    """Every contact that differs, and the world of the smallest."""
    smallest = min(wrong, key=lambda subject: len(drawn.worlds[subject].events))
    differing = (f"{subject}\n{text}" for subject, text in wrong.items())
    return "\n".join(
        [f"{len(wrong)} contacts differ", *differing, f"the smallest, {smallest}:", story(drawn.worlds[smallest])]
    )
