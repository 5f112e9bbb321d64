"""What the launcher of a Flex Template hands over, as a main takes it: names of Google's own templates, and the image.

Called by `templates/*/launch.py`, which the image names to Google's launcher. A template without an alias is none of
Google's: only names that its own templates have are taken here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from kittiwake.errors import UnusableError
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import report_line

STREAM_ALIASES: Final = MappingProxyType({"inputSubscription": "subscription", "outputTopic": "trigger_topic"})
BACKFILL_ALIASES: Final = MappingProxyType({"inputFilePattern": "input", "outputDirectory": "output"})
"""Names of Google's templates -> the options that mean the same."""

IMAGE_VARIABLE: Final = "KITTIWAKE_IMAGE"
"""In the environment of the image: its own name, which the job's workers run too."""
_IMAGE: Final = "sdk_container_image"


def launch(
    speaker: str,
    main: Callable[[Sequence[str]], int],
    aliases: Mapping[str, str],
    argv: Sequence[str],
    image: str | None,
) -> int:
    """Run a main with what a launcher hands over; the exit code."""
    try:
        arguments = template_arguments(argv, aliases, image)
    except UnusableError as error:
        report_line(speaker, f"error: {error}")
        return Exit.UNUSABLE
    return main(arguments)


def template_arguments(argv: Sequence[str], aliases: Mapping[str, str], image: str | None) -> list[str]:
    """The arguments for a main: aliases under our names, and the workers' image where none is given.

    Raises:
        UnusableError: an option is given under both names.
    """
    values = dict(text.removeprefix("--").partition("=")[::2] for text in argv if text.startswith("--"))
    for alias, name in aliases.items():
        if values.get(alias) and values.get(name):
            raise UnusableError(f"{alias} and {name} are two names of one option: leave one of them empty")
    found = [_renamed(text, aliases) for text in argv]
    if image and not values.get(_IMAGE):
        found.append(f"--{_IMAGE}={image}")
    return found


def _renamed(text: str, aliases: Mapping[str, str]) -> str:
    name, equals, value = text.removeprefix("--").partition("=")
    return f"--{aliases[name]}={value}" if text.startswith("--") and equals and name in aliases else text
