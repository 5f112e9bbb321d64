"""Record batches made by the accelerator, of events that it reads and that never become Python's.

Called by the job. The batches are those of `record_batches`: a worker without the accelerator reads them as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import zstandard

from kittiwake.batch.native.gathering import module_for
from kittiwake.batch.record_batches import LEVEL
from kittiwake.input.bulk import Table
from kittiwake.input.native.blocks import KeepsEvents
from kittiwake.rules.compile.accounts import Programs


class NativeBatcher:
    """As `RecordBatcher`; it has what it reads already."""

    def __init__(self, module: Any, partitions: int) -> None:
        """`module` is the accelerator."""
        self._batcher = module.Batcher(partitions)
        self.keeping: KeepsEvents = self._batcher
        """What reads, and keeps here all that is wanted."""

    def add(self, table: Table) -> None:
        """Take the events of a table."""
        if table.types:
            self._batcher.add(table)

    def batches(self) -> Iterator[tuple[int, bytes]]:
        """A batch for every partition that has rows; none are held afterwards."""
        compress = zstandard.ZstdCompressor(level=LEVEL).compress
        while (found := self._batcher.pop()) is not None:
            partition, batch = found
            yield partition, compress(batch)


def native_batcher(programs: Programs, partitions: int) -> NativeBatcher | None:
    """What makes the batches of a run, where the accelerator may keep its events; None: `RecordBatcher` has to."""
    module = module_for(programs)
    return None if module is None else NativeBatcher(module, partitions)
