"""The steps of the streaming job on Flink's own state, timers and watermarks, without Beam's runner between them.

Run by Flink's Python workers. `ParseDoFn`, `JoinDoFn` and `EvaluateDoFn` are the product's, untouched: what stands here
is what Beam's runner would be for them, a bundle for each element and each timer. Flink keeps a timer by its key and
time; Beam by key, family and tag, and a later one takes the earlier's place: so the timers of a key are a value of its
state too, and an alarm that it knows nothing of has been set anew since.

What a step puts out goes two ways: on to Flink's sink, which shows a row when the checkpoint is complete that holds
what came of it; and, at once, into a file of the worker, as a queue would have taken it that knows of no checkpoint.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from apache_beam.io.gcp.pubsub import PubsubMessage
from apache_beam.pvalue import TaggedOutput
from apache_beam.utils.timestamp import Timestamp
from msgspec import json
from pyflink.common import Types
from pyflink.datastream import KeyedProcessFunction, OutputTag, ProcessFunction, RuntimeContext
from pyflink.datastream.state import ListStateDescriptor, ValueStateDescriptor

from kittiwake.input.shapes.base import CANONICAL
from kittiwake.input.single import event_from
from kittiwake.model import Event
from kittiwake.stream.contact.timer_grid import USUAL
from kittiwake.stream.intake import IntakeSettings
from kittiwake.stream.rules_source.view import RulesSource
from kittiwake.transforms.clock import now_us
from kittiwake.transforms.sinks.json_files import dead_letter_line_of, decision_line_of, late_event_line_of
from kittiwake.transforms.stream.evaluate import EvaluateDoFn
from kittiwake.transforms.stream.items import JoinDoFn
from kittiwake.transforms.stream.parse import ParseDoFn

BYTES = Types.PRIMITIVE_ARRAY(Types.BYTE())
ARRIVAL = Types.TUPLE([Types.STRING(), BYTES])
"""A contact's key, as text of its bytes, for Flink has no keys of bytes; and what has arrived."""
REFUSED = OutputTag("refused", Types.STRING())
OF_ITEMS = OutputTag("of_items", ARRIVAL)
"""A shard of an item's key, and what has come of it."""
BYTES_AS_TEXT = "latin-1"
SLOT, WAKE, FORGET = "slot", "wake", "forget"
LINES = {None: ("decisions", decision_line_of), "dead_letters": ("dead_letters", dead_letter_line_of)}
LINES["late_events"] = ("late_events", late_event_line_of)


def line_of(output: bytes | TaggedOutput) -> str:
    """What is put out, as the name of its table and its row."""
    tag, data = (None, output) if isinstance(output, bytes) else (output.tag, output.value)
    table, line = LINES[tag]
    return f"{table}\t{line(data).decode()}"


def time_ms(line: str) -> int:
    """When it happened, by which the watermark moves; a line that is no event does not move it."""
    event = event_from(line.encode(BYTES_AS_TEXT), now_us(), CANONICAL)
    return event.time_us // 1_000 if isinstance(event, Event) else 0


class Take(ProcessFunction):
    """Lines to arrivals of contacts; what is no event leaves aside."""

    def __init__(self, rules: RulesSource) -> None:
        self._rules = rules

    def open(self, runtime_context: RuntimeContext) -> None:
        self._take = ParseDoFn(self._rules, IntakeSettings(CANONICAL, None), now_us)
        self._take.setup()

    def process_element(self, value: str, ctx: ProcessFunction.Context) -> Iterator[Any]:
        self._take.start_bundle()
        for found in self._take.process(PubsubMessage(value.encode(BYTES_AS_TEXT), {})):
            if isinstance(found, TaggedOutput) and found.tag == OF_ITEMS.tag_id:
                key, record = found.value
                yield OF_ITEMS, (key.decode(BYTES_AS_TEXT), record)
            elif isinstance(found, TaggedOutput):
                yield REFUSED, line_of(found)
            else:
                yield found[0].decode(BYTES_AS_TEXT), found[1]
        self._take.finish_bundle()


