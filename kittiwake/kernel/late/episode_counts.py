"""Episode counts: two states that differ only in how many arming events their open episodes have counted.

Pure. Called by `late.reevaluation`. An episode that is restarted by every event never meets its old state again, for
one more event has armed it. That number decides nothing: it only stands in the rows of the episode. So a correction may
end where nothing else differs, if the episode is still open at the evaluated time and none of its rows stands in
between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from msgspec.structs import replace

from kittiwake.kernel.state.codec import decoded, encoded, in_one_order
from kittiwake.kernel.state.state import Chunk, Episode, Mark, State
from kittiwake.model import Decision

Opened: TypeAlias = tuple[str, str, str, str]
"""An episode: rule, instance, id and type of the event that opened it."""

Counts: TypeAlias = Mapping[Opened, int]
"""How many events more an episode has counted; fewer, where it is below 0."""


def counts_apart(now: Mark, before: Mark) -> Counts | None:
    """What the episodes of a state have counted more than those of another; None if anything else differs."""
    if now == before:
        return {}
    new, old = decoded(now.state), decoded(before.state)
    open_before = dict(_episodes(old))
    found = {}
    for opened, episode in _episodes(new):
        other = open_before.get(opened)
        if other is not None and other.count != episode.count:
            found[opened] = episode.count - other.count
            episode.count = other.count
    return found if in_one_order(encoded(new)) == before.state else None


def only_counted(counts: Counts, rows: Iterable[Decision], front: State) -> bool:
    """Whether the episodes are open in the end with nothing deferred, and none of the rows in between is theirs."""
    if not counts:
        return True
    waiting = {opened for opened, _ in _episodes(front) if front.rules[opened[0]].instances[opened[1]].held is None}
    theirs = (
        (row.rule_id, row.instance, row.events.first, row.events.first_type) for row in rows if row.events is not None
    )
    return counts.keys() <= waiting and counts.keys().isdisjoint(theirs)


def counted_on(state: State, counts: Counts) -> None:
    """Let the open episodes of a state have counted so many more."""
    for opened, episode in _episodes(state):
        episode.count += counts.get(opened, 0)


def chunk_counted_on(chunk: Chunk, counts: Counts) -> Chunk:
    """A chunk whose mark has counted so many more."""
    if not counts or chunk.mark is None:
        return chunk
    state = decoded(chunk.mark.state)
    counted_on(state, counts)
    return replace(chunk, mark=Mark(chunk.mark.at_us, in_one_order(encoded(state))))


def _episodes(state: State) -> Iterator[tuple[Opened, Episode]]:
    for rule_key, rule in state.rules.items():
        for key, one in rule.instances.items():
            if one.episode is not None:
                yield (rule_key, key, one.episode.opened_id, one.episode.opened_type), one.episode
