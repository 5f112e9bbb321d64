"""`--check` asks Google what Dataflow needs: project, bucket, accounts, subnetwork, image and job name; over HTTP."""

from __future__ import annotations

import json
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

pytest.importorskip("google.cloud.bigquery")

import google.auth
import requests
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import DefaultCredentialsError

from kittiwake.pipelines.preflight.dataflow_services import check_dataflow
from kittiwake.pipelines.preflight.findings import Findings, Verdict

EMAIL = "kittiwake-stream@shop-1.iam.gserviceaccount.com"
BEAM = {
    "project": "shop-1",
    "region": "europe-west4",
    "temp_location": "gs://shop-1-dataflow/temp",
    "staging_location": None,
    "service_account_email": EMAIL,
    "subnetwork": "regions/europe-west4/subnetworks/kittiwake",
    "use_public_ips": False,
    "sdk_container_image": "europe-west4-docker.pkg.dev/shop-1/kittiwake/stream:1",
    "job_name": "kittiwake",
    "update": False,
    "no_auth": False,
}
SERVICES = [
    {"config": {"name": f"{name}.googleapis.com"}, "state": "ENABLED"} for name in ("dataflow", "compute", "storage")
]
LAUNCHES = ["dataflow.jobs.create", "dataflow.jobs.get", "dataflow.jobs.list"]
STAGES = [f"storage.objects.{one}" for one in ("create", "delete", "get", "list")]
BINDING = {"role": "roles/dataflow.worker", "members": [f"serviceAccount:{EMAIL}"]}
RIGHT: dict[str, Any] = {
    "serviceusage.googleapis.com/v1/projects/shop-1/services:batchGet": {"services": SERVICES},
    "cloudresourcemanager.googleapis.com/v1/projects/shop-1:testIamPermissions": {"permissions": LAUNCHES},
    "storage.googleapis.com/storage/v1/b/shop-1-dataflow": {"location": "EUROPE-WEST4"},
    "storage.googleapis.com/storage/v1/b/shop-1-dataflow/iam/testPermissions": {"permissions": STAGES},
    f"iam.googleapis.com/v1/projects/-/serviceAccounts/{EMAIL}": {"email": EMAIL},
    f"iam.googleapis.com/v1/projects/-/serviceAccounts/{EMAIL}:testIamPermissions": {
        "permissions": ["iam.serviceAccounts.actAs"]
    },
    "cloudresourcemanager.googleapis.com/v1/projects/shop-1:getIamPolicy": {"bindings": [BINDING]},
    "compute.googleapis.com/compute/v1/projects/shop-1/regions/europe-west4/subnetworks/kittiwake": {
        "privateIpGoogleAccess": True
    },
    "europe-west4-docker.pkg.dev/v2/shop-1/kittiwake/stream/manifests/1": {},
    "dataflow.googleapis.com/v1b3/projects/shop-1/locations/europe-west4/jobs": {},
}
USAGE, LAUNCHER, BUCKET, STAGING, ACCOUNT, ACTS_AS, POLICY, SUBNETWORK, IMAGE, JOBS = RIGHT


class Said(NamedTuple):
    """What a check came to."""

    ok: list[str]
    wrong: list[str]
    unknown: list[str]


class Service:
    """Answers requests by address; what is not in `answers` is not there, and a number is a refusal."""

    def __init__(self) -> None:
        self.answers = dict(RIGHT)
        self.asked: list[tuple[str, str]] = []

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        assert request.url
        where = urlsplit(request.url)
        address = f"{where.netloc}{where.path}"
        self.asked.append((str(request.method), address))
        found = self.answers.get(address, 404)
        if isinstance(found, Exception):
            raise found
        answer = requests.Response()
        answer.status_code = found if isinstance(found, int) else 200
        answer._content = json.dumps({"error": {"message": "no"}} if isinstance(found, int) else found).encode()
        return answer

    def check(self, **beam: Any) -> Said:
        findings = Findings(is_dataflow=True, region="europe-west4")
        check_dataflow({**BEAM, **beam}, findings)
        kinds = (Verdict.OK, Verdict.WRONG, Verdict.UNKNOWN)
        return Said(*([one.text for one in findings.found if one.verdict is kind] for kind in kinds))


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    made = Service()
    monkeypatch.setattr(google.auth, "default", lambda **_: (AnonymousCredentials(), "shop-1"))
    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", made.send)
    return made


def test_what_is_as_dataflow_needs_it_is_told_and_nothing_is_changed(service: Service) -> None:
    said = service.check()
    assert (said.wrong, said.unknown) == ([], [])
    assert [text.partition(": ")[0] for text in said.ok] == [
        "project shop-1", "bucket gs://shop-1-dataflow", f"service account {EMAIL}", "subnetwork kittiwake",
        f"image {BEAM['sdk_container_image']}", "job kittiwake",
    ]  # fmt: skip
    assert {address for _, address in service.asked} == set(RIGHT)
    questions = {address for method, address in service.asked if method == "POST"}
    assert questions == {LAUNCHER, ACTS_AS, POLICY}, "whatever else is posted may change something"


