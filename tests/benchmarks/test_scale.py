"""The calculator of scale: its arithmetic has laws, its prices their lines, and bad input is refused."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.scale import __main__ as scale
from benchmarks.scale.measured import ASSUMED, INPUTS, LIMITS
from benchmarks.scale.model import DAYS, GRPC, bill, cpu_a_day, firings_a_day, strains, traffic, workers
from benchmarks.scale.pages import pages, with_line, with_table
from benchmarks.scale.prices import PRICES
from benchmarks.scale.stages import measure
from kittiwake.kernel.plan.limits import Limits
from kittiwake.terminal.exit_codes import Exit
from kittiwake.time.instants import HOUR_US

USUAL = {name: one.value for name, one in INPUTS.items()}
DOLLARS = {name: one.dollars for name, one in PRICES.items()}
GROWING = sorted(
    {*INPUTS} - {"utilisation", "vcpus", "hot_bytes", "silent_firings", "active", "quiet_firings", "left_bytes"}
    - {"state_bytes"}
)  # fmt: skip
"""More of one of these costs no less: more active contacts are fewer silent ones, and larger machines are fewer."""
SCALES = st.floats(0.001, 1_000)


def all_dollars(of: dict[str, float], over_grpc: bool = True, storage_write: bool = False) -> float:
    return sum(line.dollars for line in bill(of, DOLLARS, over_grpc, storage_write))


def drawn(seed: int) -> dict[str, float]:
    """The usual inputs, each times something, within its bounds."""
    rng = random.Random(seed)
    return {
        name: min(max(one.value * rng.choice((1.0, 10 ** rng.uniform(-3, 3))), one.lowest), one.highest)
        for name, one in INPUTS.items()
    }


def loads() -> st.SearchStrategy[dict[str, float]]:
    return st.integers(0, 2**32).map(drawn)


few = settings(max_examples=25)
"""It is arithmetic, without corners but the bounds of a month's free parts."""


@few
@given(of=loads(), name=st.sampled_from(GROWING), factor=st.floats(1, 100), write=st.booleans())
def test_more_of_anything_costs_no_less(of: dict[str, float], name: str, factor: float, write: bool) -> None:
    more = {**of, name: of[name] * factor}
    for over_grpc in (False, True):
        for one, other in zip(bill(of, DOLLARS, over_grpc, write), bill(more, DOLLARS, over_grpc, write), strict=True):
            assert other.dollars >= one.dollars * (1 - 1e-9), one.what
        assert workers(more, over_grpc).number >= workers(of, over_grpc).number


@few
@given(of=loads(), factor=SCALES)
def test_twice_the_events_and_contacts_are_twice_the_work(of: dict[str, float], factor: float) -> None:
    more = of | {name: of[name] * factor for name in ("events_per_day", "contacts")}
    for over_grpc in (False, True):
        assert cpu_a_day(more, over_grpc).all_s == pytest.approx(factor * cpu_a_day(of, over_grpc).all_s)
    for one, other in zip(traffic(of), traffic(more), strict=True):
        assert other == pytest.approx(factor * one)


@few
@given(of=loads(), factor=SCALES, price=st.sampled_from(sorted(PRICES)), write=st.booleans())
def test_a_price_moves_its_own_line_and_no_other(of: dict[str, float], factor: float, price: str, write: bool) -> None:
    before = bill(of, DOLLARS, True, write)
    after = bill(of, DOLLARS | {price: DOLLARS[price] * factor}, True, write)
    for one, other in zip(before, after, strict=True):
        assert other.dollars == pytest.approx(one.dollars * (factor if one.price == price else 1))


def test_every_price_has_a_line_by_one_of_the_two_methods() -> None:
    used = {line.price for write in (False, True) for line in bill(USUAL, DOLLARS, True, write)}
    assert used == {*PRICES}


