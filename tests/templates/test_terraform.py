"""The Terraform modules as they are read: what they call and pass fits together, and tables are those of the code."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import hcl2
import pytest

from templates.tables import TABLES_FILE, tables_text
from tests.repo import sources
from tests.templates.tools import tool

TERRAFORM = sources.ROOT / "templates" / "terraform"
FOLDERS = sorted({path.parent for path in TERRAFORM.rglob("*.tf")})
MODULE_OUTPUT = re.compile(r"\bmodule\.(\w+)(?:\[[^\]]*\])?\.(\w+)")


def plain(value: Any) -> Any:
    """What the parser found, without its own marks: quotes around names and texts, and the lines of blocks."""
    if isinstance(value, dict):
        return {key.strip('"'): plain(one) for key, one in value.items() if not key.startswith("__")}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value[1:-1] if isinstance(value, str) and value[:1] == value[-1:] == '"' else value


@cache
def parsed(path: Path) -> dict[str, Any]:
    """A file as python-hcl2 reads it, once: it takes a tenth of a second for a kilobyte."""
    found: dict[str, Any] = plain(hcl2.loads(path.read_text()))
    return found


def blocks(folder: Path, kind: str) -> dict[str, Any]:
    """The blocks of a kind in a folder, by name; of resources by type and name."""
    found: dict[str, Any] = {}
    for path in sorted(folder.glob("*.tf")):
        for one in parsed(path).get(kind, []):
            for name, body in one.items():
                found |= {f"{name}.{key}": value for key, value in body.items()} if kind == "resource" else {name: body}
    return found


def test_there_are_modules_and_examples() -> None:
    names = {folder.relative_to(TERRAFORM).as_posix() for folder in FOLDERS}
    assert {f"modules/{name}" for name in ("messaging", "warehouse", "identity", "network", "storage", "jobs")} < names
    assert {"examples/one", "examples/several"} < names


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_what_a_folder_calls_fits_what_is_called(folder: Path) -> None:
    own, calls = blocks(folder, "variable"), blocks(folder, "module")
    text = "".join(path.read_text() for path in folder.glob("*.tf"))
    assert set(re.findall(r"\bvar\.(\w+)", text)) == set(own)
    assert [
        name for kind in ("variable", "output") for name, one in blocks(folder, kind).items() if not one["description"]
    ] == []
    for name, call in calls.items():
        target = folder / call["source"]
        variables = blocks(target, "variable")
        passed = set(call) - {"source", "for_each", "count", "depends_on"}
        assert passed - set(variables) == set(), name
        assert {one for one, body in variables.items() if "default" not in body} - passed == set(), name
    for name, output in MODULE_OUTPUT.findall(text):
        assert output in blocks(folder / calls[name]["source"], "output"), f"module.{name}.{output}"


def used_by(text: str, own: dict[str, str]) -> str:
    """An expression with what its locals are made of, and theirs."""
    names = set(re.findall(r"\blocal\.(\w+)", text)) & set(own)
    return " ".join([text, *(used_by(own[name], {k: v for k, v in own.items() if k != name}) for name in names)])


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_how_many_there_are_of_a_thing_is_known_before_anything_is_made(folder: Path) -> None:
    """Terraform refuses a plan whose keys come of ids that an apply gives, or of a text that they were put into."""
    own = {
        name: str(value)
        for path in folder.glob("*.tf")
        for one in parsed(path).get("locals", [])
        for name, value in one.items()
    }
    for name, body in blocks(folder, "resource").items():
        found = used_by(str(body.get("for_each", "")), own)
        assert not re.search(r"\bgoogle_\w+\.\w+(\[[^\]]*\])?\.|templatefile\(", found), f"{name}: {found}"


def test_the_tables_are_those_of_the_code() -> None:
    assert TABLES_FILE.read_text() == tables_text(), "run make metadata"
    found = json.loads(tables_text())
    assert set(found["views_over_views"]) == {"rule_stats"}


def test_the_job_gets_options_that_it_has() -> None:
    metadata = json.loads((sources.ROOT / "templates" / "stream" / "metadata.json").read_text())
    main = (TERRAFORM / "modules" / "jobs" / "main.tf").read_text()
    sent = re.search(r"merge\(\{(.*?)\}", main, re.DOTALL)
    assert sent
    names = set(re.findall(r"^\s*(\w+)\s*=", sent[1], re.MULTILINE))
    for path in TERRAFORM.glob("examples/*/main.tf"):
        names |= set(re.findall(r"\{ (\w+) = \"\w+\" \}", " ".join(re.findall(r"parameters = .*", path.read_text()))))
    assert {"inputSubscription", "rules", "decisions"} <= names
    assert names <= {one["name"] for one in metadata["parameters"]}


def test_what_a_running_job_has_staged_is_never_deleted_by_age() -> None:
    """A worker that joins after weeks begins with it."""
    storage = (TERRAFORM / "modules" / "storage" / "main.tf").read_text()
    job = (TERRAFORM / "modules" / "jobs" / "main.tf").read_text()
    kept = re.search(r'matches_prefix = each.key == "dataflow" \? \["(.*?)"\] : \[\]', storage)
    assert kept
    assert f'temp_location           = "gs://${{var.bucket}}/{kept[1].rstrip("/")}"' in job
    assert f'staging_location        = "gs://${{var.bucket}}/{kept[1]}' not in job


def test_rows_buckets_and_workers_are_closed_to_the_world() -> None:
    buckets = blocks(TERRAFORM / "modules" / "storage", "resource")["google_storage_bucket.buckets"]
    assert buckets["public_access_prevention"] == "enforced"
    job = blocks(TERRAFORM / "modules" / "jobs", "resource")["google_dataflow_flex_template_job.stream"]
    assert job["ip_configuration"] == "WORKER_IP_PRIVATE"
    everything = "".join(path.read_text() for path in TERRAFORM.rglob("*.tf"))
    assert not re.search(r"allUsers|allAuthenticatedUsers|roles/(owner|editor|viewer)\b|0\.0\.0\.0/0", everything)


@pytest.mark.nightly
def test_terraform_finds_its_own_format() -> None:
    terraform = shutil.which("terraform")
    if terraform is None:
        pytest.skip("no terraform is here")
    ran = subprocess.run(
        [terraform, "fmt", "-check", "-recursive", TERRAFORM], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout) == (0, "")


@pytest.mark.nightly
def test_checkov_finds_nothing_but_what_is_argued_in_place() -> None:
    command = [
        tool("checkov"),
        "--directory",
        TERRAFORM,
        "--framework",
        "terraform",
        "--skip-download",
        "--output",
        "json",
    ]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    found = json.loads(ran.stdout)["results"]
    assert found["passed_checks"]
    assert [(one["check_id"], one["resource"]) for one in found["failed_checks"]] == []
    assert [one for one in found["skipped_checks"] if len(one["check_result"]["suppress_comment"]) < 5] == []
