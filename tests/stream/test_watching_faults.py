"""Targets that cannot be read: what is known stays, the fault is reported, and once it is mended all goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kittiwake.pipelines.google import gcs_rules
from kittiwake.rules.publishing.bounds import MIN_LEAD_US, POLL_INTERVAL_US
from kittiwake.rules.publishing.errors import TargetError
from kittiwake.rules.publishing.layout import POINTER, Pointer, sha256, written
from kittiwake.rules.publishing.local import LocalTarget
from kittiwake.rules.publishing.opening import open_target
from kittiwake.rules.publishing.publish import publish
from kittiwake.rules.publishing.target import Target
from kittiwake.stream.rules_source import poller
from kittiwake.stream.rules_source.poller import RulesChangeKind, complete_until_us
from kittiwake.time.instants import HOUR_US, SECOND_US
from tests.rules.published import NOW_US, SECOND, first
from tests.stream.faulty_targets import REFUSED, Faulty, Inline, Memory, known, numbers, polled

NEXT_US = NOW_US + POLL_INTERVAL_US
SOON_US = NOW_US + MIN_LEAD_US


@pytest.fixture
def memory() -> Memory:
    found = Memory()
    first(found)
    return found


@pytest.fixture(params=["folder", "bucket"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Target:
    """One with a first version."""
    if request.param == "folder":
        found: Target = open_target(str(tmp_path / "target"))
    else:
        found = gcs_rules.open_target(f"{request.getfixturevalue('bucket')}/rules")
    first(found)
    return found


class Objects:
    """What a target holds, by another way than its own."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def take(self, name: str) -> bytes:
        """An object, which is gone then."""
        if isinstance(self._target, LocalTarget):
            path = Path(self._target.location) / name
            data = path.read_bytes()
            path.unlink()
            return data
        blob = self._blob(name)
        data = bytes(blob.download_as_bytes())
        blob.delete()
        return data

    def put(self, name: str, data: bytes) -> None:
        if isinstance(self._target, LocalTarget):
            (Path(self._target.location) / name).write_bytes(data)
        else:
            self._blob(name).upload_from_string(data)

    def _blob(self, name: str) -> Any:
        from google.cloud import storage

        bucket, _, prefix = self._target.location.removeprefix("gs://").partition("/")
        return storage.Client(project="test").bucket(bucket).blob(f"{prefix}/{name}")


def newest(target: Target) -> str:
    held = target.read(POINTER)
    assert held is not None
    return str(json.loads(held.data)["versions"][-1]["file"])


def emptied(target: Target, objects: Objects) -> None:
    objects.take(newest(target))
    objects.take(POINTER)


def pointer_gone(target: Target, objects: Objects) -> None:
    objects.take(POINTER)


def pointer_damaged(target: Target, objects: Objects) -> None:
    objects.put(POINTER, objects.take(POINTER)[:-20])


def later_format(target: Target, objects: Objects) -> None:
    objects.put(POINTER, objects.take(POINTER).replace(b'"format": 2', b'"format": 3'))


def version_gone(target: Target, objects: Objects) -> None:
    objects.take(newest(target))


def version_altered(target: Target, objects: Objects) -> None:
    name = newest(target)
    objects.put(name, objects.take(name).replace(b"welcome", b"farewell"))


def version_refused(target: Target, objects: Objects) -> None:
    """A version whose rules this release does not take, with the right digest."""
    name = newest(target)
    data = objects.take(name)
    worse = data.replace(b"when: contact.created", b"when: [[[]]]         ")
    assert worse != data
    objects.put(name, worse)
    objects.put(POINTER, sealed(objects.take(POINTER).replace(sha256(data).encode(), sha256(worse).encode())))


def sealed(pointer: bytes) -> bytes:
    """A pointer as its writer would leave it, with the digest of what it says."""
    return written(msgspec.json.decode(pointer, type=Pointer))


