"""Jobs: options, graphs and mains. Only mains import from here."""

import gc
import logging
from typing import Final

_NO_BIGQUERY_CLIENT: Final = "apitools not found"


def _is_ours(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith(_NO_BIGQUERY_CLIENT)


# Importing Beam without its Google extra warns on the root logger, before any main could say that it need not.
logging.getLogger().addFilter(_is_ours)

YOUNG_OBJECTS: Final = 1_000_000
"""New objects after which Python looks for cycles among them. Beam's modules alone are half a million that stay."""

gc.set_threshold(YOUNG_OBJECTS, 20, 20)
