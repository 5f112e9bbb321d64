"""The pages of `--html`: the numbers of the command, whatever is foreign as text, and usable by everybody.

They are made by the commands and opened in one headless Chromium, which runs axe-core on each in light and in dark.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from kittiwake.cli.commands import publish as publish_command
from kittiwake.time.instants import parse_instant
from tests.cli.command import Ran, event, kittiwake, write
from tests.report.parsed import Parsed

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
NEEDS_BROWSER = "no Chromium here"
WITH_BROWSER = pytest.mark.skipif(BROWSER is None and not os.environ.get("CI"), reason=NEEDS_BROWSER)
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")

EVIL = "</script><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">\u202e🐦"
EVIL_SHOWN = EVIL.replace("\u202e", "\\u202e")
KEY = "<b onclick=alert(1)>"
LONG = "n" * 10_000
TELEPHONE = {"width": 360, "height": 740}

PRINTABLE = json.dumps(EVIL.replace("\u202e", ""), ensure_ascii=False)
QUOTED = json.dumps(EVIL, ensure_ascii=False).replace("\u202e", "\\u202e")

RULES = f"""\
account: acme
policy: {{frequency: [{{max: 1, per: day}}], holdout: {{percent: 30, salt: s}}}}
rules:
  - id: cart
    description: {PRINTABLE}
    when: cart.item_added
    wait: 1h
    unless: order.completed
    include: {{what: what}}
  - {{id: look, when: {{event: product.viewed, where: {{what: {QUOTED}}}}}}}
