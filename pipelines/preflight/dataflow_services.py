"""Preflight questions to Google about a launch on Dataflow: project, bucket, accounts, subnetwork, image, job name.

Called by `kittiwake.pipelines.check` for `--check` alone: a launch would wait for a dozen answers, and Dataflow asks
itself then. What may not be asked is `unknown`, and what is answered wrong is an error. Nothing is changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from kittiwake.pipelines.google.bigquery_tables import location_fits
from kittiwake.pipelines.preflight.asking import Google, asking, jobs_url
from kittiwake.pipelines.preflight.findings import Findings

_APIS: Final = ("dataflow", "compute", "storage")
"""Pub/Sub and BigQuery say themselves that they are off, as the subscription and the tables are asked about."""
_LAUNCHES: Final = ("dataflow.jobs.create", "dataflow.jobs.get", "dataflow.jobs.list")
_STAGES: Final = ("storage.objects.create", "storage.objects.delete", "storage.objects.get", "storage.objects.list")
_WORKS: Final = frozenset({"roles/dataflow.worker", "roles/editor", "roles/owner"})
_JOB_NAME: Final = re.compile(r"[a-z]([-a-z0-9]{0,1022}[a-z0-9])?")
_SUBNETWORK: Final = re.compile(
    r"(?:.*projects/(?P<project>[^/]+)/)?regions/(?P<region>[^/]+)/subnetworks/(?P<name>[^/]+)"
)
_IMAGE: Final = re.compile(
    r"(?P<host>[a-z0-9.-]+(?::[0-9]{1,5})?)/(?P<path>[^:@]+)(?::(?P<tag>[\w.-]+))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_OF_GOOGLE: Final = re.compile(r"([a-z0-9-]+\.)?gcr\.io|[a-z0-9-]+\.pkg\.dev")
"""Registries that take the token of a Google account. No other host may get to see it, whatever its name ends with."""
_MANIFESTS: Final = ", ".join(
    f"application/vnd.{kind}"
    for kind in (
        "oci.image.index.v1+json",
        "oci.image.manifest.v1+json",
        "docker.distribution.manifest.list.v2+json",
        "docker.distribution.manifest.v2+json",
    )
)
_DEFAULT_ACCOUNT: Final = "the default account of Compute Engine, which may do more than the job needs"


def check_dataflow(beam: Mapping[str, Any], findings: Findings) -> str | None:
    """Ask about what a launch with Beam's options, by name, needs of Google; the id of the job to be updated."""
    if beam.get("no_auth"):
        findings.unknown("what Dataflow needs: with --no_auth nobody at Google is asked")
        return None
    with asking(findings) as google:
        if google is None:
            return None
        _check_project(google, beam["project"], findings)
        for name in ("temp_location", "staging_location"):
            if beam.get(name):
                _check_bucket(google, beam[name], beam["region"], findings)
        _check_account(google, beam, findings)
        _check_subnetwork(google, beam, findings)
        _check_image(google, beam.get("sdk_container_image"), findings)
        return _check_job_name(google, beam, findings)


def _check_project(ask: Google, project: str, findings: Findings) -> None:
    resource = f"project {project}"
    names = [f"projects/{project}/services/{name}.googleapis.com" for name in _APIS]
    url = f"https://serviceusage.googleapis.com/v1/projects/{project}/services:batchGet"
    found = ask.ask(resource, url, params={"names": names})
    if found is not None:
        on = {one["config"]["name"] for one in found.get("services", ()) if one.get("state") == "ENABLED"}
        off = [f"{name}.googleapis.com" for name in _APIS if f"{name}.googleapis.com" not in on]
        if off:
            findings.wrong(f"{resource}: APIs are off: gcloud services enable {' '.join(off)} --project {project}")
        else:
            findings.ok(f"{resource}: its APIs are on")
    url = f"https://cloudresourcemanager.googleapis.com/v1/projects/{project}:testIamPermissions"
    ask.permissions(resource, url, _LAUNCHES)


def _check_bucket(ask: Google, location: str, region: str, findings: Findings) -> None:
    bucket = location.removeprefix("gs://").partition("/")[0]
    resource, url = f"bucket gs://{bucket}", f"https://storage.googleapis.com/storage/v1/b/{bucket}"
    found = ask.ask(resource, url, params={"fields": "location"})
    if found is None:
        return
    lies = str(found.get("location", "")).lower()
    if location_fits(region, lies):
        findings.ok(f"{resource}: lies in {lies}")
    else:
        findings.wrong(f"{resource}: it lies in {lies}, and --region is {region}: name a bucket where the job runs")
    granted = ask.ask(resource, f"{url}/iam/testPermissions", params={"permissions": list(_STAGES)})
    ask.compare(resource, _STAGES, granted)


