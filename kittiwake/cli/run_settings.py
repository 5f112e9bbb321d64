"""The settings of a run over files, of the options that its commands share.

Called by the commands that decide whole files. Apart from `options`, since other commands need no run.
"""

from __future__ import annotations

from kittiwake.batch.settings import RunSettings
from kittiwake.cli.options import now_us
from kittiwake.settings import duration_us, instant_us
from kittiwake.shape_files.naming import InputShapes


def settings_of(until: str, allowed_lateness: str, shapes: InputShapes) -> RunSettings:
    """The settings of a run that begins now, as `--until`, `--allowed-lateness` and the shapes say.

    Raises:
        UnusableError: a time or a length of time is no such thing.
    """
    return RunSettings(
        now_us(),
        instant_us("--until", until or None),
        duration_us("--allowed-lateness", allowed_lateness),
        shape=shapes.shape,
        shapes=shapes.each,
    )
