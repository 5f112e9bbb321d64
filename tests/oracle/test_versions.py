"""The oracle against each sentence of semantics.md, section 11; every expectation is reasoned by hand."""

from typing import Any

import pytest

from tests.oracle.telling import event, told, version

A, B = "a.a", "b.b"
WAIT: dict[str, Any] = {"when": A, "wait": "2h"}
NIGHT = {"quiet_hours": {"from": "21:00", "to": "08:00"}}
MODES = pytest.mark.parametrize("stream", [False, True])


def views(*times: str, kind: str = A, **properties: Any) -> list[dict[str, Any]]:
    """One event at each of the times."""
    return [event(f"{kind}{place}", at, kind, **properties) for place, at in enumerate(times)]


# -- 11.1, 11.2: what is in force, and from which part of an instant on --------------------------------------------


@MODES
def test_before_the_first_version_nothing_is_in_force(stream: bool) -> None:
    assert told([version("10:00", WAIT)], views("09:59", "10:00"), stream=stream) == ["12:00 fired v0"]
    assert told([version("10:00", WAIT)], views("09:59"), stream=stream) == []


@MODES
def test_the_newest_version_that_has_begun_is_in_force(stream: bool) -> None:
    versions = [version(None, {"when": A}), version("10:00", {"when": A, "mode": "shadow"}), version("11:00")]
    assert told(versions, views("09:59", "10:00", "11:00"), stream=stream) == [
        "09:59 fired v0",
        "10:00 suppressed shadow v1",
    ]


@MODES
def test_a_version_begins_before_anything_else_of_its_instant(stream: bool) -> None:
    versions = [version(None, WAIT), version("12:00", {"when": A, "wait": "2h", "mode": "shadow"})]
    assert told(versions, views("10:00"), stream=stream) == ["12:00 suppressed shadow v1"]
    gone = [version(None, WAIT), version("12:00", {"id": "s", "when": B})]
    assert told(gone, views("10:00"), stream=stream) == ["12:00 cancelled rule_removed v1 of v0"]


@MODES
@pytest.mark.parametrize(("start", "second"), [("11:59", "suppressed reentry"), ("12:00", "fired")])
def test_a_firing_forgotten_at_the_start_is_forgotten_for_good(stream: bool, start: str, second: str) -> None:
    versions = [version(None, {"when": A, "reentry": "2h"}), version(start, {"when": A, "reentry": "9h"})]
    assert told(versions, views("10:00", "12:30"), stream=stream) == ["10:00 fired v0", f"12:30 {second} v1"]


@MODES
@pytest.mark.parametrize(("start", "expected"), [("11:59", ["12:30 fired v1"]), ("12:00", [])])
def test_a_key_forgotten_at_the_start_is_forgotten_for_good(stream: bool, start: str, expected: list[str]) -> None:
    rule = {"when": B, "given": {"present": A, "same": "k"}}
    versions = [version(None, {**rule, "keep": "2h"}), version(start, {**rule, "keep": "9h"})]
    events = [*views("10:00", k=1), *views("12:30", kind=B, k=1)]
    assert told(versions, events, stream=stream) == expected


# -- 11.3: the same to the state -----------------------------------------------------------------------------------

UNTIL = {"when": A, "wait": {"until": "on", "at": "12:00"}}
SAME: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (WAIT, {**WAIT, "wait": "5h"}),
    (WAIT, {**WAIT, "unless": B}),
    (WAIT, {**WAIT, "given": {"count": B, "within": "1h", "gte": 9}}),
    (WAIT, {**WAIT, "keep": "9d", "reentry": "once", "priority": 1, "include": {"x": "k"}, "restart": False}),
    ({**WAIT, "wait": ["2h", "9d"]}, {**WAIT, "wait": ["9d"]}),
    (
        {**WAIT, "wait": {"field": "h", "unit": "hours", "default": "2h"}},
        {**WAIT, "wait": {"field": "x", "unit": "day"}},
    ),
    (UNTIL, {**UNTIL, "wait": {"until": "on", "at": "13:00", "offset": "1h"}}),
    ({**WAIT, "unless": {"event": B, "same": "k"}}, {**WAIT, "unless": {"event": "c.c", "same": "k"}}),
    (WAIT, {**WAIT, "when": {"event": [A]}, "wait": "PT2H"}),
]
CHANGED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (WAIT, {**WAIT, "when": [A, B]}),
    (WAIT, {**WAIT, "when": {"event": A, "where": {"k": 1}}}),
    (WAIT, {**WAIT, "per": "k"}),
    (WAIT, {**WAIT, "wait": ["2h"]}),
    (WAIT, {**WAIT, "wait": {"field": "x", "unit": "day"}}),
    (WAIT, UNTIL),
    (WAIT, {"when": A}),
    (WAIT, {"audience": {"present": A}}),
    (UNTIL, {**UNTIL, "wait": {"until": "contact.on", "at": "12:00"}}),
    (UNTIL, {**UNTIL, "wait": {"until": "on", "at": "12:00", "repeat": "daily"}}),
    (WAIT, {**WAIT, "unless": {"event": B, "same": "k"}}),
]
ARMED = [event("a", "10:00", A, k=1, on="2026-06-01")]


