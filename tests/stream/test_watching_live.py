"""Processes look at a target as fast as they can while another publishes into it: no look sees half of anything."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from threading import Barrier

import pytest

from kittiwake.rules.publishing.loading import NOTHING_READ, Reading, read_anew
from kittiwake.rules.publishing.target import Target
from kittiwake.time.instants import MINUTE_US
from tests.rules.published import NOW_US
from tests.stream.test_watching_faults import target as target  # noqa: PLC0414 - a fixture: a folder, and a bucket

READERS = 3
SECONDS_MAX = 120
PUBLISH = """
import sys
from kittiwake.rules.publishing.freezing import freeze, unfreeze
from kittiwake.rules.publishing.opening import open_target
from kittiwake.rules.publishing.publish import publish
from tests.stream.test_watching_live import rules
target, versions, now_us, minute_us = open_target(sys.argv[1]), *map(int, sys.argv[2:])
for number in range(1, versions):
    publish(target, rules(number), now_us + number * 10 * minute_us, now_us)
    if number % 5 == 0:
        freeze(target, now_us + number * minute_us)
        unfreeze(target)
    if number == versions // 2:
        sys.stdin.readline()  # until every process has looked
"""


def rules(number: int) -> dict[str, bytes]:
    """Version so-and-so of some files, large enough that writing them takes a while."""
    text = f"account: acme\nrules:\n  - {{id: cart, when: cart.item_added, wait: {number}m}}\n" + "# x\n" * 2_000
    return {f"{name}.yaml": text.replace("acme", name).encode() for name in ("acme", "globex", "shop")}


def looked(target: Target, publisher: subprocess.Popen[bytes], versions: int, halfway: Barrier) -> list[Reading]:
    """What one process sees, look by look, until it has seen all; halfway it waits for the others."""
    seen = [NOTHING_READ]
    while len(seen[-1].versions) < versions:
        is_over = publisher.poll() is not None
        seen.append(read_anew(target, seen[-1]))
        assert not is_over or len(seen[-1].versions) == versions
        if len(seen[-2].versions) <= versions // 2 < len(seen[-1].versions):
            halfway.wait(SECONDS_MAX)
    return seen


@pytest.mark.parametrize("versions", [12, pytest.param(200, marks=pytest.mark.nightly)])
def test_no_look_sees_half_of_what_is_being_published(target: Target, versions: int, root: Path) -> None:
    command = [sys.executable, "-c", PUBLISH, target.location, *map(str, (versions, NOW_US, MINUTE_US))]
    with (
        subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE) as publisher,
        ThreadPoolExecutor(READERS) as pool,
    ):
        assert publisher.stdin
        halfway = Barrier(READERS, action=publisher.stdin.close)
        looks = [pool.submit(looked, target, publisher, versions, halfway) for _ in range(READERS)]
        found = [look.result(SECONDS_MAX) for look in looks]
        assert publisher.wait(SECONDS_MAX) == 0
    whole = read_anew(target, NOTHING_READ)
    assert [version.effective_us for version in whole.versions][1:] == [
        NOW_US + number * 10 * MINUTE_US for number in range(1, versions)
    ]
    for seen in found:
        assert any(len(reading.versions) not in (1, versions) for reading in seen), "it looked while it was published"
        for before, after in pairwise(seen):
            assert after.entries[: len(before.entries)] == before.entries
            assert after.versions[: len(before.versions)] == before.versions
        assert seen[-1].versions == whole.versions
        assert {reading.frozen_at_us for reading in seen} - {None} <= {
            NOW_US + number * MINUTE_US for number in range(5, versions, 5)
        }
