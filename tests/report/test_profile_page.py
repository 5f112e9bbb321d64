"""The page of a profile: whole HTML of one file, in which whatever is foreign stays text."""

from __future__ import annotations

from functools import cache

from kittiwake.event_plan.writing import plan_data
from kittiwake.profile.report.as_delivery import Read
from kittiwake.profile.report.as_plan import event_plan
from kittiwake.profile.report.findings import findings
from kittiwake.profile.report.shown import Shown
from kittiwake.report.of_profile import profile_page, spans_of
from kittiwake.time.instants import DAY_US
from tests.profile.tables import START_US, event, profile_of
from tests.report.parsed import Parsed

HOSTILE = "\"'><script>document.title='taken'</script><img onerror=a>\u202e"
KEY = "<b onclick='x'>k</b>"


@cache
def text_of_page() -> str:
    """The page of events whose names and values are hostile."""
    events = [
        event(str(at), f"t{kind}", contact=f"c{at % 3}", at_us=START_US - at * DAY_US, account="<i>a</i>", **properties)
        for at in range(6)
        for kind, properties in (
            ("<script>", {KEY: HOSTILE, "items": [{KEY: "x"}], "total": "1.50", "received_at": "2026-11-01T00:00:00Z"}),
            ("ok", {"n": at, "flag": at > 2, "when": "2026-10-31 10:00"}),
        )
    ]
    found = profile_of(events)
    plan = event_plan(found, Read(13, {"not_json": 1}, 0, {}), Shown.SHOWN)
    assert plan_data(plan)["account"] == "<i>a</i>"
    return profile_page(plan, findings(plan), spans_of(found))


def test_whatever_is_foreign_stays_text() -> None:
    parsed = Parsed(text_of_page())
    assert parsed.open == []
    assert {tag for tag, _ in parsed.elements}.isdisjoint({"script", "img", "b", "i", "iframe", "link", "object"})
    assert not [name for _, attributes in parsed.elements for name in attributes if name.startswith("on")]
    assert HOSTILE.replace("\u202e", "\\u202e") in parsed.texts
    assert {KEY, "t<script>", "Events of <i>a</i>"} <= set(parsed.texts)
    assert "\u202e" not in text_of_page()


def test_a_page_needs_no_network_and_no_script() -> None:
    parsed = Parsed(text_of_page())
    links = [attributes["href"] for attributes in parsed.all("a")]
    ids = {attributes["id"] for _, attributes in parsed.elements if "id" in attributes}
    assert links
    assert {link.removeprefix("#") for link in links} <= ids
    assert not [name for _, attributes in parsed.elements for name in attributes if name in ("src", "srcset", "action")]
    assert "url(" not in text_of_page()
    assert "@import" not in text_of_page()
    (policy,) = (one["content"] for one in parsed.all("meta") if "http-equiv" in one)
    assert policy.startswith("default-src 'none'")


def test_a_page_can_be_read_by_keyboard_and_by_a_screen_reader() -> None:
    parsed = Parsed(text_of_page())
    assert next(parsed.all("html"))["lang"] == "en"
    assert next(parsed.all("a")) == {"href": "#check", "class": "skip"}
    tables = len(list(parsed.all("table")))
    assert len(list(parsed.all("caption"))) == tables > 0
    assert all(one["scope"] in ("col", "row") for one in parsed.all("th"))
    scrolled = [one for one in parsed.all("div") if one.get("class") == "scroll"]
    assert len(scrolled) == tables
    assert all(one["tabindex"] == "0" and one["role"] == "region" and one["aria-label"] for one in scrolled)
    assert all(one["role"] == "img" and "over time" in one["aria-label"] for one in parsed.all("svg"))
    headings = [tag for tag, _ in parsed.elements if tag in ("h1", "h2", "h3")]
    assert headings == ["h1", *["h2"] * 5, "h3", "h3"]
