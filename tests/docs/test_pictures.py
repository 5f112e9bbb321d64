"""The pictures of the pages show what the commands draw today, and pages show each of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from examples.pictures import PICTURES, SHOWN, Picture, write_pictures

IN_CI = "what-became-of-candidates"


def _drawn(path: Path) -> tuple[list[str], int]:
    """What stands in a picture, and how many marks it has; where they stand hangs on the fonts of the machine."""
    text = path.read_text(encoding="utf-8")
    return re.findall(r"<(?:text|title)[^>]*>([^<]+)<", text), text.count("<path")


@pytest.mark.parametrize(
    "picture", [pytest.param(one, marks=() if one.name == IN_CI else pytest.mark.nightly, id=one.name) for one in SHOWN]
)
def test_a_picture_is_what_is_drawn_today(picture: Picture, tmp_path: Path) -> None:
    write_pictures(tmp_path, [picture])
    name = f"{picture.name}.svg"
    assert _drawn(tmp_path / name) == _drawn(PICTURES / name), "python -m examples.pictures makes them anew"


def test_every_picture_stands_in_a_page_with_words_for_who_does_not_see_it(root: Path) -> None:
    pages = "".join(path.read_text(encoding="utf-8") for path in (root / "docs").rglob("*.md"))
    shown = dict(re.findall(r"!\[([^\]]+)\]\((?:\.\./)*pictures/([\w-]+)\.svg\)", pages))
    assert sorted(shown.values()) == sorted(one.name for one in SHOWN)
    assert sorted(path.stem for path in PICTURES.glob("*.svg")) == sorted(one.name for one in SHOWN)