"""


class Made(NamedTuple):
    """A page, what the command printed beside it, and how it is read."""

    path: Path
    ran: Ran
    parsed: Parsed


COMMANDS = ("simulate", "diff", "explain", "profile", "tune", "publish")


def _events() -> Iterator[str]:
    for day in range(1, 6):
        for who in ("c1", EVIL[:128], "c3", "c4", "c5", "c6"):
            if who < "c5":
                yield event("product.viewed", f"2025-03-0{day}T09:50:00Z", who, what=EVIL, more=LONG, **{KEY: 1})
            yield event("cart.item_added", f"2025-03-0{day}T10:00:00Z", who, what=EVIL)
            if (day + len(who)) % 3 == 0:
                yield event("order.completed", f"2025-03-0{day}T10:30:00Z", who)
    yield event("cart.item_added", "2025-03-20T09:30:00Z", "c1")
    yield event("page.viewed", "2025-03-20T10:00:00Z", "c1")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Made]:
    """A page of each command."""
    folder = tmp_path_factory.mktemp("<img src=x onerror=alert(1)>")
    rules, events = write(folder / "rules.yaml", RULES), write(folder / "events.jsonl", *_events())
    longer = write(folder / "longer.yaml", RULES.replace("wait: 1h", "wait: 20m"))
    asked = {
        "simulate": ["simulate", rules, events, "--goal", "order.completed", "--within", "2d"],
        "diff": ["diff", rules, longer, events, "--fail-on", "nothing"],
        "explain": ["explain", "--rules", rules, "--input", events, "--contact", EVIL[:128]],
        "profile": ["profile", events, "--values", "shown"],
        "tune": ["tune", rules, "cart", "wait=20m..2h", events, "--goal", "order.completed", "--within", "2d"],
        "publish": [
            *("publish", longer, folder / "target", "--effective-from", "2025-03-20T10:10:00Z", "--dry-run"),
            *("--history", events, "--message", EVIL, "--author", EVIL),
        ],
    }
    kittiwake("publish", rules, folder / "target", "--effective-from", "always")
    found = {}
    for command, arguments in asked.items():
        path = folder / f"{command}.html"
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(publish_command, "now_us", lambda: parse_instant("2025-03-20T10:00:00Z"))
            ran = kittiwake(*arguments, "--html", path, "--json")
        assert ran.code == 0, ran
        found[command] = Made(path, ran, Parsed(path.read_text(encoding="utf-8")))
    return found


# ---------------------------------------------------------------- numbers


def _number(text: str) -> int:
    return int(text.replace(",", ""))


def test_the_page_of_a_simulation_has_the_numbers_of_its_json(made: dict[str, Made]) -> None:
    data, page = made["simulate"].ran.data, made["simulate"].parsed
    reach = {row[0]: [_number(number) for number in row[1:4]] for row in page.under("reach")[1:]}
    rules = {one["rule_id"]: one for one in data["rules"]}
    assert reach == {
        rule_id: [one["candidates"], one["fired"]["count"], one["fired"]["contacts"]] for rule_id, one in rules.items()
    }
    lost = {(row[0], row[2]): _number(row[3]) for row in page.under("lost")[1:]}
    assert lost == {
        (rule_id, loss["reason"]): loss["count"] for rule_id, one in rules.items() for loss in one["losses"]
    }
    assert lost
    loads = [[_number(number) for number in row[:2]] for row in page.under("per contact and week")[1:]]
    assert loads == [[one["triggers"], one["contact_weeks"]] for one in data["per_contact_and_week"]]
    taken = {(row[0], row[2]): _number(row[3]) for row in page.under("who took")[1:]}
    assert taken == {(one["rule_id"], one["by"]): one["count"] for one in data["taken"]}
    header, *days = page.under("Messages a day by rule")
    by_day = {
        (rule_id, row[0]): _number(cell) for row in days for rule_id, cell in zip(header[1:], row[1:], strict=True)
    }
    known = {(rule_id, day["day"]): day["count"] for rule_id, one in rules.items() for day in one["days"]}
    assert {key: number for key, number in by_day.items() if number} == known
    names = {"were held out": "holdout"}
    arms = {(row[0], names.get(row[1], row[1])): [*map(_number, row[2:6])] for row in page.under("goal")[1:]}
    keys = ("contacts", "did_before", "watched", "did_after")
    expected = {
        (rule_id, arm["arm"]): [arm[key] for key in keys]
        for rule_id, one in rules.items()
        for arm in (one["goal"] or {"arms": ()})["arms"]
    }
    assert arms == expected
    assert {arm for _, arm in arms} == {"fired", "holdout"}


def test_the_page_of_a_difference_has_the_numbers_of_its_json(made: dict[str, Made]) -> None:
    data, page = made["diff"].ran.data, made["diff"].parsed
    words = ("before", "after", "gained", "lost", "moved", "altered", "reason")
    totals = {row[0]: [_number(number) for number in row[2:]] for row in page.under("What rules fired")[1:]}
    assert totals == {one["rule_id"]: [one[word] for word in words] for one in data["rules"] if one["why"]}
    causes = [[row[0], row[1], _number(row[5]), _number(row[6])] for row in page.under("What became")[1:]]
    assert causes == [[one["rule_id"], one["became"], one["count"], one["contacts"]] for one in data["causes"]]
    commands = [example["explain"] for one in data["causes"] for example in one["examples"]]
    assert {command.replace("\u202e", "\\u202e") for command in commands} <= set(page.texts)
    assert "- When a contact sends cart.item_added, it falls due 1h later." in "".join(page.texts)


def test_the_page_of_a_tuning_has_the_numbers_of_its_json(made: dict[str, Made]) -> None:
    data, page = made["tune"].ran.data, made["tune"].parsed
    header, *rows = page.under("cart with each value")
    assert header[:3] == ["wait", "fired", "contacts"]
    keys = ("fired", "contacts", "did_anyway", "did_after", "watched", "lost_to_caps", "lost_otherwise", "pending")
    expected = [
        [str(one["values"]["wait"]), *(f"{one[key]:,}" for key in (*keys, "others_fired"))] for one in data["points"]
    ]
    assert rows == expected
    assert len({one["fired"] for one in data["points"]}) > 1
    drawn = "".join(page.texts)
    for one in data["points"]:
        assert f"{one['fired']:,} to {one['contacts']:,} contacts" in drawn


def test_the_page_of_a_publication_has_the_numbers_of_its_json(made: dict[str, Made]) -> None:
    data, page = made["publish"].ran.data, made["publish"].parsed
    header, *rows = page.under("Messages that are pending, by rule")
    fates = {row[0]: dict(zip(header[1:], map(_number, row[1:]), strict=True)) for row in rows}
    keys = ("kept", "moved", "cancelled", "refused", "added")
    assert fates == {one["rule_id"]: {key: one[key] for key in keys} for one in data["pending"]["rules"]}
    assert sum(sum(one.values()) for one in fates.values())
    totals = {row[0]: _number(row[2]) for row in page.under("What rules fired")[1:]}
    assert totals == {one["rule_id"]: one["before"] for one in data["difference"]["rules"] if one["why"]}
    assert EVIL_SHOWN in page.texts


def test_two_settings_are_drawn_as_squares_with_their_numbers(tmp_path: Path) -> None:
    rules, events = write(tmp_path / "rules.yaml", RULES), write(tmp_path / "events.jsonl", *_events())
    path = tmp_path / "page.html"
    ran = kittiwake("tune", rules, "cart", "wait=20m,1h", "policy.frequency.max=1..3", events, "--html", path, "--json")
    texts = Parsed(path.read_text(encoding="utf-8")).texts
    assert {"wait", "policy.frequency.max", "20m", "3"} <= set(texts)
    for one in ran.data["points"]:
        wait, most = one["values"].values()
        assert f"{wait}, {most}: {one['fired']:,}" in texts


def test_no_mark_of_a_chart_has_an_empty_hint(made: dict[str, Made]) -> None:
    for one in made.values():
        assert "<title></title>" not in one.path.read_text(encoding="utf-8")


def test_the_page_of_a_contact_has_every_line_and_every_miss_of_its_json(made: dict[str, Made]) -> None:
    data, page = made["explain"].ran.data, made["explain"].parsed
    texts = set(page.texts)
    shown = [one["text"].replace("\u202e", "\\u202e") for one in data["timeline"]]
    assert len(shown) > 20
    assert set(shown) <= texts
    assert {miss["needed"].replace("\u202e", "\\u202e") for rule in data["rules"] for miss in rule["nearest"]} <= texts
    waits = [one for one in data["spans"] if one["kind"] == "wait"]
    assert {one["ended"] for one in waits} == {"due", "unless"}
    assert waits[0]["from"] < waits[0]["to"] <= waits[0]["due"]


# ---------------------------------------------------------------- as files


@pytest.mark.parametrize("command", COMMANDS)
def test_a_page_is_one_file_without_scripts_and_what_is_foreign_is_text(made: dict[str, Made], command: str) -> None:
    page = made[command].parsed
    assert page.open == []
    tags = {tag for tag, _ in page.elements}
    assert tags.isdisjoint({"script", "img", "iframe", "link", "object", "image", "use", "foreignObject"})
    loaded = [
        name for _, found in page.elements for name in found if name.startswith("on") or name in ("src", "srcset")
    ]
    assert loaded == []
    assert all(found["href"].startswith("#") for found in page.all("a"))
    assert {found["href"][1:] for found in page.all("a")} <= {found.get("id") for _, found in page.elements}
    text = made[command].path.read_text(encoding="utf-8")
    assert "url(" not in text
    assert "\u202e" not in text
    assert LONG not in text
    assert (KEY if command == "profile" else EVIL_SHOWN[:60]) in "".join(page.texts)
    assert "svg" in tags


def test_a_page_is_replaced_only_by_force_and_needs_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules, events = (
        write(tmp_path / "rules.yaml", "account: acme\nrules: [{id: v, when: product.viewed}]"),
        tmp_path / "e",
    )
    write(events, event("product.viewed", "2025-03-01T10:00:00Z"))
    page = write(tmp_path / "page.html", "mine")
    asked = ["simulate", rules, events]
    for arguments, message in (
        (["--html", page], "is there already"),
        (["--html", tmp_path / "no" / "page.html"], "there is no folder"),
        (["--force"], "--force: there is no page to replace"),
    ):
        ran = kittiwake(*asked, *arguments)
        assert (ran.code, ran.out) == (2, "")
        assert message in ran.err
    assert page.read_text() == "mine\n"
    without, beside = kittiwake(*asked), kittiwake(*asked, "--html", page, "--force")
    assert (beside.code, beside.out) == (0, without.out)
    assert f"written to {page}" in beside.err
    monkeypatch.setitem(__import__("sys").modules, "vl_convert", None)
    ran = kittiwake(*asked, "--html", tmp_path / "other.html")
    assert (ran.code, ran.err.strip().splitlines()[-1]) == (
        2, "--html needs the charts of Vega: install the extra kittiwake[reports]",
    )  # fmt: skip


# ---------------------------------------------------------------- in a browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert BROWSER is not None, NEEDS_BROWSER
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=BROWSER, args=ARGUMENTS)
        yield found
        found.close()


def _violations(page: Page) -> Any:
    """What axe-core has against the page as it is shown."""
    page.evaluate(AXE)
    return page.evaluate("axe.run().then(found => found.violations.map(one => [one.id, one.nodes[0].html]))")


@WITH_BROWSER
@pytest.mark.parametrize("command", COMMANDS)
def test_a_page_passes_an_accessibility_checker_and_loads_nothing(
    made: dict[str, Made], browser: Browser, command: str
) -> None:
    page = browser.new_page(color_scheme="light")
    printed: list[str] = []
    requested: list[str] = []
    page.on("console", lambda message: printed.append(message.text))
    page.on("pageerror", lambda error: printed.append(str(error)))
    page.on("request", lambda request: requested.append(request.url))
    page.goto(made[command].path.as_uri())
    assert page.title() != "taken"
    assert page.locator("script, img").count() == 0
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert _violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert _violations(page) == []
    page.set_viewport_size(TELEPHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= TELEPHONE["width"]
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    assert (printed, requested) == ([], [made[command].path.as_uri()])
    page.close()


@WITH_BROWSER
def test_the_timeline_is_zoomed_by_keyboard(made: dict[str, Made], browser: Browser) -> None:
    page = browser.new_page()
    page.goto(made["explain"].path.as_uri())
    page.locator("#zoom-1").focus()
    for at, is_wider in ((1, False), (2, True), (3, True)):
        shown = page.locator(f".zoomed-{at}")
        assert shown.is_visible()
        assert page.locator(".zoomed:visible").count() == 1
        assert page.evaluate("one => one.scrollWidth > one.clientWidth", shown.element_handle()) is is_wider
        page.keyboard.press("ArrowRight")
    assert page.locator(".zoomed-1").is_visible()
    page.close()
