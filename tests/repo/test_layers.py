"""The layers of the code base: imports point down only, folders stack, and nobody reaches into another's privates.

Computed from the source; import-linter holds the same layers by its contracts (`test_layer_contracts`). Beyond them it
is asked here that no two folders or files import each other in a circle, that private names stay private, in tests and
benchmarks too, and that no folder and no file outgrows what one can hold in the head.
"""

from __future__ import annotations

from collections import Counter
from itertools import chain

import pytest

from tests.repo import sources
from tests.repo.imports import Import, circles, imports_of, module_of, private

CODE = "kittiwake"
LAYERS = (
    "kittiwake.pipelines",
    "kittiwake.beam",
    "kittiwake.transforms",
    "kittiwake.__main__",
    "kittiwake.cli kittiwake.testing",
    "kittiwake.terminal kittiwake.api",
    "kittiwake.report",
    "kittiwake.describe kittiwake.project kittiwake.tune kittiwake.witness",
    "kittiwake.scenarios",
    "kittiwake.explain kittiwake.inspect kittiwake.profile kittiwake.simulate",
    "kittiwake.batch kittiwake.stream",
    "kittiwake.event_plan kittiwake.shape_files",
    "kittiwake.rules kittiwake.output",
    "kittiwake.input kittiwake.kernel",
    "kittiwake.model kittiwake.settings",
    "kittiwake",
)
"""From the top down; those of one line know nothing of each other. The last are the files below all packages."""

FILE_LINES = 400
FOLDER_FILES = 15
A_REASON = "More than fifteen files"
"""Stands, with the reason, in the docstring of a package that has more."""

PRIVATE_MAY_BE_READ = {
    "tests.simulation.test_mutants": "plants a fault inside the kernel, which the simulator has to find",
}

FILES = {module_of(path, sources.ROOT): path for path in sources.python_files()}
PACKAGES = frozenset(name for name, path in FILES.items() if path.name == "__init__.py")


@pytest.fixture(scope="module")
def imports() -> list[Import]:
    """Every import of the repository's own modules, tests and benchmarks included."""
    names = frozenset(FILES)
    return [found for name, path in FILES.items() for found in imports_of(path.read_text(), name, names)]


def _is_code(name: str) -> bool:
    return name.partition(".")[0] == CODE


def _layer(module: str) -> tuple[int, str]:
    """How far down a module stands, and the package by which it does."""
    by_name = {name: depth for depth, names in enumerate(LAYERS) for name in names.split()}
    parts = module.split(".")
    name = next(n for i in range(len(parts), 0, -1) if (n := ".".join(parts[:i])) in by_name)
    return by_name[name], name


def _upward(imports: list[Import]) -> list[Import]:
    """Imports of a higher layer, or of another package of the same one; the public face brings names when asked."""
    imports = [found for found in imports if found.importer != "kittiwake"]
    between = [(found, _layer(found.importer), _layer(found.module)) for found in imports]
    return [found for found, (at, own), (to, other) in between if to < at or (to == at and own != other)]


def _child(module: str, package: str) -> str:
    """The folder or file directly below a package in which a module stands."""
    return ".".join(module.split(".")[: package.count(".") + 2])


def _circles(imports: list[Import], package: str) -> list[list[str]]:
    below = [i for i in imports if i.importer.startswith(f"{package}.") and i.module.startswith(f"{package}.")]
    edges = {(_child(found.importer, package), _child(found.module, package)) for found in below}
    return circles((a, b) for a, b in edges if a != b)


def test_imports_point_down_only(imports: list[Import]) -> None:
    assert _upward([found for found in imports if _is_code(found.importer) and _is_code(found.module)]) == []


@pytest.mark.parametrize("package", sorted(filter(_is_code, PACKAGES)))
def test_the_folders_and_files_of_a_package_import_each_other_in_no_circle(package: str, imports: list[Import]) -> None:
    assert _circles(imports, package) == []


def test_nobody_takes_a_private_name_of_another_package(imports: list[Import]) -> None:
    taken = [found for found in private(imports, PACKAGES) if found.importer not in PRIVATE_MAY_BE_READ]
    assert [f"{found.importer}:{found.line} {found.module}.{found.name}" for found in taken] == []


def test_who_may_read_private_names_does(imports: list[Import]) -> None:
    assert {found.importer for found in private(imports, PACKAGES)} == {*PRIVATE_MAY_BE_READ}


def test_a_folder_has_no_more_files_than_one_can_hold_in_the_head_or_says_why() -> None:
    numbers = Counter(path.parent for name, path in FILES.items() if _is_code(name) and path.name != "__init__.py")
    large = {sources.name_of(folder) for folder, number in numbers.items() if number > FOLDER_FILES}
    given = {name for name in large if A_REASON in (sources.ROOT / name / "__init__.py").read_text()}
    assert large == given


def test_a_file_of_the_product_is_shorter_than_elsewhere() -> None:
    lengths = {name: len(path.read_text().splitlines()) for name, path in FILES.items() if _is_code(name)}
    assert {name: lines for name, lines in lengths.items() if lines > FILE_LINES} == {}


# ---------------------------------------------------------------- that these can fail


def _planted(**sources_by_name: str) -> list[Import]:
    texts = {name.replace("__", "."): text for name, text in sources_by_name.items()}
    return list(chain.from_iterable(imports_of(text, name, frozenset(texts)) for name, text in texts.items()))


def test_an_import_upwards_or_sideways_is_found() -> None:
    found = _planted(
        kittiwake__kernel__low="def f():\n    import kittiwake.rules.high\n",
        kittiwake__rules__high="from kittiwake.output import beside\nfrom kittiwake.kernel import low\n",
        kittiwake__output__beside="import kittiwake.ground\n",
        kittiwake__ground="",
    )
    assert [f"{i.importer} {i.module}" for i in _upward(found)] == [
        "kittiwake.kernel.low kittiwake.rules.high",
        "kittiwake.rules.high kittiwake.output.beside",
    ]


def test_a_circle_is_found_through_any_number_of_folders() -> None:
    found = _planted(
        p__a__x="from p.b import y\n", p__b__y="from p.c import z\n", p__c__z="from p.a import x\n", p__d="import p.c.z"
    )
    assert _circles(found, "p") == [["p.a", "p.b", "p.c"]]
    assert _circles(found, "p.a") == []


def test_a_private_name_is_found_by_whatever_way_it_is_taken() -> None:
    found = _planted(
        p__a="_x = 1\n_y = 2\n",
        q__b="from p.a import _x\nfrom p import a\nimport p.a as also\nprint(a._y, also._x, a.__doc__)\n",
        p__c="from p.a import _x\n",
    )
    taken = private(found, frozenset({"p", "q"}))
    assert [(i.importer, i.name) for i in taken] == [("q.b", "_x"), ("q.b", "_y"), ("q.b", "_x")]


def test_every_package_of_the_code_has_its_layer() -> None:
    top = {path.parent.name for path in (sources.ROOT / "kittiwake").glob("*/__init__.py")}
    named = {name.removeprefix("kittiwake.") for line in LAYERS for name in line.split()}
    assert top - named == {"time"}, "give it a layer"
