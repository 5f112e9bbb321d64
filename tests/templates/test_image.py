"""The image is rehearsed line by line where no Docker is, and what it is made of is pinned."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import kittiwake
from kittiwake.terminal.exit_codes import Exit
from templates import pin
from tests.repo import sources
from tests.services.skipping import skip_or_fail
from tests.templates.dockerfile import Rehearsal, Stage, stages
from tests.templates.tools import python_of_the_image, tool

TEMPLATES = sources.ROOT / "templates"
DOCKERFILE = (TEMPLATES / "Dockerfile").read_text()
EXTRAS = ("gcp", "query", "otel")
DIGEST = f"sha256:{'0123456789abcdef' * 4}"
TARGETS = {"stream", "backfill", "command"}
# Run by the image's Python: everything that is shipped can be imported there, but what needs pytest or Dask.
IMPORT_ALL = """
import importlib, pkgutil
import kittiwake
names = [one.name for one in pkgutil.walk_packages(kittiwake.__path__, "kittiwake.")]
for name in names:
    if not name.endswith("__main__") and not name.startswith(("kittiwake.testing", "kittiwake.pipelines.on_dask")):
        importlib.import_module(name)
importlib.import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")  # of --trace_endpoint
print(len(names))
"""


@pytest.fixture(scope="module")
def parts() -> dict[str, Stage]:
    return stages(DOCKERFILE)


def locked(name: str) -> dict[str, str]:
    found = re.findall(r"^([a-z0-9-]+)==(\S+) \\$", (TEMPLATES / name).read_text(), re.MULTILINE)
    return dict(found)


def _native_version() -> str:
    manifest = tomllib.loads((sources.ROOT / "native" / "Cargo.toml").read_text())
    return str(manifest["package"]["version"])


def test_the_locks_hold_what_the_project_asks_for_with_hashes_and_no_address() -> None:
    project = tomllib.loads((sources.ROOT / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"]
    wanted = [*project["project"]["dependencies"], *(one for extra in EXTRAS for one in extras[extra])]
    for lock, asked in (("requirements.lock", wanted), ("build.lock", project["build-system"]["requires"])):
        versions = locked(lock)
        for one in map(Requirement, asked):
            assert one.specifier.contains(versions[one.name.lower()]), f"{one}: run make lock"
        text = (TEMPLATES / lock).read_text()
        assert len(re.findall(r"\\\n    --hash=sha256:[0-9a-f]{64}", text)) >= len(versions)
        assert "://" not in text


def test_launcher_and_workers_have_the_newest_python_that_the_project_takes(parts: dict[str, Stage]) -> None:
    takes = tomllib.loads((sources.ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    below = int(takes.rpartition("<3.")[2])
    said = re.findall(r"python:?3\.?(\d+)", " ".join(stage.source for stage in parts.values()))
    assert said == [str(below - 1)] * 4
    (beam,) = re.findall(r"beam_python[\d.]+_sdk:([\d.]+)", DOCKERFILE)
    assert locked("requirements.lock")["apache-beam"] == beam


def test_each_image_starts_what_it_is_for(parts: dict[str, Stage]) -> None:
    for job in ("stream", "backfill"):
        assert f"templates/{job}/launch.py ./" in parts[job].values("COPY")
        assert "FLEX_TEMPLATE_PYTHON_PY_FILE=/template/launch.py" in parts[job].values("ENV")
    assert parts["command"].values("USER") == ["10001:10001"]
    ran = [line for stage in parts.values() for line in stage.values("RUN")]
    assert [line for line in ran if "apt-get" in line or "gcc" in line] == []


def test_cloud_build_builds_pushes_and_describes_what_make_does(parts: dict[str, Stage]) -> None:
    build = yaml.safe_load((TEMPLATES / "cloudbuild.yaml").read_text())
    said = {step["id"]: step["args"] for step in build["steps"]}
    assert parts.keys() >= TARGETS
    assert {args[args.index("--target") + 1] for id_, args in said.items() if id_.startswith("build-")} == TARGETS
    assert build["images"] == [f"$_REGISTRY/{target}:$_TAG" for target in ("stream", "backfill", "command")]
    for job in ("stream", "backfill"):
        (metadata,) = [one for one in said[f"template-{job}"] if one.endswith("metadata.json")]
        assert (sources.ROOT / metadata).exists()
    ran = subprocess.run(["sh", *said["digests"]], cwd=sources.ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == (1 if pin.unpinned(DOCKERFILE) else 0), ran.stdout


def test_digests_come_from_the_registry_and_an_image_without_one_is_not_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "Dockerfile"
    copy.write_text(re.sub(r"@sha256:\w+", "", DOCKERFILE))
    monkeypatch.setattr(pin, "DOCKERFILE", copy)
    assert pin.main(["--check"]) == Exit.UNUSABLE
    assert capsys.readouterr().err.count("has no digest in Dockerfile: `make pin` writes it") == 4
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\necho 'no such host' >&2\nexit 1\n")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert pin.main([]) == Exit.UNUSABLE
    assert "apache/beam_python3.13_sdk:2.77.0: docker says no digest: no such host" in capsys.readouterr().err
    docker.write_text(f"#!/bin/sh\necho {DIGEST}\n")
    assert pin.main([]) == Exit.FINE
    assert pin.main(["--check"]) == Exit.FINE
    assert [stage.source for stage in stages(copy.read_text()).values() if ":" in stage.source] == [
        f"apache/beam_python3.13_sdk:2.77.0@{DIGEST}",
        f"gcr.io/dataflow-templates-base/python313-template-launcher-base:20251030-rc00@{DIGEST}",
        f"rust:1.95-slim-bookworm@{DIGEST}",
        *[f"python:3.13-slim-bookworm@{DIGEST}"] * 2,
    ]


@pytest.mark.nightly
@pytest.mark.timeout(3_600)  # it fetches 125 wheels, and installs them
def test_every_line_of_the_dockerfile_runs_without_a_network_and_everything_is_imported_there(
    parts: dict[str, Stage], tmp_path: Path
) -> None:
    python = python_of_the_image()
    skip_or_fail(None if shutil.which("cargo") else "no cargo is here")
    wheels, context = tmp_path / "wheels", tmp_path / "context"
    for lock in ("requirements.lock", "build.lock"):
        fetch = [python, "-m", "pip", "download", "--quiet", "--require-hashes", "--only-binary", ":all:", "--no-deps"]
        subprocess.run([*fetch, "--dest", wheels, "--requirement", TEMPLATES / lock], check=True)
    sources.copy_checkout(context)
    crates = tmp_path / "crates"
    cargo = ["cargo", "fetch", "--quiet", "--locked", "--manifest-path", context / "native" / "Cargo.toml"]
    subprocess.run(cargo, env={**os.environ, "CARGO_HOME": str(crates)}, check=True)
    rehearsal = Rehearsal(context, tmp_path / "image", python, wheels, crates)
    rehearsal.play(parts)
    assert [line.split()[1] for line in rehearsal.not_tried] == ["--from=sdk", "--from=launcher"]

    def run(stage: str, *argv: str) -> str:
        folder = rehearsal.folder(stage)
        command = [folder / "usr" / "local" / "bin" / "python", *argv]
        ran = subprocess.run(
            command,
            cwd=folder / "template",
            env=rehearsal.environment(stage),
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    assert int(run("command", "-c", IMPORT_ALL)) > 500
    for job in ("stream", "backfill"):
        assert "--rules" in run(job, "launch.py", "--help")
    assert "usage: python -m kittiwake.pipelines.reconcile" in run(
        "command", "-m", "kittiwake.pipelines.reconcile", "--help"
    )
    assert (
        run("command", "-m", "kittiwake", "--version")
        == f"{kittiwake.__version__} (kittiwake-native {_native_version()})\n"
    )
    frozen = run("command", "-m", "pip", "freeze", "--exclude", "kittiwake", "--exclude", "pip")
    installed = (line.split("==") for line in frozen.split())
    assert {canonicalize_name(name): version for name, version in installed} == locked("requirements.lock")


@pytest.mark.nightly
def test_hadolint_finds_nothing() -> None:
    found = subprocess.run([tool("hadolint"), TEMPLATES / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


def test_a_line_that_fails_ends_a_rehearsal(tmp_path: Path) -> None:
    part = stages("FROM x/y:1 AS a\nFROM a AS b\nWORKDIR /w\nRUN echo so && \\\n  false\n")
    (tmp_path / "a").mkdir()
    with pytest.raises(AssertionError, match="RUN echo so"):
        Rehearsal(tmp_path, tmp_path, sys.executable, tmp_path, tmp_path).play(part)
