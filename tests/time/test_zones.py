"""Local clocks: what is remembered of a zone's days never differs from what its data say."""

from __future__ import annotations

import struct
from datetime import datetime, timedelta
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiwake.time.instants import EPOCH, SECOND_US
from kittiwake.time.zones import offset_us, zone, zone_names, zone_of
from tests.oracle import clock

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


# ---------------------------------------------------------------- what names a zone


def test_every_zone_is_named_by_its_name_in_any_case_and_with_blanks_for_its_underscores() -> None:
    for name in zone_names():
        for spelled in (name, name.lower(), name.upper(), f" {name}\n", name.replace("_", " "), f"\t{name.swapcase()}"):
            assert zone_of(spelled) == name


@pytest.mark.parametrize(
    "value",
    [
        "", " ", "+05:30", "UTC+2", "W. Europe Standard Time", "Mars/Olympus", "Berlin", "CEST", "Europe/Berlin (CET)",
        "../Europe/Berlin", "Europe//Berlin", "Europe/Berlin\x00", "Europe/\u212airov", "\uff35TC",
        "EUROPE/\u0130STANBUL",
        "\u00a0UTC", "UTC" + " " * 62, "x" * 100_000, None, 0, 5.5, True, [], {}, ["UTC"],
    ],
)  # fmt: skip
def test_what_might_stand_for_several_zones_or_none_names_none(value: object) -> None:
    assert zone_of(value) is None
    assert clock.zone_of(value) is None


@given(st.one_of(st.sampled_from(sorted(zone_names())), st.text()))
def test_the_oracle_reads_the_same_zones(name: str) -> None:
    for value in (
        name,
        name.lower(),
        name.title(),
        f" {name} ",
        name.replace("_", " "),
        name.replace("/", ""),
        name + "s",
    ):
        meant = clock.zone_of(value)
        assert zone_of(value) == (meant.key if meant else None), value