@few
@given(of=loads())
def test_workers_carry_the_peak_and_one_fewer_would_not(of: dict[str, float]) -> None:
    machines = workers(of, over_grpc=True)
    needed = machines.cpu.all_s / 86_400 * of["peak"]
    carried = of["vcpus"] * of["utilisation"]
    assert machines.number * carried >= needed * (1 - 1e-9)
    assert machines.number == 1 or (machines.number - 1) * carried < needed * (1 + 1e-9)
    assert machines.mean <= machines.number


@few
@given(of=loads())
def test_a_bound_is_reached_where_it_is_said_to_be(of: dict[str, float]) -> None:
    found = strains(of, over_grpc=True)
    assert [one.share for one in found] == sorted((one.share for one in found), reverse=True)
    for one in found:
        size = "events_per_day" if one.unit == "messages a day" else "hot_per_s"
        if 1e-8 < one.reached_at < 1e20:
            again = {two.limit: two for two in strains({**of, size: one.reached_at}, over_grpc=True)}
            beyond = {two.limit: two for two in strains({**of, size: one.reached_at * 1.01}, over_grpc=True)}
            assert again[one.limit].share <= 1 + 1e-9
            assert beyond[one.limit].share >= 1 - 1e-2 * (one.limit == "one_key")


def test_a_hundred_messages_a_day_by_hand() -> None:
    """Without free parts and minimums, on a machine that does nothing else."""
    of = USUAL | {
        "events_per_day": 100, "contacts": 10, "active": 0.5, "quiet_firings": 2, "silent_firings": 1, "needed": 0.5,
        "firings": 3, "firing_us": 1_000, "silent_us": 200, "buffer_us": 100, "parse_us": 10, "decisions": 0.2,
        "triggers": 0.1, "trigger_us": 20, "row_us": 50,
    }  # fmt: skip
    assert firings_a_day(of) == 100 * 0.5 * 3 + 10 * 0.5 * 2 + 10 * 0.5 * 1 == 165
    cpu = cpu_a_day(of, over_grpc=False)
    assert cpu.parse == pytest.approx(100 * 10 / 1e6)
    assert cpu.evaluate == pytest.approx((160 * 1_000 + 5 * 200 + 50 * 100) / 1e6)
    assert cpu.sinks == pytest.approx(((20 + 10) * 50 + 10 * 20) / 1e6)
    through_beam = cpu_a_day(of | {"beam_us": 3_000, "silent_beam_us": 400}, over_grpc=True)
    assert through_beam.evaluate == pytest.approx((160 * 3_000 + 5 * 400) / 1e6)
    assert workers(of, over_grpc=False).vcpu_hours == of["vcpus"] * 24 * DAYS


def test_what_is_free_is_not_paid_for() -> None:
    few = USUAL | {"events_per_day": 1_000.0}
    lines = {line.what: line.dollars for line in bill(few, DOLLARS, True, storage_write=True)}
    assert lines["Pub/Sub"] == lines["rows into BigQuery"] == 0
    assert all_dollars(USUAL, storage_write=True) < all_dollars(USUAL)


def test_the_bound_of_our_own_is_that_of_the_kernel() -> None:
    assert LIMITS["corrections"].value == Limits().correction_bytes


# ---------------------------------------------------------------- what it says


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert scale.main(arguments) == Exit.FINE
    return capsys.readouterr().out


def test_what_nobody_has_measured_is_named_until_it_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    assumed = [
        name for name, one in INPUTS.items() if one.source == ASSUMED and name not in ("events_per_day", "contacts")
    ]
    text = said(capsys, "--events_per_day", "1e9", "--contacts", "1e8")
    line = next(line for line in text.splitlines() if line.startswith("- assumed"))
    assert re.findall(r"`--(\w+)`", line) == assumed
    more = said(capsys, "--active", "0.1", "--peak", "3")
    line = next(line for line in more.splitlines() if line.startswith("- assumed"))
    assert "--active" not in line
    assert "check before use" in text
    assert GRPC in text


