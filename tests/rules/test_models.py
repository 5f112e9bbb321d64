"""Models: what an author may write, read whole with everything that is wrong, and never changed."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Annotated, Any

import pytest

from kittiwake.event_plan.model import PlanObject
from kittiwake.rules.errors import Code
from kittiwake.rules.model.base import (
    After,
    Before,
    Checked,
    Field,
    Model,
    Tag,
    WrittenWrongError,
    chosen,
    problem,
    shape,
)
from kittiwake.rules.model.reading import Fault, Findings, reader_of
from kittiwake.rules.model.recipe import RecipeObject
from kittiwake.rules.model.rule import Header, Rule
from kittiwake.scenarios.models import ScenarioPart
from kittiwake.shape_files.models import ShapeFile


def _even(value: object) -> int:
    if isinstance(value, int) and value % 2 == 0:
        return value
    raise problem(Code.BAD_NUMBER, f"{value} is not even", "Write 2")


Even = Annotated[int, Checked(_even, {"type": "integer"})]


OneOrMore = Annotated[
    Annotated[Even, Tag("|other")] | Annotated[list[Even], Tag("|list")], chosen(shape, "no", "Write 2")
]


class Leaf(Model):
    """A leaf."""

    at: Even = Field(description="where")


class Tree(Model):
    """A tree."""

    leaf: Leaf = Field()
    left: Tree | None = Field(None)
    numbers: list[Even] | None = Field(None)
    by_name: dict[Even, Even] | None = Field(None)
    from_: Even = Field(8, alias="from")
    whole: (
        Annotated[Annotated[Even, Tag("|other")] | Annotated[list[Even], Tag("|list")], chosen(shape, "no", "Write")]
        | None
    ) = Field(None)


class Named(Model):
    own_keys: dict[str, Annotated[Even, Before(lambda value: value - 1), After(lambda value: -value)]]

    salt: Even = Field(0)


def kinds(model: type[Model]) -> Iterator[type[Model]]:
    yield model
    for part in model.__subclasses__():
        yield from kinds(part)


def wrong(model: type[Model], written: Any) -> list[tuple[Any, ...]]:
    found = Findings()
    model.read_at(written, (), found)
    return [(one.path, one.said.message if one.said else one.fault) for one in found.wrong]


def test_every_key_of_every_model_can_be_read() -> None:
    assert {Header, Rule, RecipeObject, PlanObject, ScenarioPart, ShapeFile} <= {*kinds(Model)}
    for model in kinds(Model):
        for name in [*model.model_fields, *(["own_keys"] if model.takes_any_key else [])]:
            assert callable(model.readers().of(name))


def test_what_is_not_written_has_its_default_and_does_not_count_as_written() -> None:
    tree = Tree.model_validate({"leaf": {"at": 2}, "from": 4})
    assert (tree.leaf.at, tree.from_, tree.left, tree.numbers) == (2, 4, None, None)
    assert tree.model_fields_set == {"leaf", "from_"}


def test_everything_that_is_wrong_is_found_each_with_its_path() -> None:
    written = {
        "left": {"leaf": 1, "x": 1},
        "numbers": [2, 3],
        "by_name": {2: 1, 3: 2},
        "from_": 2,
        "from": 1,
        "whole": {},
    }
    assert wrong(Tree, written) == [
        (("leaf",), Fault.MISSING_KEY),
        (("left", "leaf"), Fault.NO_OBJECT),
        (("left", "x"), Fault.UNKNOWN_KEY),
        (("numbers", 1), "3 is not even"),
        (("by_name", 2), "1 is not even"),
        (("by_name", 3), "3 is not even"),
        (("from",), "1 is not even"),
        (("whole",), "no"),
        (("from_",), Fault.UNKNOWN_KEY),
    ]


@pytest.mark.parametrize(("key", "fault"), [("numbers", Fault.NO_LIST), ("by_name", Fault.NO_OBJECT)])
def test_a_list_is_no_object_and_nothing_else_is_either(key: str, fault: Fault) -> None:
    assert wrong(Tree, {"leaf": {"at": 2}, key: "2"}) == [((key,), fault)]
    assert wrong(Tree, "2") == [((), Fault.NO_OBJECT)]


def test_keys_of_the_authors_own_are_read_and_are_no_attributes() -> None:
    named = Named.model_validate({"b": 3, "a": 5, "salt": 2})
    assert (named.own_keys, named.keys_of_its_own(), named.salt) == ({"b": -2, "a": -4}, named.own_keys, 2)
    assert wrong(Named, {"b": 2}) == [(("b",), "1 is not even")]


def test_who_read_an_object_is_known_wherever_it_stands() -> None:
    written = {"leaf": {"at": 1}, "left": {"leaf": {}}}
    found = Findings()
    Tree.read_at(written, (), found)
    assert [found.readers[id(one)] for one in (written, written["leaf"], written["left"])] == [Tree, Leaf, Tree]


def test_a_model_never_changes_and_is_equal_by_what_it_says() -> None:
    tree = Tree.model_validate({"leaf": {"at": 2}})
    with pytest.raises(AttributeError, match="never changes"):
        tree.from_ = 2
    with pytest.raises(AttributeError, match="never changes"):
        del tree.from_
    assert tree == Tree.model_validate({"leaf": {"at": 2}, "from": 8})
    assert tree != Tree.model_validate({"leaf": {"at": 2}, "from": 6})
    assert tree.leaf != Named.model_validate({"at": 3})
    assert hash(tree.leaf) == hash(Leaf.model_validate({"at": 2}))
    assert pickle.loads(pickle.dumps(tree.leaf)) == tree.leaf


def test_a_copy_has_other_values_which_count_as_written() -> None:
    tree = Tree.model_validate({"leaf": {"at": 2}})
    copy = tree.model_copy(update={"from_": 2})
    assert (copy.from_, copy.leaf, copy.model_fields_set) == (2, tree.leaf, {"leaf", "from_"})
    assert (tree.from_, tree.model_fields_set) == (8, {"leaf"})


def test_values_that_are_wrong_make_no_model() -> None:
    with pytest.raises(WrittenWrongError, match=r"leaf\.at: 1 is not even; x: unknown key"):
        Tree.model_validate({"leaf": {"at": 1}, "x": 1})


def test_a_key_without_a_field_and_an_annotation_that_nothing_reads_are_refused_when_they_are_made() -> None:
    with pytest.raises(TypeError, match=r"Bad\.key has no Field"):
        type("Bad", (Model,), {"__annotations__": {"key": "int"}, "key": 1})
    for hint in (int, int | str, Even | list[Even]):
        with pytest.raises(TypeError, match="nothing"):
            reader_of(hint)
