"""Digests of the images that the Dockerfile is made from: `make pin` writes them, `make image` asks for them.

    python -m templates.pin            asks the registries, by Docker, and writes digests behind the tags
    python -m templates.pin --check    asks nobody; ends with 2 if an image has no digest

A tag can be moved to another image; a digest cannot.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from kittiwake.terminal.exit_codes import Exit

DOCKERFILE: Final = Path(__file__).parent / "Dockerfile"
_FROM: Final = re.compile(r"^FROM (?P<name>[^\s@:]+[/:][^\s@]+)(?P<digest>@\S+)?(?P<rest>.*)$", re.MULTILINE)
"""Of an image from elsewhere; a stage of the file itself has neither a tag nor a slash."""
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")


def unpinned(text: str) -> list[str]:
    """The images of a Dockerfile that stand there without a digest, each once."""
    return list(dict.fromkeys(found["name"] for found in _FROM.finditer(text) if not found["digest"]))


def pinned(text: str, digest_of: Callable[[str], str]) -> str:
    """The Dockerfile with the digest of each image as it is now, also where another one stands."""

    def line(found: re.Match[str]) -> str:
        return f"FROM {found['name']}@{digest_of(found['name'])}{found['rest']}"

    return _FROM.sub(line, text)


def asked_digest(name: str) -> str:
    """The digest of an image, by Docker's client.

    Raises:
        ValueError: there is no such client, or it says none; with what it says.
    """
    command = ["docker", "buildx", "imagetools", "inspect", name, "--format", "{{.Manifest.Digest}}"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise ValueError(f"{name}: docker cannot be started: {error}") from error
    digest = said.stdout.strip()
    if said.returncode or not _DIGEST.fullmatch(digest):
        raise ValueError(f"{name}: docker says no digest: {(said.stderr or said.stdout).strip()}")
    return digest


def main(argv: Sequence[str]) -> int:
    """Check or write; the exit code."""
    text = DOCKERFILE.read_text(encoding="utf-8")
    if list(argv) == ["--check"]:
        for name in unpinned(text):
            print(
                f"{name} has no digest in {DOCKERFILE.name}: `make pin` writes it, and you commit it", file=sys.stderr
            )
        return Exit.UNUSABLE if unpinned(text) else Exit.FINE
    try:
        text = pinned(text, asked_digest)
    except ValueError as error:
        print(error, file=sys.stderr)
        return Exit.UNUSABLE
    DOCKERFILE.write_text(text, encoding="utf-8")
    return Exit.FINE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
