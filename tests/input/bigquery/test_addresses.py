"""Addresses of BigQuery: what names a table or a dataset, and what a person is told who wrote something else."""

from __future__ import annotations

import pytest

from kittiwake.errors import UnusableError
from kittiwake.input.bigquery.addresses import dataset_address, is_bigquery, table_address


@pytest.mark.parametrize(
    "text",
    ["bq://shop-1.raw.events", "bq://shop-1.raw.events_*", "bq://example.com:shop.raw.Käufe 2026", "bq://p1.d.t-1"],
)
def test_an_address_of_a_table_is_written_as_it_was_read(text):
    assert str(table_address(text)) == text
    assert is_bigquery(text)


def test_a_star_at_the_end_stands_for_several_tables():
    assert table_address("bq://p1.d.events_*").is_wildcard
    assert not table_address("bq://p1.d.events_").is_wildcard


@pytest.mark.parametrize(
    "text",
    [
        "bq://", "bq://p1", "bq://p1.d", "bq://p1.d.", "bq://p1.d.t.more", "bq://p1.d.*t", "bq://p1.d.a`; DROP", "bq://P.d.t",
        "p1.d.t", "bq://p1.d.t/", "bq://p1.d-d.t", "bq://p1.d.t$20261101", "bq://p1.d.t@-3600000", "bq://p1.d.t?x",
        "bq://p1.d." + "t" * 1_025, "bq://p1.d.t\n",
    ],
)  # fmt: skip
def test_what_names_no_table_is_refused_with_what_to_write(text):
    with pytest.raises(UnusableError, match=r"write a table as bq://PROJECT\.DATASET\.TABLE"):
        table_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "bq:shop-1:raw.events", "bq:shop-1.raw.events", "bq://shop-1:raw.events", "bq://`shop-1.raw.events`",
        "bq://[shop-1:raw.events]", "bq://shop-1.raw:events", "BQ://shop-1.raw.events", "bigquery://shop-1.raw.events",
        "bq://Shop-1.raw.events",
    ],
)  # fmt: skip
def test_a_table_as_other_tools_write_it_is_refused_with_its_address(text):
    assert is_bigquery(text)
    with pytest.raises(UnusableError, match=r"PROJECT\.DATASET\.TABLE, here bq://shop-1\.raw\.events$"):
        table_address(text)


@pytest.mark.parametrize("text", ["bq://shop-1.marketing", "bq://shop-1.marketing.backfill_"])
def test_an_address_of_a_dataset_is_written_as_it_was_read(text):
    assert str(dataset_address(text)) == text


def test_the_tables_of_a_dataset_begin_with_its_prefix():
    assert str(dataset_address("bq://p1.d.run_").address("triggers")) == "bq://p1.d.run_triggers"


@pytest.mark.parametrize("text", ["bq://p1", "bq://p1.d.events_*", "bq://p1.d.a b", "gs://p1.d"])
def test_what_names_no_dataset_is_refused_with_what_to_write(text):
    with pytest.raises(UnusableError, match=r"write a dataset as bq://PROJECT\.DATASET"):
        dataset_address(text)
