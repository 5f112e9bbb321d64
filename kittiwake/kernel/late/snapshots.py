"""A state that moves from a batch to a stream: what it has to leave behind, and what it may say of itself.

Pure. Called by `kittiwake.output.snapshots` (semantics.md, section 13).
"""

from __future__ import annotations

from msgspec.structs import replace

from kittiwake.kernel.late.checkpoint import begun_anew, compacted
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.versions import Versions, as_versions
from kittiwake.kernel.state.codec import bare, decoded, encoded
from kittiwake.kernel.state.state import Since, State


def snapshot_of(rules: Program | Versions, state: State) -> State:
    """The state as a stream can take it in, which only knows the versions in force.

    What was foreseen for versions to come stays behind: a stream could not go on remembering it. Where a version came
    into force behind the checkpoint, corrections begin at the evaluated time.
    """
    versions = as_versions(rules)
    found = compacted(versions, state)
    if found.evaluated_to_us is None:
        return found
    whole_us = versions.at(found.evaluated_to_us).effective_us if versions.whole_history else found.whole_us
    since, from_us = found.since, found.from_us
    if from_us is not None and versions.coming(from_us, found.evaluated_to_us):
        since, from_us = begun_anew(versions, since or Since(), found), found.evaluated_to_us
    elif since is not None and since.checkpoint is not None:
        since = replace(since, checkpoint=encoded(_without_foreseen(decoded(since.checkpoint), whole_us)))
    front = bare(_without_foreseen(found, whole_us), since, from_us)
    front.inbox = found.inbox
    return front


def _without_foreseen(state: State, whole_us: int | None) -> State:
    rules = {key: left for key, left in state.rules.items() if "@" not in key}
    return replace(state, rules=rules, whole_us=whole_us)