def _check_account(ask: Google, beam: Mapping[str, Any], findings: Findings) -> None:
    """Whether the launcher may run a job as the workers' account, and whether that may work at all."""
    email, project = beam.get("service_account_email"), beam["project"]
    if not email:
        findings.unknown(f"--service_account_email: not given; workers are {_DEFAULT_ACCOUNT}")
        return
    resource, url = f"service account {email}", f"https://iam.googleapis.com/v1/projects/-/serviceAccounts/{email}"
    if ask.ask(resource, url) is None:
        return
    findings.ok(f"{resource}: is there")
    ask.permissions(resource, f"{url}:testIamPermissions", ("iam.serviceAccounts.actAs",))
    policy = ask.ask(resource, f"https://cloudresourcemanager.googleapis.com/v1/projects/{project}:getIamPolicy", {})
    bindings = () if policy is None else policy.get("bindings", ())
    has = {one.get("role") for one in bindings if f"serviceAccount:{email}" in one.get("members", ())}
    if policy is not None and not has & _WORKS:
        lacks = "the project does not grant it roles/dataflow.worker by name"
        findings.unknown(f"{resource}: {lacks}; a group or a folder may")


def _check_subnetwork(ask: Google, beam: Mapping[str, Any], findings: Findings) -> None:
    text, region = beam.get("subnetwork"), beam["region"]
    is_private = beam.get("use_public_ips") is False
    if not text and not is_private:
        return
    found = _SUBNETWORK.fullmatch(text or f"regions/{region}/subnetworks/default")
    if found is None:
        findings.wrong(f"--subnetwork {text}: write regions/{region}/subnetworks/NAME")
        return
    resource = f"subnetwork {found['name']}"
    if found["region"] != region:
        findings.wrong(f"{resource}: it lies in {found['region']}, and --region is {region}: name one that lies there")
        return
    path = f"projects/{found['project'] or beam['project']}/regions/{region}/subnetworks/{found['name']}"
    there = ask.ask(resource, f"https://compute.googleapis.com/compute/v1/{path}")
    if there is None:
        return
    if is_private and not there.get("privateIpGoogleAccess"):
        update = f"gcloud compute networks subnets update {found['name']} --region {region}"
        findings.wrong(
            f"{resource}: workers without public addresses reach no service of Google's from it: "
            f"{update} --enable-private-ip-google-access"
        )
    else:
        findings.ok(f"{resource}: is there")


def _check_image(ask: Google, image: str | None, findings: Findings) -> None:
    if not image:
        return
    resource, found = f"image {image}", _IMAGE.fullmatch(image)
    if found is None:
        findings.wrong(f"{resource}: write HOST/PATH:TAG")
    elif not _OF_GOOGLE.fullmatch(found["host"]):
        findings.unknown(f"{resource}: whether workers can pull it: {found['host']} is not asked")
    else:
        url = f"https://{found['host']}/v2/{found['path']}/manifests/{found['digest'] or found['tag'] or 'latest'}"
        if ask.ask(resource, url, headers={"Accept": _MANIFESTS}) is not None:
            findings.ok(f"{resource}: can be pulled by you")


def _check_job_name(ask: Google, beam: Mapping[str, Any], findings: Findings) -> str | None:
    """The id of the job that is to be updated."""
    name, region = beam.get("job_name"), beam["region"]
    if not name:
        findings.unknown("--job_name: not given; Beam makes one up, by which a job cannot be updated")
        return None
    resource = f"job {name}"
    if not _JOB_NAME.fullmatch(name):
        findings.wrong(f"{resource}: write small letters, digits and -, a letter first and no - last")
        return None
    found = ask.ask(resource, jobs_url(beam), params={"filter": "ACTIVE", "name": name})
    if found is None:
        return None
    runs = [str(one.get("id")) for one in found.get("jobs", ()) if one.get("name") == name]
    if runs and not beam.get("update"):
        findings.wrong(
            f"{resource}: {runs[0]} runs under this name: update it with --update, or write another --job_name"
        )
    elif not runs and beam.get("update"):
        findings.wrong(f"{resource}: no job runs under this name in {region}: leave --update out, or write its name")
    else:
        findings.ok(f"{resource}: {f'{runs[0]} is to be updated' if runs else 'the name is free'}")
    return runs[0] if runs and beam.get("update") else None
