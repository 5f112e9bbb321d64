"""Words of other systems: each is none here, and what is advised in its place is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kittiwake.rules.json_schema import json_schema
from kittiwake.rules.model.base import Model
from kittiwake.rules.source import other_words
from kittiwake.rules.source.validation import keys_of

NO_KEY = (
    *("Delete it", "A change is", "An audience rule fires", "A price is", "A date is", "A condition stands"),
    *("Write a duration", "In the policy write ", "Beside rules write "),
)
"""How advice begins that names no key of the object."""


def _models(model: type[Model] = Model) -> Iterator[type[Model]]:
    yield model
    for part in model.__subclasses__():
        yield from _models(part)


MODELS = {one.__name__: one for one in _models()}


def test_the_models_are_those_of_the_language() -> None:
    assert json_schema()
    assert other_words.KEYS.keys() | other_words.EXAMPLES.keys() <= MODELS.keys()


@pytest.mark.parametrize("name", other_words.KEYS)
def test_a_word_is_no_key_and_what_is_advised_is_one(name: str) -> None:
    known = {key for model in _models(MODELS[name]) for key in keys_of(model)}
    for word, advice in other_words.KEYS[name].items():
        assert word not in keys_of(MODELS[name])
        assert (
            advice.startswith((*NO_KEY, "Write it inside the event"))
            or advice.removeprefix("Write ").split()[0].rstrip(":,") in known
        ), advice
