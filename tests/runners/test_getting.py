"""What is said where an engine cannot be had, and that nothing half-built is left behind."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.runners import prism
from tests.runners.flink import installing
from tests.runners.places import CACHE, VERSION, MissingError

TOO_OLD = f"""go: downloading github.com/apache/beam/sdks/v2 v{VERSION}
go: github.com/apache/beam/sdks/v2/go/cmd/prism@v{VERSION}: github.com/apache/beam/sdks/v2@v{VERSION} requires \
go >= 1.26.0 (running go 1.22.2; GOTOOLCHAIN=local)
"""


@pytest.mark.skipif(shutil.which("go") is None, reason="go is not on the path")
def test_a_build_that_fails_is_told_in_gos_words_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))
    monkeypatch.setenv("GOMODCACHE", str(tmp_path / "modules"))
    monkeypatch.setenv("GOPROXY", "off")
    with pytest.raises(MissingError, match=r"(?s)go install .*prism@.* failed:.*GOPROXY=off"):
        prism.binary()
    assert [path for path in (tmp_path / "cache").rglob("*") if path.name.startswith("building")] == []


def test_of_a_go_that_is_too_old_both_versions_are_told() -> None:
    said = "Prism needs Go 1.26.0 or later, and go 1.22.2 is on the path: install it, or do without Prism"
    assert prism.why_not_built(TOO_OLD) == said


def test_where_java_is_not_installed_flink_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv(CACHE, str(tmp_path))
    with pytest.raises(MissingError, match="Flink needs java, which is not on the path: install it"):
        installing.got()


@pytest.mark.skipif(shutil.which("java") is None, reason="java is not on the path")
def test_a_python_that_flink_is_not_built_for_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE, str(tmp_path))
    monkeypatch.setattr(installing, "NEWEST", (3, 10))
    with pytest.raises(MissingError, match=r"Flink's Python is not built for Python 3\.1[1-9]$"):
        installing.got()


@pytest.mark.skipif(shutil.which("java") is None, reason="java is not on the path")
@pytest.mark.skipif(installing.never() is not None, reason=str(installing.never()))
def test_flink_that_cannot_be_installed_is_told_in_pips_words_and_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CACHE, str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(MissingError, match=r"(?s)installing Flink failed:.*No matching distribution found for apache-"):
        installing.got()
    assert not installing.kept().exists()
