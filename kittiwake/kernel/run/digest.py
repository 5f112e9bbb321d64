"""Digests: what passes the gates together for one rule leaves in one trigger, which counts once (semantics.md, 7).

Called by `run.gating` for rules with `digest`, once each candidate has been asked by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from kittiwake.kernel.evaluate.decisions import row_of
from kittiwake.kernel.evaluate.digest import (
    Member,
    best_first,
    candidate_of_digest,
    entry_of,
    list_of,
    newest_of_each,
    number_listed,
)
from kittiwake.kernel.evaluate.match import SINGLE
from kittiwake.kernel.run.execution import Execution
from kittiwake.kernel.state.state import Candidate
from kittiwake.model import Decision
from kittiwake.reasons import Outcome, Reason

DIGESTED: Final = Reason.DIGESTED
UNLISTED: Final = Reason.UNLISTED


def leave_together(
    run: Execution, index: int, members: Iterable[Member], reason: Reason | None, part: int
) -> tuple[str, list[Member]]:
    """Decide what has passed the gates of one part of an instant: the id of the digest, and what it lists.

    `reason`, of all of them, is none, or what keeps the digest from being sent.
    """
    digest = run.program.rules[index].digest
    assert digest is not None
    newest, older = newest_of_each(members)
    for key, candidate in older:
        run.decide(index, key, candidate, Outcome.SUPPRESSED, Reason.SUPERSEDED)
    ranked = best_first(digest, newest)
    rows = [_row(run, index, key, candidate, Outcome.SUPPRESSED, DIGESTED) for key, candidate in ranked]
    entries = [entry_of(row) for row in rows]
    number = number_listed(entries, digest.max_listed, run.program.limits.digest_bytes)
    listed = ranked[:number]
    whole = candidate_of_digest([candidate for _, candidate in listed], run.now_us, part)
    outcome = Outcome.FIRED if reason is None else Outcome.SUPPRESSED
    row = replace(_row(run, index, SINGLE, whole, outcome, reason), digest=list_of(entries[:number], len(rows)))
    if not row.partial_history and any(one.partial_history for one in rows[:number]):
        row = replace(row, partial_history=True)
    for at, one in enumerate(rows):  # a correction that is pending goes from them to the digest behind them
        found = UNLISTED if at >= number else DIGESTED
        run.outputs.add(replace(one, reason=found, digest_id=row.trigger_id))
    run.outputs.add(row)
    return row.trigger_id, listed


def _row(
    run: Execution, index: int, key: str, candidate: Candidate, outcome: Outcome, reason: Reason | None
) -> Decision:
    return row_of(
        run.program.account_id,
        run.program.texts[index],
        run.state.contact_id,
        key,
        candidate,
        outcome,
        reason,
        run.now_us,
        partial_history=run.is_partial(index, candidate),
    )
