"""Rules of a revision of Git are read by commands that only read, whatever the revision is called."""

from __future__ import annotations

import pytest

from kittiwake.rules.publishing.errors import TargetError
from kittiwake.rules.publishing.revisions import read_revision


@pytest.mark.parametrize("text", ["--output=rules:x.yaml", "-p:rules", "--batch:rules"])
def test_what_begins_with_a_dash_is_no_revision(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")  # git is not even looked for
    with pytest.raises(TargetError, match="begins with a dash"):
        read_revision(text)
