"""The streaming job as a program of Flink: `flink run -py` runs it, by the Python of the cluster's own installation.

Lines of a file come at a pace; rows go into two folders of the output, `committed` by checkpoints, and `sent` as they
were put out.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from pyflink.common import Duration, Encoder, Types, WatermarkStrategy
from pyflink.common.watermark_strategy import TimestampAssigner
from pyflink.datastream import DataStream, StreamExecutionEnvironment
from pyflink.datastream.connectors import Source
from pyflink.datastream.connectors.file_system import FileSink, RollingPolicy
from pyflink.java_gateway import get_gateway
from pyflink.util.java_utils import to_jarray

from kittiwake.stream.rules_source.source import rules_source
from tests.runners.flink.steps import ARRIVAL, BYTES_AS_TEXT, OF_ITEMS, REFUSED, Join, Settle, Take, time_ms

HOUR_US = 3_600_000_000


class _Happened(TimestampAssigner):
    def extract_timestamp(self, value: str, record_timestamp: int) -> int:
        return time_ms(value)


def main() -> None:
    """Submit it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", required=True)
    parser.add_argument("--rules", required=True, nargs="+")
    parser.add_argument("--output", required=True)
    parser.add_argument("--disorder_s", type=int, default=0)
    parser.add_argument("--allowed_lateness_h", type=int, default=1)
    parser.add_argument("--per_second", type=int, required=True, help="so many lines are read")
    parser.add_argument("--parallelism", type=int, default=1, help="of the step that decides")
    asked = parser.parse_args()
    env = StreamExecutionEnvironment.get_execution_environment()
    env.set_parallelism(1)
    rules = rules_source(*asked.rules, allowed_lateness_us=asked.allowed_lateness_h * HOUR_US)
    lines = _lines(env, Path(asked.events), asked.per_second)
    waiting = WatermarkStrategy.for_bounded_out_of_orderness(Duration.of_seconds(asked.disorder_s))
    timed = lines.assign_timestamps_and_watermarks(waiting.with_timestamp_assigner(_Happened()))
    taken = timed.process(Take(rules), ARRIVAL).name("take").uid("take")
    settle = Settle(rules, f"{asked.output}/sent")
    of_items = taken.get_side_output(OF_ITEMS).key_by(lambda record: record[0], Types.STRING())
    joined = of_items.process(Join(rules), ARRIVAL).name("join").uid("join")
    arrivals = taken.union(joined).key_by(lambda arrival: arrival[0], Types.STRING())
    settled = arrivals.process(settle, Types.STRING())
    settled = settled.name("settle").uid("settle").set_parallelism(asked.parallelism)
    rows = settled.union(taken.get_side_output(REFUSED))
    rows.sink_to(_committed(Path(asked.output, "committed"))).name("keep").uid("keep")
    env.execute("kittiwake")


def _lines(env: StreamExecutionEnvironment, file: Path, per_second: int) -> DataStream:
    """The source paces itself, so that a checkpoint never waits for lines that are not due; it keeps its place."""
    lines = file.read_bytes().decode(BYTES_AS_TEXT).split("\n")
    jvm, text = get_gateway().jvm, Types.STRING().get_java_type_info()
    generator = jvm.org.apache.flink.connector.datagen.functions.FromElementsGeneratorFunction
    paced = jvm.org.apache.flink.api.connector.source.util.ratelimit.RateLimiterStrategy.perSecond(float(per_second))
    elements = generator(text, to_jarray(jvm.java.lang.Object, lines))
    source = jvm.org.apache.flink.connector.datagen.source.DataGeneratorSource(elements, len(lines), paced, text)
    return env.from_source(Source(source), WatermarkStrategy.no_watermarks(), "read").uid("read")


def _committed(folder: Path) -> FileSink:
    rolling = RollingPolicy.on_checkpoint_rolling_policy()
    rows = FileSink.for_row_format(str(folder), Encoder.simple_string_encoder())
    return rows.with_rolling_policy(rolling).build()


if __name__ == "__main__":
    main()
