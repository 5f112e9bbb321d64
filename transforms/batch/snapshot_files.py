"""Step: the manifest of the files of snapshots that a run has written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import apache_beam as beam
import msgspec
from apache_beam.io.filesystems import FileSystems
from apache_beam.pvalue import PCollection

from kittiwake.output.snapshot_set import MANIFEST, RowSum, SnapshotFile, manifest_bytes
from kittiwake.transforms.input_files import lines_of


@dataclass(eq=False)
class WriteManifest(beam.PTransform):
    """Writes one file into the folder, once all files of rows have their final names."""

    folder: str
    """The folder's path."""

    def expand(self, files: PCollection[str]) -> PCollection[str]:
        """The name of the manifest. Each file is read again, so that the manifest is true of what can be read."""
        return (
            files
            | "Reshuffle" >> beam.Reshuffle()
            | "Sum" >> beam.Map(_checksum).with_output_types(bytes)
            | "All" >> beam.combiners.ToList()
            | "Write" >> beam.Map(self._write).with_output_types(str)
        )

    def _write(self, checksums: Iterable[bytes]) -> str:
        path = f"{self.folder}/{MANIFEST}"
        with FileSystems.create(path) as file:
            file.write(manifest_bytes(map(_decode, checksums)))
        return path


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(SnapshotFile).decode


def _checksum(path: str) -> bytes:
    return _encode(RowSum.of(line for _, line in lines_of(path)).file(path.rpartition("/")[2]))