WRONG: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "an API is off": ({USAGE: {"services": SERVICES[1:]}}, {}, "APIs are off: gcloud services enable dataflow.google"),
    "the launcher may not launch": ({LAUNCHER: {}}, {}, f"project shop-1: you lack {', '.join(LAUNCHES)}"),
    "the bucket is far away": ({BUCKET: {"location": "US"}}, {}, "it lies in us, and --region is europe-west4"),
    "the launcher may not stage": (
        {STAGING: {"permissions": STAGES[2:]}},
        {},
        "you lack storage.objects.create, storage",
    ),
    "there is no bucket": ({BUCKET: 404}, {}, "bucket gs://shop-1-dataflow: is not there"),
    "there is no such account": ({ACCOUNT: 404}, {}, f"service account {EMAIL}: is not there"),
    "it may not act as the account": ({ACTS_AS: {}}, {}, "you lack iam.serviceAccounts.actAs"),
    "the subnetwork has no way to Google": (
        {SUBNETWORK: {}},
        {},
        "update kittiwake --region europe-west4 --enable-priv",
    ),
    "the subnetwork is elsewhere": ({}, {"subnetwork": "regions/us-east1/subnetworks/a"}, "it lies in us-east1, and"),
    "the subnetwork is none": ({}, {"subnetwork": "kittiwake"}, "write regions/europe-west4/subnetworks/NAME"),
    "there is no such image": ({IMAGE: 404}, {}, "stream:1: is not there"),
    "the name is taken": (
        {JOBS: {"jobs": [{"id": "7", "name": "kittiwake"}]}},
        {},
        "7 runs under this name: update it",
    ),
    "there is nothing to update": ({}, {"update": True}, "job kittiwake: no job runs under this name in europe-west4"),
    "the name is none": ({}, {"job_name": "Kittiwake_1"}, "job Kittiwake_1: write small letters, digits and -"),
}


@pytest.mark.parametrize("what", WRONG)
def test_each_thing_that_is_wrong_is_told_with_what_to_do(service: Service, what: str) -> None:
    answers, beam, wanted = WRONG[what]
    service.answers |= answers
    (text,) = service.check(**beam).wrong
    assert wanted in text


def test_a_job_that_runs_is_what_an_update_needs(service: Service) -> None:
    service.answers[JOBS] = {"jobs": [{"id": "6", "name": "kittiwake-2"}, {"id": "7", "name": "kittiwake"}]}
    said = service.check(update=True)
    assert (said.wrong, said.ok[-1]) == ([], "job kittiwake: 7 is to be updated")


def test_what_may_not_be_asked_stops_nothing(service: Service) -> None:
    service.answers |= dict.fromkeys((USAGE, LAUNCHER, BUCKET, ACCOUNT, SUBNETWORK, IMAGE), 403)
    service.answers[JOBS] = requests.ConnectionError("no route")
    said = service.check()
    assert (said.ok, said.wrong) == ([], [])
    assert said.unknown[0] == "project shop-1: Google does not say (403 no)"
    assert said.unknown[-1] == "job kittiwake: cannot be asked about: no route"
    assert len(said.unknown) == 7


@pytest.mark.parametrize("host", ["evilgcr.io", "x.pkg.dev.example", "a.b.gcr.io", "pkg.dev"])
def test_a_registry_that_is_none_of_googles_is_never_sent_the_token(service: Service, host: str) -> None:
    said = service.check(sdk_container_image=f"{host}/shop/kittiwake:1")
    assert [text for text in said.unknown if text.endswith(f"{host} is not asked")]
    assert [address for _, address in service.asked if address.startswith(host)] == []


def test_a_registry_at_a_port_of_its_own_is_an_image_like_any_other(service: Service) -> None:
    said = service.check(sdk_container_image="registry.shop.example:5000/kittiwake/stream:1")
    assert said.wrong == []
    assert said.unknown[-1].endswith("whether workers can pull it: registry.shop.example:5000 is not asked")


def test_what_is_not_given_is_told_where_it_matters(service: Service) -> None:
    service.answers[POLICY] = {"bindings": []}
    said = service.check(sdk_container_image="docker.io/shop/kittiwake:1", job_name=None, subnetwork=None)
    assert [text.partition(" ")[0] for text in said.unknown] == ["service", "image", "--job_name:"]
    assert "by name; a group or a folder may" in said.unknown[0]
    assert said.wrong == ["subnetwork default: is not there. Create it, or write its name as it is"]
    assert service.check(service_account_email=None).unknown[0].startswith("--service_account_email: not given")


def test_without_credentials_one_line_says_how_to_log_in(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(**_: object) -> None:
        raise DefaultCredentialsError("none were found")

    monkeypatch.setattr(google.auth, "default", none)
    (text,) = service.check().wrong
    assert text.endswith("Log in: gcloud auth application-default login")
    assert service.check(no_auth=True).unknown == ["what Dataflow needs: with --no_auth nobody at Google is asked"]
    assert service.asked == []
