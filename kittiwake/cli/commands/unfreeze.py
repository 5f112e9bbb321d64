"""`kittiwake unfreeze`: let jobs decide on after a freeze."""

from __future__ import annotations

from kittiwake.cli.console import AsJson, leave, one_command, usable_input
from kittiwake.cli.options import TargetName
from kittiwake.rules.publishing.freezing import unfreeze as unfreeze_target
from kittiwake.rules.publishing.opening import open_target
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import say, say_json
from kittiwake.time.instants import format_instant


def unfreeze(location: TargetName, as_json: AsJson = False) -> None:
    """Let a frozen target go on: jobs decide what has waited, in order.

    Exit codes: 0 it goes on, 1 it was not frozen, 2 the target cannot be used.
    """
    with usable_input(as_json=as_json):
        target = open_target(location)
        was_frozen_at = format_instant(unfreeze_target(target))
    if as_json:
        say_json({"ok": True, "target": target.location, "was_frozen_at": was_frozen_at})
    else:
        say(f"{target.location} goes on; it was frozen at {was_frozen_at}")
    leave(Exit.FINE)


app = one_command(unfreeze, "unfreeze", "kittiwake unfreeze gs://shop/rules")
