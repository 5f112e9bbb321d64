"""What Google's launcher of a Flex Template starts: `--name=value` for each parameter, and Dataflow's own options.

Workers never import this file: what it starts is a module of the wheel, under its own name.
"""

from __future__ import annotations

if __name__ == "__main__":
    from kittiwake.pipelines.lifecycle import prepare_process

    prepare_process()

import os
import sys
from collections.abc import Sequence

from kittiwake.pipelines import stream
from kittiwake.pipelines.options.flex_template import IMAGE_VARIABLE, STREAM_ALIASES, launch
from kittiwake.terminal.ending import end_process


def main(argv: Sequence[str]) -> int:
    """Write the graph of the job where the launcher says; the exit code."""
    return launch("stream", stream.main, STREAM_ALIASES, argv, os.environ.get(IMAGE_VARIABLE))


if __name__ == "__main__":
    end_process(main(sys.argv[1:]))
