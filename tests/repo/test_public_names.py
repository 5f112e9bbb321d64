"""The public names, which programs rely on: a name that goes or is renamed breaks somebody, one that comes stays."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from importlib import import_module

import pytest

NAMES = {
    "kittiwake": """
        DeadLetter DeadLetterReason Decision Event EventIds Explanation Kind Outcome Reason Rules RulesError Summary
        TargetError UnusableError __version__ explain_contact load_rules replay
    """,
    "kittiwake.beam": """
        DeadLetterRecord DecisionRecord EvaluateHistories EvaluateRules Evaluated EvaluatedHistories LateEventRecord
        LoadSnapshots ParseMessages ParsedMessages PublishTriggers ReadEventFiles ReadRecordedEvents RulesSource
        WriteJsonLines WriteTables published_rules
    """,
    "kittiwake.kernel": """
        Advanced DecidedHistory Program State Versions advance decide_history decide_sorted_history new_state pending_in
        unfinished
    """,
    "kittiwake.testing": "Case Story check run scenarios",
}

SETTINGS = {
    "kittiwake.replay": "rules inputs output until allowed_lateness max_dead_letter_ratio shape account_id snapshots "
    "written query start_from",
    "kittiwake.explain_contact": "rules inputs contact_id account_id until allowed_lateness shape shape_account_id "
    "all_properties query",
    "kittiwake.load_rules": "paths by_account",
    "kittiwake.beam.published_rules": "target allowed_lateness",
    "kittiwake.beam.ParseMessages": "rules shape account_id max_age item_shards clock",
    "kittiwake.beam.EvaluateRules": "rules allowed_lateness evaluation_delay timer_resolution initial_states clock",
    "kittiwake.beam.LoadSnapshots": "files rules item_shards clock",
    "kittiwake.beam.ReadRecordedEvents": "files pace disorder late random_seed shape account_id stays_open",
    "kittiwake.beam.ReadEventFiles": "files shape account_id",
    "kittiwake.beam.EvaluateHistories": "rules until allowed_lateness max_dead_letter_ratio shape account_id "
    "partitions clock",
    "kittiwake.beam.PublishTriggers": "topic",
    "kittiwake.beam.WriteTables": "dataset decisions",
    "kittiwake.beam.WriteJsonLines": "folder",
}


def _of(name: str) -> object:
    module, _, attribute = name.rpartition(".")
    return getattr(import_module(module), attribute)


@pytest.mark.parametrize("module", NAMES)
def test_the_public_names_are_these(module: str) -> None:
    found = import_module(module)
    assert sorted(found.__all__) == sorted(NAMES[module].split())
    assert all(getattr(found, name) is not None for name in found.__all__)


@pytest.mark.parametrize("name", SETTINGS)
def test_the_settings_of_what_is_public_are_these(name: str) -> None:
    assert [*inspect.signature(_of(name)).parameters] == SETTINGS[name].split()


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_beside_the_first_ones_are_given_by_keyword(name: str) -> None:
    kinds = [one.kind for one in inspect.signature(_of(name)).parameters.values()]
    by_place = [kind for kind in kinds if kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    assert len(by_place) <= 3
    assert all(kind is not inspect.Parameter.VAR_KEYWORD for kind in kinds)


@pytest.mark.parametrize("module", NAMES)
def test_everything_public_says_what_it_is(module: str) -> None:
    found = import_module(module)
    silent = [
        name for name in found.__all__ if name != "__version__" and not inspect.getdoc(getattr(found, name))
    ]  # fmt: skip
    assert silent == []


def test_public_functions_name_the_errors_they_raise() -> None:
    without = [name for name in SETTINGS if not re.search(r"Raises:", _documented(name))]
    assert without == [
        "kittiwake.beam.PublishTriggers",
        "kittiwake.beam.WriteJsonLines",
    ]  # they only keep a text


def _documented(name: str) -> str:
    found = _of(name)
    return (inspect.getdoc(found) or "") + (inspect.getdoc(found.__init__) or "" if inspect.isclass(found) else "")


@pytest.mark.parametrize("module", ["kittiwake", "kittiwake.beam"])
def test_importing_the_public_modules_imports_no_beam(module: str) -> None:
    code = f"import {module}, sys; print(*sorted(m for m in sys.modules if m.startswith(('apache_beam', 'kittiwake'))))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["kittiwake", "kittiwake.beam"][: 1 + (module == "kittiwake.beam")]


def test_a_name_that_is_not_public_is_refused() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Programs'"):
        _of("kittiwake.Programs")
    with pytest.raises(AttributeError, match="has no attribute 'SinkInputs'"):
        _of("kittiwake.beam.SinkInputs")
