"""Preflight questions to the options of a launch on Dataflow: is there all that it needs, where workers can reach it?

Called by `kittiwake.pipelines.check`, through its findings by sources and sinks, and by the backfill. Nothing is
asked of Google: each answer is an error message that says what is wrong and what to write.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

_NEEDED: Final = {
    "project": "the project that pays for the job, such as --project=shop-1",
    "region": "where the workers run, such as --region=europe-west4",
}
_WORKER_CODE: Final = (
    "sdk_container_image",
    "sdk_harness_container_image_overrides",
    "worker_harness_container_image",
    "setup_file",
    "extra_packages",
    "requirements_file",
)
"""Beam's options that bring code of ours to workers."""
_TEMPORARY: Final = ("temp_location", "staging_location")
"""Beam takes one for the other if it is not given."""


def dataflow_problems(beam: Mapping[str, Any]) -> Iterator[str]:
    """What is missing of Beam's options, by name, for a launch on Dataflow."""
    for name, advice in _NEEDED.items():
        if not beam.get(name):
            yield f"--{name} is missing, which Dataflow needs: write {advice}"
    if not any(beam.get(name) for name in _TEMPORARY):
        yield (
            "--temp_location is missing, which Dataflow needs: write a folder of a bucket in the job's region, such as "
            "--temp_location=gs://BUCKET/temp"
        )
    for name in _TEMPORARY:
        if beam.get(name) and not beam[name].startswith("gs://"):
            yield f"--{name} {beam[name]}: write a folder of a bucket, such as gs://BUCKET/temp"
    yield from _about_code(beam)


def _about_code(beam: Mapping[str, Any]) -> Iterator[str]:
    if not any(beam.get(name) for name in _WORKER_CODE):
        yield (
            "Dataflow's workers would have no Kittiwake, and start again and again: write --sdk_container_image=IMAGE "
            "with an image that has it; or, to try it from a checkout, --setup_file=./setup.py"
        )
    setup_file = beam.get("setup_file")
    if setup_file and not Path(setup_file).is_file():
        yield f"--setup_file {setup_file}: there is no such file; write the path of setup.py in a checkout"


def local_problems(option: str, locations: Sequence[str]) -> Iterator[str]:
    """Which locations of an option Dataflow's workers cannot reach, because they are paths of this machine."""
    for one in locations:
        if "://" not in one or one.startswith("file://"):
            yield (
                f"{option} {one} is on this machine, where Dataflow's workers cannot reach it: "
                "write a location in a bucket, such as gs://BUCKET/…"
            )
