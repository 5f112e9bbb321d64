"""An explanation as lines of text, each with its tone: a timeline, then what fired and what did not.

Pure. A terminal colours the tones; a failing test prints the plain text.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final, NamedTuple

from kittiwake.foreign import visible
from kittiwake.kernel.trace import StepKind
from kittiwake.replay.explain_model import Explanation, Line, Miss, RuleStory, Tone
from kittiwake.replay.explain_words import clock_words, counted, date_words, moment_words

MISSES_SHOWN: Final = 5
"""Near misses of a rule that are shown, the newest; `--json` has all."""


class Text(NamedTuple):
    """One line and what it is to its reader; no tone: a heading."""

    text: str
    tone: Tone | None = None


def plain(explanation: Explanation) -> str:
    """The whole explanation without colours."""
    return "\n".join(line.text for line in texts(explanation))


def texts(explanation: Explanation) -> Iterator[Text]:
    """The whole explanation; nothing that is foreign in a line hides, or begins another."""
    for line in _texts(explanation):
        yield line._replace(text=visible(line.text))


def _texts(explanation: Explanation) -> Iterator[Text]:
    yield from heading(explanation)
    yield from timeline(explanation)
    yield Text("")
    yield from verdicts(explanation)


def heading(explanation: Explanation) -> Iterator[Text]:
    """Whose story this is, and until when."""
    until = moment_words(explanation.settled_us, explanation.zone)
    events = counted(explanation.events, "event")
    yield Text(f"contact {explanation.contact_id} of account {explanation.account_id}")
    yield Text(f"{events}, settled up to {until} ({explanation.zone})", Tone.ASIDE)


# ---------------------------------------------------------------- timeline


def timeline(explanation: Explanation) -> Iterator[Text]:
    """Every line in the order of time, beneath the day it fell on."""
    zone = explanation.zone
    for day, lines in groupby(explanation.lines, key=lambda line: date_words(line.time_us, zone)):
        yield Text("")
        yield Text(day)
        for time_us, together in groupby(lines, key=lambda line: line.time_us):
            yield from _instant(clock_words(time_us, zone), list(together))


def _instant(clock: str, lines: list[Line]) -> Iterator[Text]:
    """The lines of one instant; its clock stands before the first."""
    shown, margin = f"  {clock}  ", " " * (len(clock) + 4)
    for line in lines:
        yield Text((shown or margin) + _told(line), line.tone)
        shown = ""


def _told(line: Line) -> str:
    if line.rule_id is None:
        return line.text
    if line.kind is StepKind.GATE:  # stands beneath the decision it led to
        return f"    {line.text}"
    return f"  {_subject(line.rule_id, line.instance)}: {line.text}"


def _subject(rule_id: str, instance: str | None) -> str:
    return rule_id if instance in (None, "{}") else f"{rule_id} {instance}"


# ---------------------------------------------------------------- verdicts


def verdicts(explanation: Explanation) -> Iterator[Text]:
    """What became of each rule: how often it fired, and of what did not fire the nearest miss."""
    for rule in explanation.rules:
        if rule.fired:
            yield Text(f"{rule.rule_id} fired {_times(rule.fired)}", Tone.FIRED)
        yield from _more(rule)
        for miss in rule.nearest[-MISSES_SHOWN:]:
            yield from _missed(explanation, miss)


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _missed(explanation: Explanation, miss: Miss) -> Iterator[Text]:
    when = "" if miss.time_us is None else f" ({moment_words(miss.time_us, explanation.zone)})"
    yield Text(f"{_subject(miss.rule_id, miss.instance)} did not fire{when}", Tone.STOPPED)
    yield Text(f"    {miss.what}")
    yield Text(f"    it would have taken: {miss.needed}", Tone.PROGRESS)


def _more(rule: RuleStory) -> Iterator[Text]:
    hidden = len(rule.nearest) - MISSES_SHOWN
    if hidden > 0:
        yield Text(f"{rule.rule_id} did not fire {_times(hidden)} more, earlier; --json tells of all", Tone.ASIDE)
