"""Prism, Beam's own portable runner: built from the Go module of the SDK's version, run as a server of jobs.

It speaks to workers over gRPC as Dataflow does: everything crosses a process's border, encoded.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.runners.places import VERSION, MissingError, cache, one_at_a_time, tool
from tests.runners.serving import serving
from tests.services.emulators.processes import free_port

MODULE: Final = f"github.com/apache/beam/sdks/v2/go/cmd/prism@v{VERSION}"
BUILD_S: Final = 450
"""Of building it from nothing, modules fetched, on two busy cores: five times what was measured."""
START_S: Final = 30
NOT_BUILT_LINES: Final = 8
_TOO_OLD: Final = re.compile(r"requires go >= ([\d.]+) \(running go ([\d.]+)")


def binary() -> Path:
    """The program, built if it is not in the cache.

    Raises:
        MissingError: Go is not here, is too old, or cannot get the module.
    """
    program = kept()
    if not program.exists():
        go = tool("go", "Prism")
        with one_at_a_time("prism"):
            if not program.exists():
                _build(program, go)
    return program


def kept() -> Path:
    """Where the program is, or would be."""
    return cache() / f"prism-{VERSION}" / "prism"


def _build(program: Path, go: str) -> None:
    """Built aside and moved: what is cut off leaves no half of a program."""
    aside = program.parent / f"building-{os.getpid()}"
    aside.mkdir(parents=True, exist_ok=True)
    # Its own toolchain, not one that Go would download for a newer module: a machine's Go is the machine's business.
    environment = {**os.environ, "GOBIN": str(aside), "GOTOOLCHAIN": "local", "GOFLAGS": ""}
    command = [go, "install", MODULE]
    try:
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=BUILD_S, check=False)
        if ran.returncode:
            raise MissingError(why_not_built(ran.stderr))
        (aside / "prism").replace(program)
    except subprocess.TimeoutExpired:
        raise MissingError(f"go install {MODULE} took more than {BUILD_S} s") from None
    finally:
        shutil.rmtree(aside)


def why_not_built(said: str) -> str:
    """What to tell of what Go said: a sentence if it is too old, else its own last words."""
    too_old = _TOO_OLD.search(said)
    if too_old:
        return (
            f"Prism needs Go {too_old[1]} or later, and go {too_old[2]} is on the path: install it, or do without Prism"
        )
    last = "\n".join(said.strip().splitlines()[-NOT_BUILT_LINES:])
    return f"go install {MODULE} failed:\n{last}"


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """A Prism of our own, stopped at the end; the endpoint of its job service. Its log is a file of `folder`."""
    port = free_port()
    command = [str(binary()), f"-job_port={port}", "-serve_http=false", "-log_level=warn", "-log_kind=text"]
    with serving(command, port, folder / "prism.log", START_S) as endpoint:
        yield endpoint