@MODES
@pytest.mark.parametrize(("old", "new"), SAME)
def test_a_rule_that_is_the_same_keeps_what_is_pending(stream: bool, old: dict[str, Any], new: dict[str, Any]) -> None:
    (row,) = told([version(None, old), version("11:00", new)], ARMED, "12:00", stream=stream)
    assert row[:11] == "12:00 fired"
    assert row[-2:] == "v1"


@MODES
@pytest.mark.parametrize(("old", "new"), CHANGED)
def test_a_rule_that_is_not_the_same_lets_go_of_it(stream: bool, old: dict[str, Any], new: dict[str, Any]) -> None:
    rows = told([version(None, old), version("11:00", new)], ARMED, stream=stream)
    assert [row for row in rows if "entered" not in row] == ["12:00 cancelled rule_changed v1 of v0"]


# -- 11.4: letting go ----------------------------------------------------------------------------------------------


@MODES
@pytest.mark.parametrize(
    ("new", "reason"),
    [([], "rule_removed"), ([{**WAIT, "mode": "off"}], "rule_removed"), ([{"when": B, "wait": "2h"}], "rule_changed")],
)
def test_each_pending_reminder_leaves_its_row(stream: bool, new: list[dict[str, Any]], reason: str) -> None:
    versions = [version(None, {**WAIT, "wait": ["1h", "2h", "9h"]}), version("11:30", *new)]
    assert told(versions, ARMED, stream=stream) == [
        "11:00 fired #0 v0",
        f"12:00 cancelled {reason} #1 v1 of v0",
        f"19:00 cancelled {reason} #2 v1 of v0",
    ]


@MODES
def test_what_is_deferred_leaves_its_row(stream: bool) -> None:
    versions = [version(None, {"when": A}, policy=NIGHT), version("23:00", policy=NIGHT)]
    assert told(versions, views("22:00"), stream=stream) == ["22:00 cancelled rule_removed v1 of v0"]


def test_totals_and_chains_go_with_it_in_a_stream() -> None:
    total = {"when": A, "reaches": {"count": True, "at": [2]}}
    chain = {"id": "s", "when": {"sequence": [A, B], "within": "9h"}}
    versions = [version("09:00", total, chain), version("10:30"), version("11:00", total, chain)]
    events = [*views("10:00", "11:30", "12:00"), event("b", "11:10", B)]
    assert told(versions[:1], events) == ["11:10 fired v0", "11:30 fired 2 v0"]
    assert told(versions, events, stream=True) == ["12:00 suppressed not_ready 2 v2"]


@MODES
def test_reentry_stays_with_the_id_while_the_rule_is_gone(stream: bool) -> None:
    rule = {"when": A, "reentry": "3h"}
    versions = [version(None, rule), version("11:00"), version("12:00", {**rule, "when": [A, B]})]
    rows = told(versions, views("10:00", "12:30", "13:00"), stream=stream)
    assert rows == ["10:00 fired v0", "12:30 suppressed reentry v2", "13:00 fired v2"]
    later = [*versions[:2], version("13:00", {"when": B, "reentry": "9h"})]
    assert told(later, [*views("10:00"), event("b", "13:30", B)], stream=stream)[-1] == "13:30 fired v2"


@MODES
def test_only_the_caps_and_the_reentry_of_versions_in_force_remember(stream: bool) -> None:
    cap = {"frequency": [{"max": 1, "per": "3h"}]}
    first, second = version(None, {"when": A}, policy=cap), version("11:00", {"id": "s", "when": A}, policy=cap)
    assert told([first, second], views("10:00", "12:00"), stream=stream)[-1] == "12:00 suppressed frequency_cap v1"
    without = version(None, {"when": A})
    assert told([without, second], views("10:00", "12:00"), stream=stream)[-1] == "12:00 fired v1"
    once = version("11:00", {"when": A, "reentry": "once"})
    assert told([without, once], views("10:00", "12:00"), stream=stream)[-1] == "12:00 fired v1"


