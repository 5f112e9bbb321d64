"""How a terminal shows the lines of an explanation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rich.console import Console
from rich.text import Text as RichText

from kittiwake.explain.model import Tone
from kittiwake.explain.rendering import Text
from kittiwake.printable import visible
from kittiwake.terminal.printing import is_colourless

STYLES: Final = {
    None: "bold",
    Tone.EVENT: "bold",
    Tone.PROGRESS: "cyan",
    Tone.FIRED: "bold green",
    Tone.STOPPED: "yellow",
    Tone.HELD: "magenta",
    Tone.ASIDE: "dim",
}


def print_texts(texts: Iterable[Text], indent: int = 0) -> None:
    """Lines as they are, never wrapped; coloured where a terminal is."""
    console = Console(highlight=False, soft_wrap=True, color_system=None if is_colourless() else "auto")
    for line in texts:
        console.print(RichText((" " * indent + visible(line.text)).rstrip(), style=STYLES[line.tone]))