Fault = Callable[[Target, Objects], None]
FAULTS: dict[Fault, str] = {
    emptied: "has no pointer.json",
    pointer_gone: "has no pointer.json",
    pointer_damaged: "pointer.json cannot be read",
    later_format: "this release reads format 2",
    version_gone: "is missing, and the pointer names it",
    version_altered: "its SHA-256 is another",
    version_refused: "deep/welcome.yaml",
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_target_that_cannot_be_read_keeps_the_last_good_rules_until_it_is_mended(
    target: Target, fault: Fault
) -> None:
    poll, objects = polled(target, pool=Inline()), Objects(target)
    before = known(poll, NOW_US)
    publish(target, SECOND, SOON_US, NOW_US)
    kept = {name: objects.take(name) for name in (POINTER, newest(target))[::-1]}
    for name, data in kept.items():
        objects.put(name, data)
    fault(target, objects)
    poll.take_changes()
    for look in range(1, 4):
        assert known(poll, NOW_US + look * POLL_INTERVAL_US) == before, "neither more rules nor more time"
    changes = poll.take_changes()
    assert [one.kind for one in changes] == [RulesChangeKind.UNREADABLE] * 3
    assert FAULTS[fault] in changes[0].text
    assert "\n" not in changes[0].text
    status = poll.status(NOW_US + 3 * POLL_INTERVAL_US)
    assert (status.age_us, status.error) == (3 * POLL_INTERVAL_US, changes[-1].text)
    for name, data in kept.items():
        objects.put(name, data)
    mended_us = NOW_US + 4 * POLL_INTERVAL_US
    after = known(poll, mended_us)
    assert (numbers(after), after.until_us) == (2, complete_until_us(mended_us, MIN_LEAD_US))
    assert (poll.status(mended_us).age_us, poll.status(mended_us).error) == (0, None)
    assert RulesChangeKind.READ in [one.kind for one in poll.take_changes()]


def test_a_version_that_is_gone_after_it_was_read_is_not_missed(target: Target) -> None:
    poll = polled(target, pool=Inline())
    before = known(poll, NOW_US)
    Objects(target).take(newest(target))
    assert known(poll, NEXT_US).programs is before.programs
    with pytest.raises(TargetError, match="is missing"):
        polled(target, pool=Inline()).view(NEXT_US)


@pytest.mark.parametrize("how", ["vanished", "changed"])
def test_a_pointer_that_goes_back_is_taken_for_damaged(target: Target, how: str) -> None:
    objects = Objects(target)
    old = objects.take(POINTER)
    objects.put(POINTER, old)
    publish(target, SECOND, SOON_US, NOW_US)
    poll = polled(target, pool=Inline())
    before = known(poll, NOW_US)
    new = objects.take(POINTER)
    objects.put(POINTER, old if how == "vanished" else sealed(new.replace(b'"sha256": "', b'"sha256": "0', 1)))
    assert known(poll, NEXT_US) == before
    error = poll.status(NEXT_US).error
    assert error is not None
    assert "does not name all versions any more" in error
    objects.put(POINTER, new)
    assert known(poll, NEXT_US + POLL_INTERVAL_US).until_us > before.until_us


def test_a_bucket_that_does_not_answer_is_told(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = gcs_rules.open_target(f"{bucket}/rules")
    first(found)
    poll = polled(found, pool=Inline())
    before = known(poll, NOW_US)
    monkeypatch.setattr(gcs_rules, "STORAGE_DEADLINE_S", 0.2)
    found._bucket.client._connection.API_BASE_URL = "http://127.0.0.1:9"  # type: ignore[attr-defined]
    assert known(poll, NEXT_US) == before
    error = poll.status(NEXT_US).error
    assert error is not None
    assert "cannot be reached" in error


def test_no_permission_is_told_and_passes(memory: Memory) -> None:
    line = Faulty(memory)
    poll = polled(line, pool=Inline())
    before = known(poll, NOW_US)
    line.error = REFUSED
    assert known(poll, NEXT_US) == before
    assert poll.status(NEXT_US).error == str(REFUSED)
    line.error = None
    assert known(poll, NEXT_US + POLL_INTERVAL_US).until_us > before.until_us


def test_a_target_that_hangs_holds_up_nobody_while_what_is_known_is_of_use(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor for long after that: one wait of a bounded time, and no more for the same look."""
    waits: list[float] = []
    wait = poller.wait

    def counted(looks: list[Any], timeout: float) -> Any:
        waits.append(timeout)
        return wait(looks, 0.05)

    line = Faulty(memory)
    with ThreadPoolExecutor(1) as pool:
        poll = polled(line, pool=pool)
        before = poll.view(NOW_US)
        monkeypatch.setattr(poller, "wait", counted)
        line.open.clear()
        assert poll.view(NEXT_US) == poll.view(before.until_us) == before
        assert waits == []
        assert poll.view(before.until_us + 1) == poll.view(before.until_us + 2) == before
        assert waits == [poller.STALE_WAIT_S]
        line.open.set()
        pool.submit(lambda: None).result(30)
        assert poll.view(before.until_us + 3).until_us == complete_until_us(NEXT_US, MIN_LEAD_US)


def test_who_asks_when_what_is_known_is_of_no_use_waits_for_the_look(memory: Memory) -> None:
    with ThreadPoolExecutor(1) as pool:
        poll = polled(memory, pool=pool)
        poll.view(NOW_US)
        assert poll.view(NOW_US + HOUR_US).until_us == complete_until_us(NOW_US + HOUR_US, MIN_LEAD_US)


def test_the_first_look_raises_what_is_wrong_and_the_next_tries_again(memory: Memory) -> None:
    line = Faulty(memory)
    line.error = REFUSED
    poll = polled(line, pool=Inline())
    assert poll.status(NOW_US).age_us is None
    for _ in range(2):
        with pytest.raises(TargetError, match="no permission"):
            poll.view(NOW_US)
    line.error = None
    assert numbers(poll.view(NOW_US)) == 1


def test_a_bug_in_a_look_fails_who_asks_next_and_only_once(memory: Memory) -> None:
    line = Faulty(memory)
    poll = polled(line, pool=Inline())
    before = known(poll, NOW_US)
    line.error = AssertionError("a bug")
    with pytest.raises(AssertionError, match="a bug"):
        known(poll, NEXT_US)
    assert poll.view(NEXT_US) == before


def test_a_version_with_too_short_a_lead_is_taken_and_told(memory: Memory) -> None:
    poll = polled(memory, pool=Inline())
    known(poll, NOW_US)
    publish(memory, SECOND, NOW_US + 35 * SECOND_US, NOW_US, min_lead_us=0)
    poll.take_changes()
    assert numbers(known(poll, NEXT_US)) == 2
    (change,) = [one for one in poll.take_changes() if one.kind is RulesChangeKind.TOO_SOON]
    assert "Publish with the --min_lead of the jobs" in change.text
