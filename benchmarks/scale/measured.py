"""What the calculator starts from: what was measured here, with its command, and what is only assumed.

`python -m benchmarks.scale.retake` measures what comes of stages and of contacts that do not come, and writes
`measured.json`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

GRPC: Final = "python -m benchmarks.streaming --rules twelve --parts hosts --runners subprocess"
SILENCE: Final = "python -m benchmarks.streaming.silence"
HORIZONS: Final = "python -m benchmarks.horizons"
REEVALUATED: Final = "REEVALUATE_EVERY_US, with rules at a target; 0 with rules in files"
MACHINE: Final = "n1-standard-2, of which Google says that it suits Streaming Engine"
ASSUMED: Final = "assumed: nobody has measured it"
TAKEN_PATH: Final = Path(__file__).with_name("measured.json")
TAKEN: Final[Mapping[str, Any]] = json.loads(TAKEN_PATH.read_text(encoding="utf-8"))
"""What was measured last, and on what."""
STAGES: Final = f"python -m benchmarks.scale.stages --hours {TAKEN['stages']['hours']:g}"
_OF: Final[Mapping[str, float]] = TAKEN["stages"]["found"]
_SPAN: Final[Mapping[str, float]] = TAKEN["silence"]["spans"][-1]
"""Of a contact that has not come for a month."""
_WITHOUT_CACHE: Final[Mapping[str, float]] = TAKEN["silence"]["over_grpc"][0]


class Input(NamedTuple):
    """A number that the calculator takes, with an option of its name."""

    value: float
    meaning: str
    source: str
    lowest: float = 0.0
    highest: float = 1e12


INPUTS: Final[dict[str, Input]] = {
    # ---- the load
    "events_per_day": Input(1e9, "messages a day", ASSUMED, 1, 1e15),
    "contacts": Input(1e8, "contacts of whom anything is kept", ASSUMED, 1, 1e12),
    "active": Input(0.2, "the share of contacts that come in a day", ASSUMED, 0, 1),
    "peak": Input(2.0, "the rate at its highest, against its mean", ASSUMED, 1, 1_000),
    "hot_per_s": Input(1.0, "events a second of the busiest contact: a script, a shared id", ASSUMED, 0, 1e9),
    "silent_firings": Input(1.0, "timer firings a day of a contact that does not come", REEVALUATED, 0, 1e3),
    # ---- CPU, in microseconds
    "parse_us": Input(_OF["parse_us"], "of a message: decode, validate, find its rules", STAGES),
    "buffer_us": Input(_OF["buffer_us"], "of a needed event: into state, its timer", STAGES),
    "firing_us": Input(_OF["firing_us"], "of a timer firing, our own code alone", STAGES),
    "silent_us": Input(_SPAN["cpu_us"], "of one of a contact that does not come, our own code alone", SILENCE),
    "beam_us": Input(2_800.0, "of an event with its timer firing, over gRPC, Beam and our code", GRPC),
    "silent_beam_us": Input(_WITHOUT_CACHE["cpu_us"], "of one of a contact that does not come, over gRPC", SILENCE),
    "row_us": Input(_OF["row_us"], "of a row of a table", STAGES),
    "trigger_us": Input(_OF["trigger_us"], "of a trigger's message", STAGES),
    "hot_firing_us": Input(330.0, "of a firing of a contact that keeps as much as the next but one says", HORIZONS),
    "hot_event_us": Input(54.0, "of an event of a busy contact that shares its firing", HORIZONS),
    "hot_bytes": Input(120_975.0, "kept of a contact with an event every ten seconds", HORIZONS, 1),
    # ---- of each
    "needed": Input(_OF["needed"], "events that some rule needs, of each message", STAGES, 0, 100),
    "firings": Input(_OF["firings"], "timer firings of each needed event", STAGES, 0, 1e3),
    "quiet_firings": Input(_OF["quiet_firings"], "timer firings of a contact after its last event", STAGES, 0, 1e6),
    "decisions": Input(_OF["decisions"], "decisions of each message", STAGES, 0, 1e3),
    "triggers": Input(_OF["triggers"], "triggers of each message", STAGES, 0, 1e3),
    # ---- bytes
    "message_bytes": Input(_OF["message_bytes"], "of a message", STAGES),
    "shuffled_bytes": Input(_OF["shuffled_bytes"], "of a needed event between steps", STAGES),
    "written_bytes": Input(_OF["written_bytes"], "into state, of a firing and the event that waited for it", STAGES),
    "silent_bytes": Input(_SPAN["bytes_written"], "into state, of a firing of a contact that does not come", SILENCE),
    "row_bytes": Input(_OF["row_bytes"], "of a row", STAGES),
    "trigger_bytes": Input(_OF["trigger_bytes"], "of a trigger's message", STAGES),
    "state_bytes": Input(_OF["state_bytes"], "kept of a contact that comes", STAGES),
    "left_bytes": Input(_OF["left_bytes"], "kept of a contact forty days later", STAGES),
    "hot_state_bytes": Input(336.0, "kept for each event of a busy contact within an hour", HORIZONS),
    # ---- the machines
    "vcpus": Input(2, "of a worker", MACHINE, 1, 416),
    "memory_gb": Input(7.5, "of a worker", MACHINE, 0, 1e5),
    "disk_gb": Input(30, "of a worker", ASSUMED, 0, 1e5),
    "utilisation": Input(0.6, "of a vCPU that work is planned for", ASSUMED, 0.01, 1),
    "lateness_hours": Input(1.0, "--allowed_lateness of the job", "its default", 0, 24 * 400),
    # ---- what is kept
    "table_days": Input(90, "rows are kept for", ASSUMED, 0, 36_500),
    "archive_days": Input(90, "events are kept in a bucket for, as they came", ASSUMED, 0, 36_500),
}  # fmt: skip


class Limit(NamedTuple):
    """A bound of a service or of our own."""

    value: float
    what: str
    then: str
    """What happens beyond it."""
    source: str


LIMITS: Final[dict[str, Limit]] = {
    "workers": Limit(
        1_000,
        "workers of a job",
        "ask Google for more, or split accounts between jobs",
        "a copy of docs.cloud.google.com/dataflow/docs/request-quotas",
    ),
    "publish": Limit(
        200e6,
        "bytes a second published in a large region",
        "publishers are refused; ask Google for more",
        "an old copy of cloud.google.com/pubsub/quotas",
    ),
    "one_key": Limit(
        1.0,
        "CPU seconds a second of one contact",
        "its decisions fall behind, and its waiting events hold the watermark of all",
        "Beam's model: a key has one thread at a time",
    ),
    "corrections": Limit(
        4e6,
        "bytes of one contact for corrections",
        "its allowed lateness begins anew, and `horizon_cut` counts",
        "Limits.correction_bytes",
    ),
}
