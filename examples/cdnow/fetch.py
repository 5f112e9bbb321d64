"""Fetch the purchases: `python -m examples.cdnow.fetch --output FILE`.

They ship in the Python package `lifetimes` (MIT licence), whose wheel pip downloads without its dependencies; only the
one file is taken out of it. Nothing is done if FILE is there already.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final
from zipfile import ZipFile

PACKAGE: Final = "lifetimes==0.11.3"
MEMBER: Final = "lifetimes/datasets/CDNOW_master.txt"
SHA256: Final = "eff6889ed364c5199d6eacbbeb7a6d559971df4406ac876f322c373f00a072ef"
DEFAULT: Final = Path("out/data/CDNOW_master.txt")


class FetchError(Exception):
    """The purchases could not be had, or are not those the example was written for."""


def fetch(output: Path) -> Path:
    """The file of purchases, downloaded if it is not at `output` yet; whole or not at all.

    Raises:
        FetchError: pip cannot download the package, or it holds something else.
    """
    if output.exists():
        return output
    content = checked(_download())
    output.parent.mkdir(parents=True, exist_ok=True)
    partial = output.with_name(f"{output.name}.{os.getpid()}")
    partial.write_bytes(content)
    return partial.replace(output)


def _download() -> bytes:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    with tempfile.TemporaryDirectory() as folder:
        ran = subprocess.run(
            [*pip, "--no-deps", "--only-binary=:all:", "--dest", folder, PACKAGE],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if ran.returncode:
            raise FetchError(f"pip cannot download {PACKAGE}:\n{ran.stderr}")
        with ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
            return wheel.read(MEMBER)


def checked(content: bytes) -> bytes:
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256:
        raise FetchError(f"{MEMBER} of {PACKAGE} is not what it was: SHA-256 {found}, not {SHA256}")
    return content


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=DEFAULT, help="where to put it (default: %(default)s)")
    print(fetch(parser.parse_args(arguments).output))


if __name__ == "__main__":
    try:
        main()
    except FetchError as error:
        sys.exit(str(error))
