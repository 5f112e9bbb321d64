"""State to bytes and back: whole, total, versioned; garbage is a BadState and never an exception."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kittiwake.kernel.incremental import advance
from kittiwake.kernel.state.codec import STATE_BYTES_MAX, VERSION, BadState, copied, decode, encode
from kittiwake.kernel.state.state import State, new_state
from kittiwake.model import Event
from tests.kernel.execution_modes import CONTACT
from tests.laws.programs import WORLDS, World, dice_of, history


@pytest.fixture(params=WORLDS, ids=str)
def world(request: pytest.FixtureRequest) -> World:
    return WORLDS[request.param]


def states(world: World, seed: int, count: int) -> list[State]:
    """States in the middle of histories, with an inbox."""
    dice, rules, found = dice_of(f"codec {world.rules}", seed), world.program(), []
    for _ in range(count):
        events = history(dice, world, 20)
        found.append(advance(rules, new_state(CONTACT), events, dice.choice(events).time_us + 1).state)
    return found


def test_a_state_survives_its_bytes(world: World, seed: int) -> None:
    for state in states(world, seed, 10):
        data = encode(state)
        assert data[0] == VERSION
        assert decode(data) == state
        found = decode(data)
        assert isinstance(found, State)
        assert encode(found) == data


def test_truncated_bytes_are_no_state(world: World, seed: int) -> None:
    data = encode(states(world, seed, 1)[0])
    assert [length for length in range(len(data)) if not isinstance(decode(data[:length]), BadState)] == []
    assert isinstance(decode(data + b"\0"), BadState)


def test_flipped_bits_never_raise(world: World, seed: int) -> None:
    dice = dice_of("bits", seed)
    for state in states(world, seed, 2):
        data = encode(state)
        for _ in range(300):
            assert isinstance(decode(_flipped(data, dice)), (State, BadState))


def _flipped(data: bytes, dice: Random) -> bytes:
    found = bytearray(data)
    for _ in range(dice.choice((1, 1, 1, 2, 8))):
        found[dice.randrange(len(found))] ^= 1 << dice.randrange(8)
    return bytes(found)


@settings(max_examples=300)
@given(st.binary(max_size=200))
@example(b"")
@example(bytes([VERSION]))
@example(bytes([VERSION + 1]) + encode(State("c1"))[1:])
@example(bytes([VERSION]) + b"\x91" * 5_000)
@example(bytes([VERSION]) + b"\x9b\xa1c\xc0\xc2\xa2{}\x80\xdd\xff\xff\xff\xff")
@example(bytes([VERSION]) + b"\xdf\xff\xff\xff\xff")
@example(bytes([VERSION]) + b"\x91\xa1\xff")
def test_garbage_is_a_bad_state(data: bytes) -> None:
    found = decode(data)
    assert isinstance(found, (State, BadState))
    assert isinstance(decode(bytes([VERSION]) + data), (State, BadState))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no bytes"),
        (bytes([VERSION + 1]) + encode(State("c1"))[1:], f"version {VERSION + 1} is not known"),
        (bytes([0]), "version 0 is not known"),
        (bytes([VERSION]), "not a state"),
        (bytes(STATE_BYTES_MAX + 1), "more than"),
    ],
)
def test_a_bad_state_says_why(data: bytes, why: str) -> None:
    found = decode(data)
    assert isinstance(found, BadState)
    assert why in found.why


def test_the_largest_state_is_read_and_one_byte_more_is_not() -> None:
    small = State("c1", attributes='{"a":"')
    size = STATE_BYTES_MAX - len(encode(State("c1"))) - 4
    largest = State("c1", attributes="x" * size)
    while len(encode(largest)) != STATE_BYTES_MAX:
        largest = State("c1", attributes=largest.attributes + "x" * (STATE_BYTES_MAX - len(encode(largest))))
    assert decode(encode(largest)) == largest
    assert isinstance(decode(encode(State("c1", attributes=largest.attributes + "x"))), BadState)
    assert decode(encode(small)) == small


def test_a_copy_shares_nothing_that_changes() -> None:
    def remembering() -> State:
        return State("c1", consents={"news": True}, seen={"1": 1}, counted={"a": {"2": 2}})

    state = remembering()
    copy = copied(state)
    assert copy == state
    copy.consents["news"] = False
    copy.seen["3"] = 3
    copy.counted["a"]["4"] = 4
    copy.counted["b"] = {}
    assert state == remembering()


def test_what_is_forgotten_leaves_the_bytes_of_a_new_contact(world: World, seed: int) -> None:
    """Of a deleted contact whose horizon has passed twice only that it was is known; events went after the first."""
    rules = world.program()
    for state in states(world, seed, 3):
        end_us = max([state.evaluated_to_us or 0, *(one.time_us for one in state.inbox)]) + 1
        horizon_us, deleted = rules.allowed_lateness_us, [Event(end_us, "gone", "contact.deleted")]
        once = advance(rules, state, deleted, end_us + horizon_us + 1)
        assert once.state.since is None
        assert once.next_timer_us == end_us + 2 * horizon_us + 1
        gone = advance(rules, once.state, [], once.next_timer_us).state
        ended = {"ended_us": once.state.ended_us, "ended_times": once.state.ended_times}
        assert gone == State(CONTACT, evaluated_to_us=gone.evaluated_to_us, from_us=gone.from_us, **ended)
        if state.first_us is not None and not state.inbox:
            assert ended == {"ended_us": end_us, "ended_times": 1}, "nobody is ended of whom nothing is known"