@MODES
def test_a_live_rule_asks_only_after_what_has_really_fired(stream: bool) -> None:
    rule = {"when": A, "reentry": "once"}
    versions = [version(None, {**rule, "mode": "shadow"}), version("11:00", rule)]
    assert told(versions, views("10:00", "12:00", "13:00"), stream=stream) == [
        "10:00 suppressed shadow v0",
        "12:00 fired v1",
        "13:00 suppressed reentry v1",
    ]


# -- 11.5: carrying over -------------------------------------------------------------------------------------------


@MODES
def test_a_pending_instance_keeps_its_deadline_and_takes_the_new_unless_and_policy(stream: bool) -> None:
    new = version("11:00", {**WAIT, "wait": "9h", "unless": B}, policy={"holdout": {"percent": 100, "salt": "s"}})
    assert told([version(None, WAIT), new], ARMED, stream=stream) == ["12:00 suppressed holdout v1"]
    assert told([version(None, WAIT), new], [*ARMED, event("b", "11:30", B)], stream=stream) == []


@MODES
def test_what_is_deferred_keeps_its_release(stream: bool) -> None:
    other = {"quiet_hours": {"from": "21:00", "to": "06:00"}}
    versions = [version(None, {"when": A}, policy=NIGHT), version("23:00", {"when": A}, policy=other)]
    assert told(versions, views("22:00"), stream=stream) == ["22:00 fired at 06-02T08:00 v1"]


@MODES
def test_a_restart_is_by_the_new_wait(stream: bool) -> None:
    versions = [version(None, WAIT), version("11:00", {**WAIT, "wait": "5h"})]
    assert told(versions, views("10:00", "11:30"), stream=stream) == ["16:30 fired v1"]


@MODES
def test_a_date_is_not_moved_by_the_version_but_by_the_contact(stream: bool) -> None:
    wait = {"until": "on", "at": "12:00"}
    versions = [
        version(None, {"when": A, "wait": wait}),
        version("11:00", {"when": A, "wait": {**wait, "at": "15:00"}}),
    ]
    assert told(versions, ARMED, stream=stream) == ["12:00 fired v1"]
    idle = event("u", "11:30", "contact.updated", tier="gold")
    assert told(versions, [*ARMED, idle], stream=stream) == ["12:00 fired v1"]
    moved = event("u", "11:30", "contact.updated", timezone="Europe/Berlin")
    assert told(versions, [*ARMED, moved], stream=stream) == ["13:00 fired v1"]


AUDIENCE = {"audience": {"present": A, "within": "5h"}, "emits": ["entered", "exited"]}


@MODES
def test_an_audience_that_is_the_same_goes_on(stream: bool) -> None:
    versions = [version(None, AUDIENCE), version("11:00", {**AUDIENCE, "priority": 1})]
    assert told(versions, ARMED, stream=stream) == ["10:00 entered fired v0", "15:00 exited fired v1"]


@MODES
def test_a_changed_audience_is_worked_out_anew(stream: bool) -> None:
    """Whose last `entered` fired was a member, everybody else was not."""
    other = version("11:00", {**AUDIENCE, "audience": {"present": B, "within": "9h"}})
    assert told([version(None, AUDIENCE), other], ARMED, stream=stream) == [
        "10:00 entered fired v0",
        "20:00 exited fired v1" if stream else "11:00 exited fired v1",
    ], "a stream cannot tell before 20:00"
    wider = version("11:00", {**AUDIENCE, "audience": {"present": A, "within": "6h"}})
    assert told([version(None, AUDIENCE), wider], ARMED)[1:] == ["16:00 exited fired v1"]
    unready = version(None, {**AUDIENCE, "live_from": "2026-06-02T00:00:00Z"})
    assert told([unready, wider], ARMED)[:2] == ["10:00 entered suppressed not_ready v0", "11:00 entered fired v1"]


def test_who_has_left_is_not_told_to_leave_again_by_a_change() -> None:
    versions = [version(None, AUDIENCE), version("16:00", {**AUDIENCE, "audience": {"present": B, "within": "9h"}})]
    assert told(versions, ARMED) == ["10:00 entered fired v0", "15:00 exited fired v0"]


def test_an_audience_that_is_new_is_looked_at_when_it_begins() -> None:
    versions = [version(None, WAIT), version("11:00", WAIT, {"id": "s", **AUDIENCE})]
    assert told(versions, ARMED) == ["11:00 entered fired v1", "12:00 fired v1", "15:00 exited fired v1"]
    assert told(versions, ARMED, stream=True) == ["12:00 fired v1"]  # it remembers from 11:00 on


# -- 11.6: live_from -----------------------------------------------------------------------------------------------