def test_a_price_that_is_given_is_not_said_to_be_of_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "--vcpu_hour", "0.1")
    assert re.search(r"\| vCPU of workers \|.*\| given \|", text)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--events_per_day", "0"], "--events_per_day is 0: write a number from 1"),
        (["--active", "2"], "--active is 2: write a number from 0 to 1"),
        (["--utilisation", "0"], "--utilisation is 0: write a number from 0.01 to 1"),
        (["--vcpu_hour", "-1"], "--vcpu_hour is -1: write dollars from 0"),
        (["--contacts", "10"], "--hot_per_s is 1: 1e+09 messages a day of 10 contacts are 5.79e+03 a second of each"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_write(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert scale.main(arguments) == Exit.UNUSABLE
    assert says in capsys.readouterr().err


def test_options_are_taken_with_hyphens_too(capsys: pytest.CaptureFixture[str]) -> None:
    with_underscores = said(capsys, "--events_per_day", "1e6", "--bigquery_method=storage_write", "--peak", "3")
    assert said(capsys, "--events-per-day", "1e6", "--bigquery-method=storage_write", "--peak", "3") == with_underscores


def test_a_reader_that_has_seen_enough_ends_it_without_an_error(root: Path) -> None:
    ran = subprocess.run(
        f"{sys.executable} -m benchmarks.scale | true", shell=True, cwd=root, capture_output=True, text=True, check=True
    )
    assert (ran.stdout, ran.stderr) == ("", "")


@pytest.mark.parametrize("value", ["nan", "inf", "many", ""])
def test_what_is_no_number_is_refused(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        scale.main([f"--contacts={value}"])
    assert ended.value.code == Exit.UNUSABLE
    assert "--contacts" in capsys.readouterr().err


def examples(root: Path) -> list[tuple[str, str]]:
    """Commands of the page, and what it says that they print."""
    page = (root / "docs/explanation/scale.md").read_text(encoding="utf-8")
    return re.findall(r"```console\n\$ python -m benchmarks\.scale ([^\n]*)\n(.*?)```", page, re.DOTALL)


def test_the_page_shows_what_the_calculator_prints(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert examples(root)
    for arguments, shown in examples(root):
        assert said(capsys, *arguments.split()) == shown


# ---------------------------------------------------------------- what it starts from


def test_the_pages_show_what_was_measured_last(root: Path) -> None:
    for path, text in pages(root).items():
        assert text == path.read_text(encoding="utf-8"), f"{path.name}: run `python -m benchmarks.scale.pages`"


def test_a_figure_is_put_into_its_own_place_or_refused() -> None:
    page = "# P\n\n## A\n\n| a |\n| b |\n\n| c |\nTaken on Monday.\n\n## B\n\n| d |\n"
    assert with_table(page, "## A", "| new |\n", 1) == page.replace("| c |", "| new |")
    assert with_table(page, "## B", "| new |\n") == page.replace("| d |", "| new |")
    assert with_line(page, "Taken on ", "Friday.") == page.replace("Monday", "Friday")
    for wrong in (
        lambda: with_table(page, "## A", "", 2),
        lambda: with_table(page, "## C", ""),
        lambda: with_line(page, "Seen on ", ""),
        lambda: with_line(page, "|", ""),
    ):
        with pytest.raises(ValueError, match=r"behind|begin with|not found"):
            wrong()


def test_what_the_calculator_starts_from_is_what_the_stages_count() -> None:
    """Counts and bytes, which are the same on every machine, of a twelfth of what was measured."""
    found = measure(HOUR_US, repeats=1)
    near = {
        "firings": 0.3,
        "written_bytes": 0.7,
        "decisions": 0.5,
        "triggers": 0.5,
        "state_bytes": 0.5,
        "left_bytes": 0.5,
    }
    near |= dict.fromkeys(("needed", "message_bytes", "shuffled_bytes", "row_bytes", "trigger_bytes"), 0.15)
    for name, share in near.items():
        assert getattr(found, name) == pytest.approx(USUAL[name], rel=share), name
    assert all(value > 0 for value in found)
