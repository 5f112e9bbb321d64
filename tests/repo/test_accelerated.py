"""What `make test` runs once more without the accelerator."""

from __future__ import annotations

from pathlib import Path

from tests.accelerated import asking_modules, files_by_module


def test_every_module_that_asks_the_accelerator_is_tried_without_it() -> None:
    tried = {module for modules in files_by_module().values() for module in modules}
    assert len(asking_modules()) > 3
    assert not {*asking_modules()} - tried


def test_a_test_that_never_meets_it_is_not_run_twice(root: Path) -> None:
    names = {path.relative_to(root).as_posix() for path in (root / "tests").rglob("test_*.py")}
    assert names > {*files_by_module()}
    assert not [name for name in files_by_module() if name.startswith(("tests/kernel/", "tests/oracle/"))]
