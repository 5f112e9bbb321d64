"""Checks of the channels of a policy. That rules name those there are is checked by `documents`.

Pure. Called by `check.document`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kittiwake.rules.check.policy import check_frequency
from kittiwake.rules.check.quiet_hours import check_quiet_hours
from kittiwake.rules.diagnostics import Diagnostic
from kittiwake.rules.errors import Code, KeyPath
from kittiwake.rules.limits import CHANNELS_MAX, ID_CHARS_MAX
from kittiwake.rules.model.policy import PolicyObject
from kittiwake.rules.model.text import OUTPUT_PATTERN


def check_channels(policy: PolicyObject, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """The names of a policy's channels, and what holds for each."""
    channels = policy.channels or {}
    if policy.channels is not None and not channels:
        yield Diagnostic(path, Code.EMPTY_LIST, "channels names none", "Name one, or delete the line", at_key=True)
    if len(channels) > CHANNELS_MAX:
        message = f"there are {len(channels)} channels here, more than {CHANNELS_MAX}"
        yield Diagnostic(path, Code.GUARDRAIL, message, "Name fewer", at_key=True)
    for name, channel in channels.items():
        where = (*path, name)
        if not re.fullmatch(OUTPUT_PATTERN, name) or len(name) > ID_CHARS_MAX:
            message = f"{name[:40]} is no name of a channel: it has up to {ID_CHARS_MAX} letters, digits, _ and -"
            yield Diagnostic(where, Code.BAD_NAME, message, "Write, say, web_push", at_key=True)
        yield from check_frequency(channel.frequency, (*where, "frequency"))
        yield from check_quiet_hours(channel.quiet_hours, (*where, "quiet_hours"))
