"""The metadata of the Flex Templates: made of the options, as the service reads it, and true of what the jobs take."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

pytest.importorskip("google.cloud.bigquery")

from google.cloud.dataflow_v1beta3 import ParameterMetadata, ParameterType, TemplateMetadata

from kittiwake.errors import UnusableError
from kittiwake.pipelines.options.backfill import parse_options
from kittiwake.pipelines.options.stream import parse_stream_options
from templates.metadata import FOLDER, TEMPLATES, text

BOTH = pytest.mark.parametrize("name", TEMPLATES)


def read(name: str) -> TemplateMetadata:
    """As the service reads the committed file: unknown fields are errors."""
    found = TemplateMetadata.from_json((FOLDER / name / "metadata.json").read_text(), ignore_unknown_fields=False)
    assert isinstance(found, TemplateMetadata)
    return found


def parameters(name: str) -> dict[str, ParameterMetadata]:
    return {one.name: one for one in read(name).parameters}


@BOTH
def test_the_committed_file_is_the_one_that_the_options_make(name: str) -> None:
    committed = (FOLDER / name / "metadata.json").read_text()
    assert committed == text(TEMPLATES[name]), "run make metadata"
    assert json.loads(committed)["parameters"]


@BOTH
def test_the_service_reads_every_field(name: str) -> None:
    found = read(name)
    assert (found.streaming, found.supports_exactly_once) == ((True, True) if name == "stream" else (False, False))
    for one in found.parameters:
        assert re.fullmatch("[a-zA-Z][a-zA-Z0-9_]*", one.name)
        assert one.label
        assert one.help_text
        assert one.group_name
        assert one.param_type != ParameterType.DEFAULT
        assert (one.param_type == ParameterType.ENUM) == bool(one.enum_options)
        for regex in one.regexes:
            re.compile(regex)


@BOTH
def test_every_option_is_a_parameter_or_is_left_out_with_a_reason(name: str) -> None:
    template = TEMPLATES[name]
    options = {action.option_strings[0].removeprefix("--") for action in template.parser()._actions} - {"-h"}
    named = set(parameters(name)) - {*template.aliases, "sdk_container_image"}
    assert named | template.left_out.keys() == options
    assert named & template.left_out.keys() == set()


def stream_takes(option: str, value: str) -> bool:
    needed = {"subscription": "projects/p/subscriptions/s", "dataset": "shop-1.marketing", "rules": "gs://b/rules"}
    given = {**needed, "create_tables": "true", "allowed_lateness": "1s", option: value}
    return not parse_stream_options([f"--{name}={text}" for name, text in given.items()]).problems


def backfill_takes(option: str, value: str) -> bool:
    given = {"input": "gs://b/e.jsonl", "output": "gs://b/out", "rules": "gs://b/rules", option: value}
    try:
        parse_options([f"--{name}={text}" for name, text in given.items()])
    except UnusableError:
        return False
    return True


SAMPLES: list[tuple[str, str, list[str], list[str]]] = [
    ("stream", "subscription", ["projects/p/subscriptions/s"], ["s", "projects/p/topics/s"]),
    ("stream", "trigger_topic", ["projects/p/topics/t"], ["t", "projects/p/topics/t/x", "projects//topics/t"]),
    ("stream", "dataset", ["shop-1.marketing", "example.com:shop.m_1"], ["marketing", "shop-1.a.b", "shop-1."]),
    ("stream", "snapshots", ["gs://b/1/snapshots/*", "bq://shop-1.marketing.snapshots@daily/1"], [""]),
    ("backfill", "start_from", ["gs://b/1/*", "bq://shop-1.m.snapshots", "gs://b/1/*,bq://p-1.d.t@r"], [""]),
    ("stream", "settle_delay", ["0s", "90s", "2w", "PT1H30M", "+P1D"], ["soon", "-1s", "1 h", "1ms"]),
    ("stream", "table_expiry", ["400d", "1"], ["d", "400 days", "-1"]),
    ("stream", "item_shards", ["1", "256"], ["", "eight", "-1", "1000"]),
    ("backfill", "until", ["2026-11-01T09:30:00Z", "2026-11-01T09:30:00.5+01:00"], ["today", "2026-11-01"]),
    ("backfill", "max_dead_letter_ratio", ["0", "0.5", "1", ".1", "1.0"], ["2", "half", "-0.1", "50%"]),
]
TAKES: dict[str, Callable[[str, str], bool]] = {"stream": stream_takes, "backfill": backfill_takes}


@pytest.mark.parametrize(("name", "option", "good", "bad"), SAMPLES, ids=[row[1] for row in SAMPLES])
def test_the_form_and_the_job_agree_on_values(name: str, option: str, good: list[str], bad: list[str]) -> None:
    one, takes = parameters(name)[option], TAKES[name]

    def form_takes(value: str) -> bool:
        return all(re.search(regex, value) for regex in one.regexes)

    assert [value for value in good if not (form_takes(value) and takes(option, value))] == []
    assert [value for value in bad if form_takes(value) or (value and takes(option, value))] == []


@BOTH
def test_defaults_and_choices_are_values_that_the_job_takes(name: str) -> None:
    for one in parameters(name).values():
        values = [*(choice.value for choice in one.enum_options), *filter(None, [one.default_value])]
        assert [value for value in values if not TAKES[name](one.name, value)] == []
