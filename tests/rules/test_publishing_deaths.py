"""Publishing with a fault at any call: the target has the new version or has it not, and a repeat ends it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command import RULES, kittiwake, write
from tests.dying import FAULTS, ran

PUBLISH = """
import sys
from pathlib import Path
from kittiwake.cli.commands import publish
from kittiwake.cli.main import app
from tests.cli.command import kittiwake
from tests.dying import at_every_call

found, fault, folder, rules, *argv = sys.argv[1:]

def next_start(copy):
    before = kittiwake("versions", copy, "--json")
    (copy / "before.json").write_text(before.out)
    ran = kittiwake("publish", rules, copy, "--effective-from", argv[-1])
    assert ran.code == (0 if before.data["versions"][-1]["effective_from"] == "always" else 1), ran
    (copy / "after.json").write_text(kittiwake("versions", copy, "--json").out)

at_every_call(publish, "carry_out", fault, found, Path(folder), next_start)
app(["publish", rules, folder, *argv])
"""


@pytest.mark.parametrize("fault", [*FAULTS, "SIGINT"])
def test_a_version_is_published_or_not_whatever_happens_at_any_call(
    tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules, target = write(tmp_path / "rules" / "rules.yaml", RULES), tmp_path / "target"
    assert kittiwake("publish", rules.parent, target, "--effective-from", "always").code == 0
    write(rules, RULES.replace("1h", "2h"))
    later = soon()
    left = ran(PUBLISH, fault, target, rules.parent, "--effective-from", later)
    assert len(left) > 8
    for each in left:
        known = json.loads(each.later["before.json"])["versions"]
        assert [version["effective_from"] for version in known] in (["always"], ["always", later]), each
        after = json.loads(each.later["after.json"])["versions"]
        assert [version["effective_from"] for version in after] == ["always", later], each
        assert "Traceback" not in each.said
        assert ".partial" not in each.later, each
        if each.code == 0:
            assert len(known) == 2, each
    published = [len(json.loads(each.later["before.json"])["versions"]) for each in left]
    assert published == sorted(published), "once it is published it stays so"


def soon() -> str:
    """A time that can be published for."""
    from datetime import UTC, datetime, timedelta

    return (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
