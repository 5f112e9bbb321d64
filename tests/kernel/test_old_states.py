"""States that earlier releases wrote still load, and what goes on from them is decided as they would have.

`tests/kernel/states/version-N.json` holds, for each world of tests/laws/programs.py, the bytes of a state in the
middle of a history, the events after it, and what has to become of them. A new `codec.VERSION` gets a file of its own,
written by `python -m tests.kernel.states` when it has become final; the old files stay.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kittiwake.kernel.advance import advance
from kittiwake.kernel.codec import VERSION, decode
from kittiwake.kernel.state import State
from kittiwake.model import Event
from kittiwake.values import parse_json
from tests.kernel.states.__main__ import FOLDER, told
from tests.laws.programs import WORLDS

FILES = sorted(FOLDER.glob("version-*.json"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
@pytest.mark.parametrize("name", WORLDS)
def test_an_old_state_goes_on(file: Path, name: str) -> None:
    old: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))[name]
    state = decode(bytes.fromhex(old["state"]))
    assert isinstance(state, State), state
    events = [Event(*fields, parse_json(properties)) for *fields, properties in old["events"]]
    assert told(advance(WORLDS[name].program(), state, events, old["until_us"])) == old["decided"]


def test_every_version_of_the_encoding_has_its_states() -> None:
    assert [file.stem for file in FILES] == [f"version-{number}" for number in range(1, VERSION + 1)]
