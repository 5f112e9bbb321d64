"""The command as tests run it: its exit code, its two streams, and files to run it on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from typer.testing import CliRunner

from kittiwake.cli.main import app

RULES = """\
account: acme
rules:
  - id: cart
    when: cart.item_added
    wait: 1h
    unless: order.completed
"""


class Ran(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """What `--json` printed."""
        return json.loads(self.out)


def kittiwake(*arguments: str | Path) -> Ran:
    """Run the command as its entry point does."""
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(result.exit_code, result.stdout, result.stderr)


def event(event_type: str, time: str, contact: str = "c1", account: str = "acme", **properties: Any) -> str:
    """One line of input."""
    row = {
        "event_id": f"{event_type}-{time}",
        "account_id": account,
        "contact_id": contact,
        "type": event_type,
        "time": time,
        "properties": properties,
    }
    return json.dumps(row)


def write(path: Path, *lines: str) -> Path:
    """A file of these lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path
