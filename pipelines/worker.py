"""A worker process of the in-process runner (`--direct_num_workers`), which keeps its everyday log to itself.

Beam's own worker logs some twenty lines each; started so, it tells of errors only.
"""

from __future__ import annotations

import logging
import sys

from apache_beam.runners.worker import sdk_worker_main

if __name__ == "__main__":
    logging.disable(logging.WARNING)
    sdk_worker_main.main(sys.argv)
