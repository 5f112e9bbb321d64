"""A program is data: it holds no function, travels as its rules, and what is made of it goes with it."""

from __future__ import annotations

import gc
import pickle
from collections.abc import Iterator
from typing import Any
from weakref import ref

import msgspec
import pytest
from msgspec.structs import replace

from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.run.dispatch import handlers_of
from tests.laws.programs import WORLDS

FRAME_BYTES = 288
"""Of a pickle: its account, version and horizon, that nothing is prepared, and names of fields."""

PROGRAMS = {name: world.program() for name, world in WORLDS.items()}


def _parts(value: Any) -> Iterator[Any]:
    """A value and all that it is made of."""
    yield value
    if isinstance(value, msgspec.Struct):
        inside: Any = msgspec.structs.astuple(value)
    elif isinstance(value, dict):
        inside = [*value.keys(), *value.values()]
    else:
        inside = value if isinstance(value, (tuple, list, set, frozenset)) else ()
    for one in inside:
        yield from _parts(one)


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_a_program_holds_no_function(program: Program) -> None:
    handlers_of(program)
    assert [part for part in _parts(program) if callable(part)] == []
    assert [part for part in _parts(handlers_of(program)) if callable(part)] != []


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_a_pickled_program_is_no_larger_than_what_was_written_and_means_the_same(program: Program) -> None:
    handlers_of(program)
    data = pickle.dumps(program)
    written = {name: getattr(program, name) for name in ("rules", "policy", "timezone", "limits", "attributes")}
    assert len(data) <= len(pickle.dumps(written)) + FRAME_BYTES
    assert pickle.loads(data) == program


def test_programs_that_differ_in_their_account_share_their_handlers() -> None:
    one, other = PROGRAMS["silence"], PROGRAMS["reminders"]
    assert handlers_of(one) is handlers_of(replace(one, account_id="another"))
    assert handlers_of(one) is not handlers_of(other)


def test_handlers_are_forgotten_with_the_last_of_their_programs() -> None:
    program = pickle.loads(pickle.dumps(PROGRAMS["silence"]))
    copy = replace(program, account_id="another")
    handler = ref(handlers_of(program).of("a")[0])
    del program
    gc.collect()
    assert handler() is not None
    del copy
    gc.collect()
    assert handler() is None