@MODES
def test_a_rule_is_live_from_the_version_since_which_its_id_has_been_there(stream: bool) -> None:
    """A break makes it new: everyone who is a member then is told to have entered."""
    kept = [version("09:00", AUDIENCE), version("11:00", AUDIENCE), version("12:00", AUDIENCE)]
    assert told(kept, ARMED, "13:00", stream=stream) == ["10:00 entered fired v0"]
    broken = [kept[0], version("11:00", {**AUDIENCE, "mode": "off"}), kept[2]]
    expected = ["10:00 entered fired v0", *([] if stream else ["12:00 entered fired v2"])]
    assert told(broken, ARMED, "13:00", stream=stream) == expected


# -- 11.7, 11.8: look-backs in a batch -----------------------------------------------------------------------------

COUNT = {"when": B, "given": {"count": A, "within": "5h", "gte": 2}}
THREE = [*views("10:00", "11:00"), event("b", "13:00", B)]


def test_a_batch_looks_back_beyond_the_start() -> None:
    assert told([version("12:00", COUNT)], THREE) == ["13:00 fired v0"]
    assert told([version(None, {"when": "c.c"}), version("12:00", COUNT)], THREE) == ["13:00 fired v1"]
    tier = {"when": {"event": A, "where": {"contact": {"tier": "gold"}}}}
    gold = event("u", "10:00", "contact.updated", tier="gold")
    assert told([version("12:00", tier)], [gold, *views("13:00")]) == ["13:00 fired v0"]
    consent = {"consent": {"purpose": "news"}}
    events = [event("w", "10:00", "consent.withdrawn"), *views("13:00")]
    assert told([version(None, {"when": A}), version("12:00", {"when": A}, policy=consent)], events) == [
        "13:00 suppressed no_consent v1"
    ]


def test_a_batch_uses_up_thresholds_and_completes_sequences_without_a_row() -> None:
    total = {"when": A, "reaches": {"count": True, "at": [2, 3]}}
    assert told([version("11:30", total)], views("10:00", "11:00", "12:00")) == ["12:00 fired 3 v0"]
    chain = {"when": {"sequence": [A, B, B], "within": "9h"}}
    events = [*views("10:00"), event("b", "10:10", B), event("c", "10:20", B), event("d", "12:00", B)]
    assert told([version("10:15", chain)], events) == ["10:20 fired v0"]
    assert told([version("11:00", chain)], events) == []


def test_a_batch_needs_what_a_later_version_needs() -> None:
    """So what comes after it under its id and type is a copy; under another type it is none."""
    again = [event("a", "10:00", B), event("a", "10:30", B), event("a", "10:40", A)]
    assert told([version(None, {"when": A}), version("10:15", {"when": [A, B]})], again) == ["10:40 fired v1"]
    assert told([version(None, {"when": A}), version("10:15", {"when": A})], again) == ["10:40 fired v1"]


# -- 11.7, 11.9: look-backs in a stream ----------------------------------------------------------------------------

BEFORE = version(None, {"id": "s", "when": "c.c"}, {"id": "t", "when": A, "mode": "shadow"})


def stream_of(rule: dict[str, Any], events: list[dict[str, Any]], **policy: Any) -> list[str]:
    """What a rule decides that comes into force at noon in a stream."""
    other = {"id": "t", "when": A, "mode": "shadow"}
    told_of = told([BEFORE, version("12:00", rule, other, policy=policy)], events, stream=True)
    return [row for row in told_of if "shadow" not in row]


def test_a_contact_seen_before_a_look_back_is_not_ready_until_it_is_complete() -> None:
    old, new = views("11:00"), views("12:00")
    bs = [event("b", "16:59", B), event("c", "17:00", B)]
    absent = {"when": B, "given": {"absent": A, "within": "5h"}}
    assert stream_of(absent, [*old, *bs]) == ["16:59 suppressed not_ready v1", "17:00 fired v1"]
    assert stream_of(absent, [*new, *bs]) == ["17:00 fired v1"]
    chain = {"when": {"sequence": ["c.c", B], "within": "5h"}}
    steps = [event("x", "12:30", "c.c"), event("b", "13:00", B)]
    assert stream_of(chain, [*old, *steps]) == ["13:00 suppressed not_ready v1"]
    assert stream_of(chain, [*new, *steps]) == ["13:00 fired v1"]


EVER: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"when": B, "given": {"absent": "x.x"}}, {}),
    ({"when": B, "reaches": {"count": True, "at": [1]}}, {}),
    ({"when": B, "include": {"tier": "contact.tier"}}, {}),
    ({"when": {"event": B, "where": {"not": {"contact": {"tier": "gold"}}}}}, {}),
    ({"when": B}, {"consent": {"purpose": "news"}}),
]


