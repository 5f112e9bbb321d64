"""What `kittiwake` offers to a Python program: `replay` and `explain_contact`, with settings a person writes.

Reads files and the clock; called by users through `kittiwake`, by tests and by pages. Settings are keywords: a duration
is a text such as "1h" or a `timedelta`, an instant an RFC 3339 text or an aware `datetime`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from kittiwake.batch.replay import replay as replay_files
from kittiwake.batch.settings import RunSettings
from kittiwake.batch.summary import Summary
from kittiwake.errors import UnusableError
from kittiwake.explain.contact import explain_files
from kittiwake.explain.model import Explanation
from kittiwake.input.query.model import Query
from kittiwake.input.shapes.base import InputShape
from kittiwake.output.formats import Format
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.versions import RuleSetHistory
from kittiwake.settings import Duration, Instant, Paths, duration_us, instant_us, texts_of
from kittiwake.shape_files.naming import input_shape
from kittiwake.time.instants import instant_of


def replay(
    rules: RuleSetHistory,
    inputs: Paths,
    output: str | Path,
    *,
    until: Instant | None = None,
    allowed_lateness: Duration = "1h",
    max_dead_letter_ratio: Decimal | None = None,
    shape: str = "canonical",
    account_id: str | None = None,
    snapshots: bool = False,
    written: str = "jsonl",
    query: str | Path | None = None,
    start_from: Paths = (),
) -> Summary:
    """Decide everything that files of events hold and write the folder `output`, as `kittiwake replay` does.

    Args:
        rules: what `load_rules` has read.
        inputs: files of events, gzip and zstd and Parquet too; globs may be used.
        output: a folder that does not exist, is empty, or holds an earlier run, which is replaced whole.
        until: where the run ends; None: 1 µs after the newest event.
        allowed_lateness: how far apart duplicates of one event may lie.
        max_dead_letter_ratio: beyond this part of dead letters nothing is decided; None: 0.1 of 1,000 records or more.
        shape: how records are written: "canonical", another name of a shape, or the path of a shape file
            (docs/reference/shapes.md).
        account_id: the account of records that name none.
        snapshots: whether the state of every contact is written too, for a streaming job that goes on from there.
        written: "jsonl" or "parquet".
        query: a file of SQL whose rows are the events; `inputs` are then its tables (docs/how-to/bring-your-data.md).
        start_from: files of snapshots of an earlier run, from which contacts start; globs may be used. `inputs` are
            then the events since then.

    Returns:
        What was read, decided and refused; `Summary.stopped` says why nothing was decided, if nothing was.

    Raises:
        UnusableError: a setting, an input or the output cannot be used; the output is as it was.
        RulesError: a rule is of a kind that this release does not run.
    """
    settings = RunSettings(
        _now_us(),
        instant_us("until", until),
        duration_us("allowed_lateness", allowed_lateness),
        max_dead_letter_ratio,
        shape_of(shape, account_id),
        snapshots,
        query_of(query, inputs),
    )
    if written not in list(Format):
        raise UnusableError(f"written: {written!r} is no format: write {' or '.join(Format)}")
    programs = Programs(loaded_rules(rules), settings.allowed_lateness_us, shape=settings.shape)
    files = texts_of(inputs) if query is None else []
    return replay_files(programs, files, output, settings, written=Format(written), start_from=texts_of(start_from))


def explain_contact(
    rules: RuleSetHistory,
    inputs: Paths,
    contact_id: str,
    *,
    account_id: str | None = None,
    until: Instant | None = None,
    allowed_lateness: Duration = "1h",
    shape: str = "canonical",
    shape_account_id: str | None = None,
    all_properties: bool = False,
    query: str | Path | None = None,
) -> Explanation:
    """Why one contact was sent what it was sent, and what was missing where it was not, as `kittiwake explain` says.

    Args:
        rules: what `load_rules` has read.
        inputs: the files of events of a replay.
        contact_id: whose decisions are explained.
        account_id: of which account, if the input has contacts of this id in several.
        until: where the replay ends; None: 1 µs after the newest event of all.
        allowed_lateness: as of the replay.
        shape: as of the replay.
        shape_account_id: the account of records that name none.
        all_properties: whether events are shown with properties that no rule reads.
        query: as of the replay.

    Raises:
        UnusableError: an input cannot be used, or contacts of several accounts have this id.
        LookupError: the input has no event of the contact.
        RulesError: the rules of the account cannot be run.
    """
    settings = RunSettings(
        _now_us(),
        instant_us("until", until),
        duration_us("allowed_lateness", allowed_lateness),
        shape=shape_of(shape, shape_account_id),
        query=query_of(query, inputs),
    )
    rules, files = loaded_rules(rules), texts_of(inputs) if query is None else []
    found = explain_files(rules, files, contact_id, account_id or "", settings, all_properties=all_properties)
    if found.explanation is None:
        raise LookupError("the input has no event of the contact")
    return found.explanation


def loaded_rules(rules: RuleSetHistory) -> RuleSetHistory:
    """The rules themselves.

    Raises:
        UnusableError: they are something else, such as a path.
    """
    if not isinstance(rules, RuleSetHistory):
        raise UnusableError(f"rules: give what kittiwake.load_rules returned, not {rules!r:.80}")
    return rules


def query_of(query: str | Path | None, inputs: Paths) -> Query | None:
    """The query of a run, whose tables its inputs are; None: the inputs hold the events."""
    return None if query is None else Query(str(query), tuple(texts_of(inputs)))


def shape_of(shape: str, account_id: str | None) -> InputShape:
    """How records are to be read.

    Raises:
        UnusableError: there is no such shape, or the account is lacking, out of place, or none.
    """
    return input_shape(shape, account_id, ("shape", "account_id"))


def _now_us() -> int:
    return instant_of(datetime.now(UTC))
