"""What a run has made and done, in a file of its folder, written before anything else happens: so that whoever comes
after a killed run can go on with it, or delete what it has made.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from templates.smoke.settings import Settings, as_json, from_json

JOURNAL: Final = "run.json"
VERSION: Final = 1


class Outcome(StrEnum):
    """How a step ended."""

    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


class JournalError(Exception):
    """A folder has no journal of a run that could be gone on with."""


@dataclass
class Done:
    """A step that was begun."""

    name: str
    outcome: Outcome
    began: str
    seconds: float
    found: dict[str, Any] = field(default_factory=dict)
    """Numbers and words of the step, for the report."""
    problem: str | None = None


@dataclass
class Journal:
    """Of one run; every change is on the disk before the call returns."""

    settings: Settings
    steps: list[Done] = field(default_factory=list)
    made: list[tuple[str, str]] = field(default_factory=list)
    """Kinds and names of what was made, or was about to be."""
    jobs: list[str] = field(default_factory=list)
    """Ids of jobs of Dataflow, the newest last."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What later steps need to know of earlier ones."""
    is_torn_down: bool = False

    @property
    def file(self) -> Path:
        """Where it is."""
        return self.settings.output / JOURNAL

    def done(self, name: str) -> bool:
        """Whether a step need not be done again."""
        return any(one.name == name and one.outcome is Outcome.DONE for one in self.steps)

    def record(self, step: Done) -> None:
        """Note how a step ended; what was noted of it before is replaced."""
        self.steps = [one for one in self.steps if one.name != step.name] + [step]
        self.save()

    def begin(self, kind: str, name: str) -> bool:
        """Note that something is about to be made; whether that was noted before."""
        if (kind, name) in self.made:
            return True
        self.made.append((kind, name))
        self.save()
        return False

    def forget(self, kind: str, name: str) -> None:
        """Note that it is gone."""
        self.made.remove((kind, name))
        self.save()

    def started(self, job_id: str) -> None:
        """Note a job."""
        self.jobs.append(job_id)
        self.save()

    def know(self, **facts: Any) -> None:
        """Note facts."""
        self.facts.update(facts)
        self.save()

    def save(self) -> None:
        """Write it, whole."""
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps(self._data(), indent=1), encoding="utf-8")
        new.replace(self.file)

    def _data(self) -> dict[str, Any]:
        steps = [one.__dict__ for one in self.steps]
        return {**self.__dict__, "version": VERSION, "settings": as_json(self.settings), "steps": steps}


def read_journal(folder: Path) -> Journal:
    """The journal of a folder.

    Raises:
        JournalError: there is none, or it cannot be read.
    """
    try:
        found = json.loads((folder / JOURNAL).read_text(encoding="utf-8"))
        if found.pop("version") != VERSION:
            raise JournalError(f"{folder} holds the run of another release: go on with that one")
        found["settings"] = from_json({**found["settings"], "output": str(folder)})
        found["steps"] = [Done(**{**one, "outcome": Outcome(one["outcome"])}) for one in found["steps"]]
        found["made"] = [(kind, name) for kind, name in found["made"]]
        return Journal(**found)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise JournalError(f"{folder} holds no run ({error}): name the folder that a run has written") from error
