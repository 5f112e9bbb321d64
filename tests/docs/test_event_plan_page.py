"""The page of the event plan: every key has its row, and no row is made up."""

from __future__ import annotations

from pathlib import Path

import pytest

from kittiwake.event_plan.delivery import DeliveryObject, EqualObject, IdsObject, ReceivedObject
from kittiwake.event_plan.model import ElementsObject, EventObject, HistoryObject, PlanObject, VolumeObject
from kittiwake.event_plan.parts import FORMATS
from kittiwake.profile.report.proposal import Reason
from kittiwake.rules.model.base import Model
from kittiwake.rules.source.validation import keys_of
from tests.docs.test_tables import words

PAGE = "reference/event-plan.md"


@pytest.mark.parametrize(
    ("heading", "model"),
    [
        ("Keys of a plan", PlanObject),
        ("Keys of `history`", HistoryObject),
        ("Keys of a type", EventObject),
        ("Keys of `volume`", VolumeObject),
        ("Keys of a property", ElementsObject),
        ("Keys of `delivery`", DeliveryObject),
        ("Keys of `ids`", IdsObject),
        ("Keys of `equal`", EqualObject),
        ("Keys of `received`", ReceivedObject),
    ],
)
def test_every_key_has_its_row(root: Path, heading: str, model: type[Model]) -> None:
    assert sorted(words(root, PAGE, heading)) == sorted(keys_of(model))


def test_every_reason_why_nothing_is_proposed_has_its_row(root: Path) -> None:
    assert words(root, "how-to/profile-events.md", "Feeds and breakers") == [str(reason) for reason in Reason]


def test_every_format_has_its_row(root: Path) -> None:
    assert words(root, PAGE, "Formats") == list(FORMATS)
