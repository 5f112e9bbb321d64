"""`kittiwake freeze`: let no job decide anything of a target's rules beyond an instant."""

from __future__ import annotations

from typing import Annotated

import typer

from kittiwake.cli.console import AsJson, leave, one_command, usable_input
from kittiwake.cli.options import TargetName, moment_us, now_us
from kittiwake.rules.publishing.freezing import freeze as freeze_target
from kittiwake.rules.publishing.opening import open_target
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import say, say_json
from kittiwake.time.instants import format_instant


def freeze(
    location: TargetName,
    at: Annotated[
        str, typer.Option("--at", help="The instant (RFC 3339, or +10m from now); left out: now.", show_default=False)
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Freeze a target: nothing is decided beyond the instant until `kittiwake unfreeze`.

    Exit codes: 0 it is frozen, 1 it has been frozen already, 2 the time or the target cannot be used.
    """
    with usable_input(as_json=as_json):
        clock_us = now_us()
        frozen_at_us = moment_us("--at", at, clock_us) if at else clock_us
        target = open_target(location)
        freeze_target(target, frozen_at_us)
    frozen_at = format_instant(frozen_at_us)
    if as_json:
        say_json({"ok": True, "target": target.location, "frozen_at": frozen_at})
    else:
        say(f"{target.location} is frozen at {frozen_at}: nothing is decided beyond it")
    leave(Exit.FINE)


app = one_command(freeze, "freeze", "kittiwake freeze gs://shop/rules --at +10m")
