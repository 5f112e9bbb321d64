"""A construct of the language has a file of the same name on each layer it touches, and no file stands outside."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kittiwake.rules.model.policy import PolicyObject
from kittiwake.rules.model.rule import Header, Rule
from tests.repo.constructs import CONSTRUCTS, LAYERS, NO_CONSTRUCT, Construct


def _wanted(layer: str, constructs: dict[str, Construct]) -> set[str]:
    """The stems that the table asks of a layer."""
    return {stem for stem, construct in constructs.items() if layer in construct.layers.split()}


def _found(layer: str, root: Path) -> set[str]:
    return {path.stem for path in (root / LAYERS[layer]).glob("*.py")} - {"__init__"}


def _difference(layer: str, root: Path, constructs: dict[str, Construct]) -> tuple[set[str], set[str]]:
    """Files that are missing on a layer, and files that nothing names."""
    wanted, found = _wanted(layer, constructs), _found(layer, root)
    return wanted - found, found - wanted - NO_CONSTRUCT[layer].keys()


@pytest.mark.parametrize("layer", LAYERS)
def test_every_file_of_a_layer_is_a_construct_or_says_why_it_is_none(layer: str, root: Path) -> None:
    missing, unnamed = _difference(layer, root, CONSTRUCTS)
    assert missing == set(), f"{LAYERS[layer]} lacks them"
    assert unnamed == set(), "give them a row of CONSTRUCTS, or a reason in NO_CONSTRUCT"


@pytest.mark.parametrize("layer", LAYERS)
def test_no_reason_outlives_its_file(layer: str, root: Path) -> None:
    assert NO_CONSTRUCT[layer].keys() - _found(layer, root) == set()
    assert NO_CONSTRUCT[layer].keys() & _wanted(layer, CONSTRUCTS) == set()


def test_every_construct_names_layers_that_there_are() -> None:
    assert {layer for construct in CONSTRUCTS.values() for layer in construct.layers.split()} == {*LAYERS}


OF_NO_CONSTRUCT = {"account", "policy", "rules", "timezone"}
"""Keys of a document that say whose it is, and hold the rest."""


@pytest.mark.parametrize(
    ("model", "at"), [(Rule, 1), (PolicyObject, 2), (Header, 5)], ids=["rule", "policy", "document"]
)
def test_every_key_an_author_may_write_belongs_to_one_construct(model: type, at: int) -> None:
    owned = [*OF_NO_CONSTRUCT] if model is Header else []
    owned += [key for construct in CONSTRUCTS.values() for key in construct[at].split()]
    assert sorted(owned) == sorted(model.model_fields)


def test_a_missing_file_and_an_unnamed_one_are_found(root: Path) -> None:
    planted = {**CONSTRUCTS, "throttle": Construct("model run")}
    del planted["wait"]
    assert _difference("model", root, planted) == ({"throttle"}, {"wait"})


# ---------------------------------------------------------------- conformance files


def _conformance_files(root: Path) -> set[str]:
    files = {path.name.removesuffix(".test.yaml") for path in (root / "tests" / "conformance").glob("*.test.yaml")}
    if not files:
        pytest.skip("there are no conformance files")
    return files


def test_every_conformance_file_is_of_a_construct_or_says_why_it_is_of_none(root: Path) -> None:
    named = {name for construct in CONSTRUCTS.values() for name in construct.conformance.split()}
    assert sorted(_conformance_files(root)) == sorted(named | NO_CONSTRUCT["conformance"].keys())


def test_every_construct_that_the_kernel_knows_has_a_conformance_file() -> None:
    lacking = [
        stem
        for stem, construct in CONSTRUCTS.items()
        if not {"plan", "evaluate", "run"}.isdisjoint(construct.layers.split()) and not construct.conformance
    ]
    assert lacking == []


def test_every_construct_has_its_sections_on_the_reference_page(root: Path) -> None:
    (page,) = root.glob("docs/**/rules.md")
    headings = set(re.findall(r"^#+ (?:\d+\. )?`?([^`\n]+)`?$", page.read_text(), re.MULTILINE))
    named = {stem: {*construct.sections.split("/")} for stem, construct in CONSTRUCTS.items()}
    assert {stem: lacking for stem, wanted in named.items() if (lacking := wanted - headings)} == {}
