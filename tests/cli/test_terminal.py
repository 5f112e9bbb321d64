"""What a person at a terminal sees beyond the text: colours and progress."""

from __future__ import annotations

import io
import sys

import pytest

from kittiwake.batch.workers.progress import Progress
from kittiwake.cli.explanation_text import STYLES, print_texts
from kittiwake.explain.model import Tone
from kittiwake.explain.rendering import Text
from kittiwake.terminal.printing import GREEN, complain, say
from kittiwake.terminal.progress import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def watched(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal in the place of both streams; within a test, for pytest puts its own there after the fixtures."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    found = Terminal()
    monkeypatch.setattr(sys, "stdout", found)
    monkeypatch.setattr(sys, "stderr", found)
    return found


def test_every_tone_has_a_colour_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = watched(monkeypatch)
    assert set(STYLES) == {None, *Tone}
    print_texts([Text("it fired", Tone.FIRED), Text("a [bold]heading[/bold]")], indent=2)
    fired, heading = terminal.getvalue().splitlines()
    assert "\x1b[" in fired
    assert "  it fired" in fired
    assert "  a [bold]heading[/bold]" in heading


@pytest.mark.parametrize("asked", ["", "1"])
def test_who_wants_no_colours_gets_none_on_a_terminal_either(monkeypatch: pytest.MonkeyPatch, asked: str) -> None:
    terminal = watched(monkeypatch)
    monkeypatch.setenv("NO_COLOR", asked)
    say("it is done", GREEN)
    complain("it is not")
    print_texts([Text("it fired", Tone.FIRED)])
    assert ("\x1b" in terminal.getvalue()) is (asked == "")


def test_without_a_terminal_there_are_no_colours_and_no_line_is_wrapped(capsys: pytest.CaptureFixture[str]) -> None:
    print_texts([Text("x" * 300, Tone.FIRED), Text("")])
    assert capsys.readouterr().out == "x" * 300 + "\n\n"


def test_progress_is_shown_where_somebody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = watched(monkeypatch)
    with progress(quiet=False) as tell:
        tell(Progress(5, 10, 100, 0, 0))
        tell(Progress(10, 10, 100, 1, 2))
    text = terminal.getvalue()
    assert all(word in text for word in ("reading", "deciding", "100%", " 50%", "MB/s"))


def test_where_nobody_watches_a_line_is_told_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    clock = iter([0.0, 4.0, 12.0, 15.0, 24.0, 40.0])
    with progress(quiet=False, speaker="replay", clock=lambda: next(clock)) as tell:
        tell(Progress(1_000_000, 100_000_000, 100, 0, 0))
        tell(Progress(60_000_000, 100_000_000, 2_400_000, 0, 0))
        tell(Progress(100_000_000, 100_000_000, 3_000_000, 0, 1_000))
        tell(Progress(100_000_000, 100_000_000, 3_000_000, 270, 1_000))
        tell(Progress(100_000_000, 100_000_000, 3_000_000, 1_000, 1_000))
    assert capsys.readouterr().err.splitlines() == [
        "replay: 12 s: reading 60 % of 100.0 MB, 5.0 MB/s, 200,000 records/s",
        "replay: 24 s: deciding 27 %, 30 contacts/s, 24 s left",
        "replay: 40 s: deciding 100 %, 40 contacts/s",
    ]


def test_progress_is_not_shown_to_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = watched(monkeypatch)
    with progress(quiet=True) as tell:
        tell(Progress(5, 10, 100, 0, 0))
    assert terminal.getvalue() == ""