@pytest.mark.parametrize(("rule", "policy"), EVER)
def test_a_look_back_without_within_is_never_complete(rule: dict[str, Any], policy: dict[str, Any]) -> None:
    late = event("b", "2026-06-19T00:00:00Z", B)
    (row,) = stream_of(rule, [*views("11:00"), late], **policy)
    assert "suppressed not_ready" in row
    (row,) = stream_of(rule, [*views("12:00"), late], **policy)
    assert "fired" in row
    (row,) = stream_of(rule, [*views("11:00"), late], **policy, history_from="effective")
    assert "fired" in row
    assert row.endswith("partial")


def test_a_contact_begins_anew_when_it_was_deleted_or_forgotten() -> None:
    rule = {"when": B, "given": {"absent": "x.x"}}
    deleted = event("d", "12:30", "contact.deleted")
    assert stream_of(rule, [*views("11:00"), deleted, event("b", "13:00", B)]) == ["13:00 fired v1"]
    forgotten = [*views("11:00"), event("b", "13:00", B)]
    assert stream_of(rule, forgotten, retention="2h") == ["13:00 fired v1"]
    assert stream_of(rule, forgotten, retention="3h") == ["13:00 suppressed not_ready v1"]


def test_with_history_from_effective_it_decides_all_the_same_and_says_so() -> None:
    absent = {"when": B, "given": {"absent": A, "within": "5h"}}
    events = [*views("11:00"), event("b", "16:59", B), event("c", "17:00", B)]
    assert stream_of(absent, events, history_from="effective") == ["16:59 fired v1 partial", "17:00 fired v1"]
    batch = told([version("12:00", absent, policy={"history_from": "effective"})], events)
    assert batch == ["16:59 fired v0", "17:00 fired v0"]  # it lacks nothing


@pytest.mark.parametrize(
    ("old", "new", "second"),
    [
        ({"gte": 2}, {"gte": 1}, "fired"),
        ({"gte": 2}, {"lte": 2}, "fired"),
        ({"gte": 1}, {"gte": 2}, "suppressed not_ready"),  # one more is not remembered
        ({"gte": 1, "within": "9h"}, {"gte": 1, "within": "8h"}, "suppressed not_ready"),
    ],
)
def test_a_condition_stays_as_long_as_it_measures_the_same(
    old: dict[str, Any], new: dict[str, Any], second: str
) -> None:
    written = {"count": A, "within": "9h"}
    versions = [version(None, {"when": B, "given": {**written, **old}})]
    versions.append(version("12:00", {"when": [B, "c.c"], "given": {**written, **new}}))
    events = [*views("11:00", "12:10", "12:20"), event("b", "13:00", B)]
    if new == {"lte": 2}:
        events.pop(1)
    assert told(versions, events, stream=True) == [f"13:00 {second} v1"]


def test_attributes_and_consent_stay_as_long_as_somebody_asks_for_them() -> None:
    reads = {"id": "s", "when": "c.c", "include": {"tier": "contact.tier"}}
    gold = {"when": {"event": B, "where": {"contact": {"tier": "gold"}}}}
    events = [event("u", "10:00", "contact.updated", tier="gold"), event("b", "13:00", B)]
    assert told([version(None, reads), version("12:00", gold)], events, stream=True) == ["13:00 fired v1"]
    broken = [version(None, reads), version("11:00", {"when": B}), version("12:00", gold)]
    assert told(broken, events, stream=True) == []
    news, other = ({"consent": {"purpose": name}} for name in ("news", "other"))
    told_of = [event("w", "10:00", "consent.withdrawn"), event("b", "13:00", B)]
    first = version(None, {"when": B}, policy=news)
    stays = version("12:00", {"when": B}, policy={"consent": {"purpose": "news", "default": "granted"}})
    assert told([first, stays], told_of, stream=True) == ["13:00 suppressed no_consent v1"]
    changed = version("12:00", {"when": B}, policy=other)
    assert told([first, changed], told_of, stream=True) == ["13:00 suppressed not_ready v1"]
    assert told([first, changed], told_of) == ["13:00 suppressed no_consent v1"]


def test_a_stream_needs_only_what_the_version_in_force_needs() -> None:
    again = [event("a", "10:00", B), event("a", "10:30", B)]
    later = version("10:15", {"when": B})
    assert told([version(None, {"when": A}), later], again, stream=True) == ["10:30 fired v1"]
    assert told([version(None, {"when": A}), later], again) == []
