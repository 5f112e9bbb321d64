"""The plan of a publication: what a history says of it, its file, and whether what is published was seen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from kittiwake.errors import UnusableError
from kittiwake.printable import visible
from kittiwake.regular_files import open_file, why_not
from kittiwake.rules.publishing.bounds import OBJECT_BYTES_MAX
from kittiwake.rules.publishing.loading import load_history
from kittiwake.rules.publishing.plans import is_plan, plan_of, require_plan, written
from kittiwake.rules.publishing.publish import Publication
from kittiwake.rules.publishing.target import Target
from kittiwake.rules.versions import RuleSetHistory, always

if TYPE_CHECKING:
    from kittiwake.simulate.difference.model import Difference
    from kittiwake.simulate.difference.pending import PendingPlan

PLAN = "The plan"

History = Annotated[
    list[str] | None,
    typer.Option(
        "--history",
        help="Events, as --input of replay names them: shows what becomes of what is pending, and what the rules would"
        " have done otherwise. Several times if need be.",
        rich_help_panel=PLAN,
    ),
]
PlanFile = Annotated[
    Path | None,
    typer.Option(
        "--plan", help="With --dry-run: write what is shown into this file, for --require-plan.", rich_help_panel=PLAN
    ),
]
RequirePlan = Annotated[
    Path | None,
    typer.Option(
        "--require-plan",
        help="Publish only what this plan is of: the same rules after the same version, shown a day ago at most.",
        rich_help_panel=PLAN,
    ),
]


class Effect(NamedTuple):
    """What a history says of a publication; nothing of a first version, before which nothing was pending."""

    pending: PendingPlan | None
    difference: Difference | None
    folder: str
    inputs: tuple[str, ...]

    def lines(self) -> Iterator[str]:
        """For a person, made visible."""
        from kittiwake.simulate.difference.pending import pending_lines  # noqa: PLC0415 - with a history only
        from kittiwake.simulate.difference.report import Run, render  # noqa: PLC0415 - likewise

        if self.pending is None or self.difference is None:
            yield "the first version: nothing is pending, and kittiwake simulate says what it would have done"
            return
        yield from map(visible, pending_lines(self.pending))
        yield from render(self.difference, Run(self.folder, self.inputs)).splitlines()

    def data(self) -> dict[str, Any]:
        """For programs."""
        from kittiwake.simulate.difference.pending import pending_data  # noqa: PLC0415 - with a history only
        from kittiwake.simulate.difference.report import Run, as_data  # noqa: PLC0415 - likewise

        if self.pending is None or self.difference is None:
            return {}
        return {
            "pending": pending_data(self.pending),
            "difference": as_data(self.difference, Run(self.folder, self.inputs)),
        }


def refuse_unfit(
    history: list[str] | None,
    plan: Path | None,
    required: Path | None,
    html: Path | None,
    *,
    dry_run: bool,
    is_shaped: bool,
) -> None:
    """Refuse options of a plan that do not go together, and a plan that could not be written at the end.

    Raises:
        UnusableError: it says what to write.
    """
    if is_shaped and not history:
        raise UnusableError("--input-shape and --input-account say how events are read: name them with --history")
    if html is not None and not history:
        raise UnusableError(
            "--html: without events there is nothing to draw of what is pending: add --history 'events/*.jsonl'"
        )
    if plan is not None and not dry_run:
        raise UnusableError("--plan: a plan is made before anything is published: add --dry-run")
    if plan is not None and not history:
        raise UnusableError(
            "--plan: without events a plan says nothing of what is pending: add --history 'events/*.jsonl'"
        )
    if plan is not None and required is not None:
        raise UnusableError("--plan makes a plan and --require-plan asks for one: give one of them")
    if plan is not None:
        _refuse_others(plan)


def _refuse_others(path: Path) -> None:
    """Refuse to replace what is no plan: rules, say."""
    from kittiwake.output.text_files import refuse_existing  # noqa: PLC0415 - with a plan only

    refuse_existing(path, force=True)
    if path.exists() and not is_plan(_bytes_of("--plan", path)):
        raise UnusableError(f"--plan: {path} is there already, and is no plan: name another file")


def _bytes_of(option: str, path: Path) -> bytes:
    try:
        with open_file(path) as file:
            return file.read(OBJECT_BYTES_MAX)
    except OSError as error:
        raise UnusableError(f"{option}: {path} cannot be read: {why_not(path, error)}") from None


def effect_of(
    prepared: Publication,
    target: Target,
    folder: str,
    history: list[str] | None,
    shape: list[str] | None,
    account: str | None,
    *,
    quiet: bool,
) -> Effect | None:
    """What the events of a history say of a publication; None: none is named.

    Raises:
        UnusableError: an input cannot be read.
    """
    if not history:
        return None
    from kittiwake.cli.options import shapes_of  # noqa: PLC0415 - with a history only
    from kittiwake.cli.run_settings import settings_of  # noqa: PLC0415 - likewise
    from kittiwake.simulate.deciding import Hosted, decided  # noqa: PLC0415 - likewise
    from kittiwake.simulate.difference.comparison import Comparison  # noqa: PLC0415 - likewise
    from kittiwake.simulate.difference.pending import PendingStudy  # noqa: PLC0415 - likewise
    from kittiwake.simulate.study import Together  # noqa: PLC0415 - likewise
    from kittiwake.terminal.progress import progress  # noqa: PLC0415 - likewise

    inputs = tuple(history)
    if prepared.before is None:
        return Effect(None, None, folder, inputs)
    settings = settings_of("", "1h", shapes_of(shape, account, history))
    before = RuleSetHistory(load_history(target).versions)  # as if it were not frozen
    after = RuleSetHistory((*before.versions, prepared.version))
    pending = PendingStudy(before, after, settings)
    comparison = Comparison.of(always(prepared.before.ruleset), always(prepared.version.ruleset), settings, 3)
    with progress(quiet=quiet, speaker="publish") as on_progress:
        answer = decided(Together([pending, comparison]), inputs, Hosted(settings, on_progress))
    fates, differences = answer.found.found
    return Effect(
        pending.plan(fates, answer.read, settings),
        comparison.difference(differences, *answer.summaries[2:]),
        folder,
        inputs,
    )


def write_report(path: Path, effect: Effect, prepared: Publication, target: Target, *, force: bool) -> None:
    """Write a page of what a history says of a publication.

    Raises:
        UnusableError: it cannot be written, or it is the first version, of which there is nothing to say.
    """
    from kittiwake.cli.pages import write_page  # noqa: PLC0415 - with a page only
    from kittiwake.describe.document import describe  # noqa: PLC0415 - likewise
    from kittiwake.report.of_difference import Compared  # noqa: PLC0415 - likewise
    from kittiwake.report.of_publication import Publishing, publication_page  # noqa: PLC0415 - likewise
    from kittiwake.simulate.difference.report import Run  # noqa: PLC0415 - likewise

    pending, difference, before = effect.pending, effect.difference, prepared.before
    if pending is None or difference is None or before is None:
        raise UnusableError(
            "--html: of a first version there is no plan, for nothing is pending: write kittiwake simulate --html"
        )
    said = (("Why", "message"), ("By", "author"), ("Commit", "commit"))
    words = tuple((title, text) for title, field in said if (text := getattr(prepared.file, field)))
    old, new = before.ruleset, prepared.version.ruleset
    compared = Compared(old.version, Run(effect.folder, effect.inputs), describe(old), describe(new))
    publishing = Publishing(target.location, new.version, old.version, words)
    write_page(path, lambda: publication_page(pending, difference, compared, publishing), force=force)


def write_plan(path: Path, prepared: Publication, target: Target, clock_us: int, shown: dict[str, Any]) -> None:
    """Write a plan into its file.

    Raises:
        UnusableError: it cannot be written.
    """
    from kittiwake.output.text_files import write_file  # noqa: PLC0415 - with a plan only

    write_file(path, written(plan_of(prepared, target.location, clock_us, shown)).decode(), force=True)


def require(path: Path, prepared: Publication, clock_us: int) -> None:
    """Refuse a publication that a plan is not of.

    Raises:
        UnusableError: the file cannot be read.
        TargetError: it is no plan, or of something else.
    """
    require_plan(str(path), _bytes_of("--require-plan", path), prepared, clock_us)
