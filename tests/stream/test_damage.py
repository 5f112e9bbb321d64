"""What a running job keeps is damaged, a bit at a time: nothing is invented, nothing lost, all else goes on."""

from __future__ import annotations

import random

import pytest

from kittiwake.stream.records import key_of
from kittiwake.time.instants import HOUR_US, MINUTE_US
from tests.stream.test_faults import START_US, Host

HURT, WELL = key_of("acme", "hurt"), key_of("acme", "well")
TRACE = {"traceparent": "00-a-1-01"}


def begun() -> Host:
    """Two contacts, each with a cart that waits for an hour, and an event that waits to be settled."""
    host = Host()
    for contact in ("hurt", "well"):
        host.give(f"{contact}-1", "cart.item_added", START_US, contact, TRACE)
    host.pass_to(START_US + 10 * MINUTE_US)
    for contact in ("hurt", "well"):
        host.give(f"{contact}-2", "order.completed", START_US + 2 * HOUR_US, contact)
    return host


def undisturbed() -> list[bytes]:
    host = begun()
    host.pass_to(START_US + 3 * HOUR_US)
    return sorted(one.row for one in host.runner.emitted)


def flipped(data: bytes, bit: int) -> bytes:
    found = bytearray(data)
    found[bit // 8] ^= 1 << bit % 8
    return bytes(found)


def goes_on(host: Host, whole: bytes, *, in_bag: bool) -> None:
    """The job goes on: of the damaged contact nothing is emitted and all is kept; what is whole again is decided."""
    kept = host.runner.kept[HURT]
    bag, cell = [*kept.bag], kept.cell
    before = host.runner.bundles
    host.pass_to(START_US + 3 * HOUR_US)
    assert [b'"well"' in one.row for one in host.runner.emitted] == [True]
    assert (host.runner.dead, host.runner.late) == ([], [])
    kept = host.runner.kept[HURT]
    assert (kept.bag, kept.cell) == (bag, cell)
    assert host.runner.bundles - before < 12, "looked at once an hour, not again and again"
    if in_bag:
        kept.bag[0] = whole
    else:
        kept.cell = whole
    host.pass_to(START_US + 5 * HOUR_US)
    assert sorted(one.row for one in host.runner.emitted) == undisturbed()


@pytest.mark.parametrize("bit", range(0, 8 * 400, 61))
def test_a_flipped_bit_of_a_cell_or_of_what_waits_is_noticed(bit: int) -> None:
    for in_bag in (False, True):
        host = begun()
        kept = host.runner.kept[HURT]
        whole = kept.bag[0] if in_bag else kept.cell
        assert whole is not None
        damaged = flipped(whole, bit % (8 * len(whole)))
        if in_bag:
            kept.bag[0] = damaged
        else:
            kept.cell = damaged
        goes_on(host, whole, in_bag=in_bag)


def test_bytes_that_were_never_ours_are_noticed(seed: int) -> None:
    rng = random.Random(f"damage {seed}")
    for _ in range(40):
        host = begun()
        kept = host.runner.kept[HURT]
        whole, in_bag = kept.cell, rng.random() < 0.5
        rubbish = rng.choice([b"", b"\x00", rng.randbytes(rng.randint(1, 300)), b"{}", whole[: rng.randrange(300)]])
        if in_bag:
            whole, kept.bag[0] = kept.bag[0], rubbish
        else:
            kept.cell = rubbish
        assert whole is not None
        goes_on(host, whole, in_bag=in_bag)


def test_the_cell_of_another_contact_is_noticed() -> None:
    host = begun()
    kept = host.runner.kept
    whole, kept[HURT].cell = kept[HURT].cell, kept[WELL].cell
    assert whole is not None
    goes_on(host, whole, in_bag=False)