class Join(KeyedProcessFunction):
    """A shard of an item, and the interest of its contacts, in Flink's keeping: out come arrivals of contacts."""

    def __init__(self, rules: RulesSource) -> None:
        self._rules = rules

    def open(self, runtime_context: RuntimeContext) -> None:
        self._join = JoinDoFn(self._rules, now_us)
        self._item = _Cell(runtime_context.get_state(ValueStateDescriptor("item", BYTES)))
        self._interests = _Bag(runtime_context.get_list_state(ListStateDescriptor("interests", BYTES)))
        self._timers = _Kept(runtime_context.get_state(ValueStateDescriptor("timers", BYTES)))

    def process_element(self, value: tuple[str, bytes], ctx: KeyedProcessFunction.Context) -> Iterator[Any]:
        key, record = value
        forget = _Timers(FORGET, self._timers, ctx.timer_service())
        self._join.start_bundle()
        element = key.encode(BYTES_AS_TEXT), bytes(record)
        for found in self._join.process(element, self._item, self._interests, forget):
            assert not isinstance(found, TaggedOutput), "nothing is damaged, or too late, here"
            yield found[0].decode(BYTES_AS_TEXT), found[1]
        self._join.finish_bundle()

    def on_timer(self, timestamp: int, ctx: KeyedProcessFunction.OnTimerContext) -> Iterator[Any]:
        forget = _Timers(FORGET, self._timers, ctx.timer_service())
        key, at = ctx.get_current_key().encode(BYTES_AS_TEXT), Timestamp(micros=timestamp * 1_000)
        for name in [one for one, at_ms in self._timers.read().items() if at_ms == timestamp]:
            self._timers.forget(name)
        self._join.start_bundle()
        for found in self._join.at_timer(key, at, self._item, self._interests, forget):
            if not isinstance(found, TaggedOutput):
                yield found[0].decode(BYTES_AS_TEXT), found[1]
        self._join.finish_bundle()


class Settle(KeyedProcessFunction):
    """A contact's arrivals, cell, bag and timers in Flink's keeping."""

    def __init__(self, rules: RulesSource, sent: str) -> None:
        self._rules, self._sent = rules, sent

    def open(self, runtime_context: RuntimeContext) -> None:
        self._settle = EvaluateDoFn(self._rules, USUAL, CANONICAL, None, now_us)
        self._cell = _Cell(runtime_context.get_state(ValueStateDescriptor("cell", BYTES)))
        self._bag = _Bag(runtime_context.get_list_state(ListStateDescriptor("bag", BYTES)))
        self._timers = _Kept(runtime_context.get_state(ValueStateDescriptor("timers", BYTES)))
        Path(self._sent).mkdir(parents=True, exist_ok=True)
        self._told: TextIO = Path(self._sent, f"{os.getpid()}").open("a")  # noqa: SIM115 - until `close`

    def close(self) -> None:
        self._told.close()

    def process_element(self, value: tuple[str, bytes], ctx: KeyedProcessFunction.Context) -> Iterator[str]:
        key, arrival = value
        self._settle.start_bundle()
        self._settle.process((key.encode(BYTES_AS_TEXT), bytes(arrival)), self._bag, self._family(SLOT, ctx))
        self._settle.finish_bundle()
        yield from ()

    def on_timer(self, timestamp: int, ctx: KeyedProcessFunction.OnTimerContext) -> Iterator[str]:
        for name in sorted(self._timers.read()):
            # Asked for when its turn comes: one that fired before may have set it anew.
            if self._timers.read().get(name) == timestamp:
                self._timers.forget(name)
                yield from self._fire(timestamp, ctx)
        self._told.flush()

    def _fire(self, at_ms: int, ctx: KeyedProcessFunction.OnTimerContext) -> Iterator[str]:
        key, at = ctx.get_current_key().encode(BYTES_AS_TEXT), Timestamp(micros=at_ms * 1_000)
        slot, wake = self._family(SLOT, ctx), self._family(WAKE, ctx)
        self._settle.start_bundle()
        for output in self._settle.at_timer(key, at, self._cell, self._bag, slot, wake):
            line = line_of(output)
            self._told.write(line + "\n")
            yield line
        self._settle.finish_bundle()

    def _family(self, name: str, ctx: Any) -> _Timers:
        return _Timers(name, self._timers, ctx.timer_service())


class _Cell(NamedTuple):
    """As Beam's `ReadModifyWriteStateSpec`."""

    state: Any

    def read(self) -> bytes | None:
        found = self.state.value()
        return None if found is None else bytes(found)

    def write(self, data: bytes) -> None:
        self.state.update(data)

    def clear(self) -> None:
        self.state.clear()


class _Bag(NamedTuple):
    """As Beam's `BagStateSpec`."""

    state: Any

    def read(self) -> list[bytes]:
        return [bytes(one) for one in self.state.get() or ()]

    def add(self, value: bytes) -> None:
        self.state.add(value)

    def clear(self) -> None:
        self.state.clear()


class _Kept(NamedTuple):
    """A contact's timers by family and tag, as one value."""

    state: Any

    def read(self) -> dict[str, int]:
        found = self.state.value()
        return {} if found is None else json.decode(bytes(found), type=dict[str, int])

    def put(self, name: str, at_ms: int) -> None:
        self.state.update(json.encode({**self.read(), name: at_ms}))

    def forget(self, name: str) -> None:
        left = {other: at_ms for other, at_ms in self.read().items() if other != name}
        if left:
            self.state.update(json.encode(left))
        else:
            self.state.clear()


class _Timers(NamedTuple):
    """As Beam's timers of one family."""

    family: str
    kept: _Kept
    service: Any

    def set(self, at: Timestamp, dynamic_timer_tag: str = "") -> None:
        at_ms = at.micros // 1_000
        self.kept.put(f"{self.family} {dynamic_timer_tag}", at_ms)
        self.service.register_event_time_timer(at_ms)
