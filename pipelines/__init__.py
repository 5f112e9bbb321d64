"""Jobs: options, graphs and mains. Only mains import from here."""

import logging
from typing import Final

_NO_BIGQUERY_CLIENT: Final = "apitools not found"


def _is_ours(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith(_NO_BIGQUERY_CLIENT)


# Importing Beam without its Google extra warns on the root logger, before any main could say that it need not.
logging.getLogger().addFilter(_is_ours)
