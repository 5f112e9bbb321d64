"""Local clocks: what is remembered of a zone's days never differs from what its data say."""

from __future__ import annotations

import struct
from datetime import datetime, timedelta
from importlib.resources import files

from kittiwake.time.instants import EPOCH, SECOND_US
from kittiwake.time.zones import offset_us, zone, zone_names

HEADER = ">4sc15x6l"
FIRST_S = -(2**31)
"""December 1901: every zone has a clock of its own by then."""


def changes_s(name: str) -> list[int]:
    """The instants at which the data of a zone begin something new, in seconds (RFC 8536, the second block)."""
    data = files("tzdata.zoneinfo").joinpath(*name.split("/")).read_bytes()
    size = struct.calcsize(HEADER)
    _, _, uts, standards, leaps, times, kinds, letters = struct.unpack_from(HEADER, data)
    second = size + 5 * times + 6 * kinds + letters + 8 * leaps + standards + uts
    times = struct.unpack_from(HEADER, data, second)[5]
    return [at for at in struct.unpack_from(f">{times}q", data, second + size) if at >= FIRST_S]


def told_us(name: str, time_us: int) -> int:
    """The offset by the zone's data alone."""
    moment: datetime = zone(name).fromutc((EPOCH + timedelta(microseconds=time_us)).replace(tzinfo=zone(name)))
    span = moment.utcoffset()
    assert span is not None
    return span // timedelta(microseconds=1)


def test_the_offset_is_that_of_the_data_before_and_after_every_change_of_every_zone() -> None:
    count = 0
    for name in sorted(zone_names()):
        for at_s in changes_s(name):
            for time_us in (at_s * SECOND_US - 1, at_s * SECOND_US):
                assert offset_us(name, time_us) == told_us(name, time_us), (name, at_s)
                count += 1
    assert count > 50_000
