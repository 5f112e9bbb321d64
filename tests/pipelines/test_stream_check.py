"""`--check`: everything that would keep a job from running, told at once and without launching; on the emulators."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("google.cloud.bigquery")
pytest.importorskip("google.pubsub_v1")

from google.api_core.exceptions import PermissionDenied

from kittiwake.pipelines.google import bigquery_tables
from kittiwake.pipelines.preflight import bigquery, pubsub
from kittiwake.pipelines.stream import main
from kittiwake.rules.publishing import publish as publishing
from kittiwake.rules.publishing.local import LocalTarget
from tests.pipelines.streaming import StreamResources
from tests.rules.published import BROKEN, checked_by_a_newer_release

if TYPE_CHECKING:
    from tests.services.tables import Tables

RULES = "account: acme\nrules:\n  - {id: cart, when: cart.item_added, wait: 1h}\n"
DATAFLOW = (
    "--runner",
    "DataflowRunner",
    "--project=kittiwake-test",
    "--region=europe-west4",
    "--temp_location=gs://b/t",
    "--sdk_container_image=europe-west4-docker.pkg.dev/p/r/kittiwake:1",
    "--no_auth",
)


@pytest.fixture
def rules(tmp_path: Path) -> str:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    return str(path)


class Check:
    """Runs `--check`; what it said, by verdict."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self._capture = capture

    def __call__(self, *flags: str) -> tuple[int, dict[str, list[str]]]:
        self._capture.readouterr()
        code = main([*flags, "--check"])
        messages: dict[str, list[str]] = {"ok": [], "refused": [], "unknown": [], "error": []}
        for line in self._capture.readouterr().out.splitlines():
            verdict, text = line.split(maxsplit=1)
            messages[verdict].append(text)
        return code, messages


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Check:
    """With patience: on a busy machine an emulator may need longer than a launch would wait for Google."""
    for module, name in (
        (pubsub, "PUBSUB_TIMEOUT_S"),
        (bigquery, "BIGQUERY_TIMEOUT_S"),
        (bigquery_tables, "BIGQUERY_TIMEOUT_S"),
    ):
        monkeypatch.setattr(module, name, 300)
    return Check(capsys)


def test_what_is_as_it_should_be_is_told_and_nothing_is_changed(
    resources: StreamResources, rules: str, check: Check
) -> None:
    """What emulators do not know is unknown, and no error."""
    code, messages = check(*resources.flags, "--rules", rules)
    assert code == 0
    assert messages["error"] == []
    assert [text.split()[0] for text in messages["ok"]] == ["rule", "subscription", "trigger", "dataset"]
    assert list(resources.tables.client.list_tables(resources.dataset)) == []
    assert [text.rpartition(": ")[2] for text in messages["unknown"]] == [
        "the service does not say (an emulator?)",
        "the service does not say (an emulator?)",
        "BigQuery cannot be asked",
    ]


def test_everything_that_is_missing_is_told_at_once(resources: StreamResources, tables: Tables, check: Check) -> None:
    tables.client.delete_dataset(resources.dataset)
    names = ("--subscription", f"{resources.events.subscription}-x", "--trigger_topic", f"{resources.triggers.topic}-x")
    wrong = ("--rules", "none.yaml", "--dataset", resources.dataset, "--grid", "5us", "--snapshots", "none/*.jsonl")
    code, messages = check(*names, *wrong, "--id_label", "event_id")
    assert code == 2
    assert [text.split(":")[0] for text in messages["error"]] == [
        "none.yaml",
        f"subscription {resources.events.subscription}-x",
        f"trigger topic {resources.triggers.topic}-x",
        f"there is no dataset {resources.dataset}. Create it where the job runs",
        "--snapshots",
        "--grid 5us",
        "--id_label",
    ]


