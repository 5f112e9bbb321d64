"""Preflight questions to BigQuery: the dataset, where it lies, its tables, and who may write to them."""

from __future__ import annotations

from typing import Final

from google.api_core.exceptions import GoogleAPIError
from google.auth.exceptions import GoogleAuthError
from google.cloud import bigquery
from requests import RequestException

from kittiwake.errors import UnusableError
from kittiwake.input.bigquery.addresses import Dataset
from kittiwake.pipelines.google.bigquery_tables import (
    BIGQUERY_TIMEOUT_S,
    client_of,
    compare,
    location_fits,
    location_of,
)
from kittiwake.pipelines.google.error_text import first_line
from kittiwake.pipelines.preflight.findings import Findings
from kittiwake.pipelines.preflight.google import ResourceCheck
from kittiwake.stream.tables.schema import TABLES

_ON_TABLES: Final = ("bigquery.tables.get", "bigquery.tables.updateData")


def check_tables(dataset: Dataset, *, may_create: bool, findings: Findings) -> None:
    """Ask about the tables of a dataset; with `may_create` a missing one will be created."""
    check = ResourceCheck(f"dataset {dataset.project}.{dataset.name}", findings)
    try:
        client = client_of(dataset)
    except UnusableError as error:
        findings.wrong(str(error))
        return
    location = location_of(client, dataset)
    if location is not None and findings.is_dataflow:
        _compare_location(check, location, findings.region)
    problems = compare(client, dataset, may_lack=may_create)
    for problem in problems:
        findings.wrong(problem)
    if location is None or problems:
        return
    check.ok("tables are to be created where missing" if may_create else "all tables are as they should")
    if may_create:
        check.unknown("whether you may create tables: BigQuery cannot be asked")
    else:
        _ask_permissions(client, dataset, check)


def _compare_location(check: ResourceCheck, location: str, region: str | None) -> None:
    """Rows that cross a border are slow, cost money, and may be against the law."""
    if region is None:
        check.unknown(f"it lies in {location}: say --region, so that the job runs there")
    elif not location_fits(region, location):
        check.wrong(f"it lies in {location}, and --region is {region}: run the job where its rows are")


def _ask_permissions(client: bigquery.Client, dataset: Dataset, check: ResourceCheck) -> None:
    for table in TABLES:
        try:
            path = bigquery.TableReference.from_string(dataset.table(table.name))
            answer = client.test_iam_permissions(path, _ON_TABLES, timeout=BIGQUERY_TIMEOUT_S, retry=None)
        except (GoogleAPIError, GoogleAuthError, RequestException, OSError) as error:
            check.unknown(f"permissions: BigQuery does not say ({first_line(error)})")
            return
        check.compare_permissions(_ON_TABLES, set(answer.get("permissions", ())))
