"""Files that are no text: known by their first bytes, with what makes of them a file that is read.

Pure. The one table, which what refuses foreign files (`beginnings`) and `kittiwake inspect` read.
"""

from __future__ import annotations

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from typing import Final

_KINDS: Final = (
    (b"PK\x03\x04", "a ZIP archive, as .xlsx is too: unpack it, or save the sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "a file of Excel 97: save the sheet as CSV"),
    (b"Obj\x01", "Avro: write it as Parquet or JSON lines"),
    (b"ORC", "ORC: write it as Parquet"),
    (b"SQLite format 3", "a database: export its tables as CSV"),
    (b"%PDF", "a PDF: export JSON or CSV"),
    (b"BZh", "packed with bzip2: unpack it"),
    (b"\xfd7zXZ", "packed with xz: unpack it"),
    (b"<", "XML or HTML: export JSON or CSV"),
)

NO_TEXT: Final = "no text; UTF-16 is known by its byte order mark"


def kind_of(beginning: bytes) -> str | None:
    """What a file is that is never read, with its article and what to do; None: it is none that is known."""
    stripped = beginning.lstrip()
    return next((what for first, what in _KINDS if stripped.startswith(first)), None)


def is_no_text(beginning: bytes) -> bool:
    """Whether bytes are no text in any encoding that is read, or that has a command to make it one."""
    zeros = beginning.count(0)
    return 0 < zeros * 3 <= len(beginning) and not beginning.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