def test_a_job_with_something_missing_is_not_launched(
    resources: StreamResources, rules: str, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = [*resources.flags[:4], "--dataset", resources.dataset, "--rules", rules]  # no --create_tables
    flags[flags.index("--trigger_topic") + 1] += "-x"
    assert main(flags) == 2
    messages = [line.removeprefix("stream: error: ") for line in capsys.readouterr().err.splitlines()]
    advice = "Create it, or write its name as it is"
    assert messages[0] == f"trigger topic {resources.triggers.topic}-x: is not there. {advice}"
    assert [line.partition(": ")[0] for line in messages[1:]] == [
        f"table {resources.dataset}.{name} is missing"
        for name in ("triggers", "decisions", "dead_letters", "late_events")
    ]


def test_a_column_that_is_missing_is_told_with_what_adds_it(
    resources: StreamResources, rules: str, check: Check
) -> None:
    created(resources)
    resources.tables.query(f"ALTER TABLE `{resources.dataset}.triggers` DROP COLUMN reminder")
    code, messages = check(*resources.flags, "--rules", rules)
    assert code == 2
    (problem,) = messages["error"]
    assert f"ALTER TABLE `{resources.dataset}.triggers` ADD COLUMN reminder INT64" in problem


def created(resources: StreamResources) -> None:
    from kittiwake.input.bigquery.addresses import dataset_of
    from kittiwake.stream.tables.schema import TABLES

    dataset = dataset_of(resources.dataset)
    assert dataset
    resources.tables.create(dataset, *TABLES)


def test_triggers_do_not_go_where_events_come_from(resources: StreamResources, rules: str, check: Check) -> None:
    names = ("--subscription", resources.events.subscription, "--trigger_topic", resources.events.topic)
    code, messages = check(*names, "--rules", rules)
    assert code == 2
    assert "triggers would come in as events" in messages["error"][0]


def test_a_subscription_that_is_not_to_be_pulled_is_told(resources: StreamResources, rules: str, check: Check) -> None:
    from google.pubsub_v1 import PublisherClient, SubscriberClient

    with SubscriberClient() as client:
        pushed = f"{resources.events.subscription}-push"
        push = {"push_endpoint": "https://shop.example/push"}
        client.create_subscription(request={"name": pushed, "topic": resources.events.topic, "push_config": push})
        code, messages = check("--subscription", pushed, "--trigger_topic", resources.triggers.topic, "--rules", rules)
        assert (code, "it pushes" in messages["error"][0]) == (2, True)
    PublisherClient().delete_topic(topic=resources.events.topic)
    code, messages = check(*resources.flags, "--rules", rules)
    assert (code, messages["error"]) == (
        2,
        [f"subscription {resources.events.subscription}: its topic has been deleted: no event will come"],
    )


def test_a_dataset_far_from_the_workers_is_told(resources: StreamResources, rules: str, check: Check) -> None:
    created(resources)  # in the US, as the emulator says
    flags = [*resources.flags[:6], "--rules", rules]
    code, messages = check(*flags, *DATAFLOW)
    assert (code, messages["error"]) == (
        2,
        [f"dataset {resources.dataset}: it lies in US, and --region is europe-west4: run the job where its rows are"],
    )
    assert check(*flags, *(flag.replace("europe-west4", "us-central1") for flag in DATAFLOW))[0] == 0
    code, messages = check(*flags, *(flag for flag in DATAFLOW if "region" not in flag))
    assert (code, [text.split(" ")[0] for text in messages["error"]]) == (2, ["--region"])


def granting(*permissions: str) -> Any:
    return lambda *_, **__: SimpleNamespace(permissions=permissions)


def denying(*_: object, **__: object) -> None:
    raise PermissionDenied("no")


def test_a_permission_that_is_lacking_stops_this_process_and_is_told_before_dataflow(
    resources: StreamResources, rules: str, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    created(resources)
    monkeypatch.setattr(pubsub.SubscriberClient, "test_iam_permissions", granting())
    monkeypatch.setattr(pubsub.PublisherClient, "test_iam_permissions", granting("pubsub.topics.publish"))
    flags = [*resources.flags[:6], "--rules", rules]
    lacking = f"subscription {resources.events.subscription}: you lack pubsub.subscriptions.consume"
    code, messages = check(*flags)
    assert (code, messages["error"]) == (2, [lacking])
    code, messages = check(*flags, *(flag.replace("europe-west4", "us-central1") for flag in DATAFLOW))
    assert code == 0
    assert messages["unknown"][0].startswith(f"{lacking}; what counts is the service account of the workers")


def test_what_one_may_not_look_at_stops_this_process_and_is_told_before_dataflow(
    resources: StreamResources, rules: str, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pubsub.SubscriberClient, "get_subscription", denying)
    flags = [*resources.flags[:4], "--rules", rules]
    code, messages = check(*flags)
    assert (code, [text.partition(": ")[2] for text in messages["error"]]) == (2, ["you may not read it: 403 no"])
    assert check(*flags, *DATAFLOW)[0] == 0


def test_rules_that_do_not_run_are_told_as_validate_tells_them(
    resources: StreamResources, tmp_path: Path, check: Check
) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(RULES.replace("wait: 1h", "wait: soon") + "  - {id: cart, when: order.completed}\n")
    code, messages = check(*resources.flags, "--rules", str(broken))
    assert code == 2
    assert all(text.startswith(str(broken)) for text in messages["error"][:2])
    code, messages = check(*resources.flags, "--rules", str(tmp_path / "empty.yaml"))
    assert code == 2


def test_a_file_that_is_no_file_of_snapshots_is_told(
    resources: StreamResources, tmp_path: Path, rules: str, check: Check
) -> None:
    rows = {"a": b"{}\n", "b": b"no json\n", "c": json.dumps({"state": "AAAA"}).encode(), "d": b"\n\n"}
    for name, content in rows.items():
        path = tmp_path / f"{name}.jsonl"
        path.write_bytes(content)
        code, messages = check(*resources.flags, "--rules", rules, "--snapshots", str(path))
        assert code == 2
        (problem,) = messages["error"]
        assert problem.startswith("--snapshots: ")


def test_a_service_that_is_not_there_is_told(
    resources: StreamResources, rules: str, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", "127.0.0.1:1")
    code, messages = check(*resources.flags[:4], "--rules", rules)
    assert code == 2
    assert [text.partition(": ")[2][:16] for text in messages["error"]] == ["cannot be read: "] * 2


def test_an_account_of_a_target_that_keeps_older_rules_is_told_and_the_job_can_be_launched(
    resources: StreamResources, tmp_path: Path, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "checked", checked_by_a_newer_release)
    target = LocalTarget(tmp_path / "target")
    publishing.publish(target, {"acme.yaml": RULES.encode(), "globex.yaml": BROKEN}, None, 0)
    code, messages = check(*resources.flags, "--rules", str(tmp_path / "target"))
    assert code == 1
    assert messages["error"] == []
    (text,) = messages["refused"]
    assert text.startswith("account globex has no rules, and its events are dropped: rule set ")
    assert "globex.yaml" in text


def test_files_are_all_or_none_since_a_stream_could_not_give_back_what_it_has_dropped(
    resources: StreamResources, tmp_path: Path, check: Check
) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "acme.yaml").write_text(RULES)
    (tmp_path / "rules" / "globex.yaml").write_text(RULES.replace("acme", "globex").replace("1h", "1 hour"))
    code, messages = check(*resources.flags, "--rules", str(tmp_path / "rules"))
    assert code == 2
    assert "globex.yaml:3:" in messages["error"][0]
    assert messages["error"][1].startswith("without the rules of globex the events of it would be gone")
