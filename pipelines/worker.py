"""A worker process of the in-process runner (`--direct_num_workers`), with a silent log.

Beam's own worker logs some twenty lines each; started so, it reports errors and progress only.
"""

from __future__ import annotations

if __name__ == "__main__":
    from kittiwake.terminal.ending import quit_at_once

    quit_at_once()  # Ctrl-C reaches it too: the process that started it has all there is to say

    from kittiwake.pipelines.lifecycle import prepare_process

    prepare_process()

import logging
import os
import sys
from contextlib import redirect_stderr
from pathlib import Path

from apache_beam.runners.worker import sdk_worker_main

from kittiwake.pipelines.progress import report_to_parent

if __name__ == "__main__":
    logging.disable(logging.WARNING)
    # Beam prints what a step raised, and sends it to the process that started this one, which says it in its own way.
    with report_to_parent(), Path(os.devnull).open("w") as nobody, redirect_stderr(nobody):
        sdk_worker_main.main(sys.argv)
