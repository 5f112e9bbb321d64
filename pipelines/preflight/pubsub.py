"""Preflight questions to Pub/Sub: the subscription, and the topic of triggers."""

from __future__ import annotations

from typing import Final

from google.pubsub_v1 import PublisherClient, SubscriberClient

from kittiwake.pipelines.preflight.findings import Findings
from kittiwake.pipelines.preflight.google import ResourceCheck

PUBSUB_TIMEOUT_S: Final = 20
"""For one request: the launch waits for it."""
DELETED_TOPIC: Final = "_deleted-topic_"
"""Pub/Sub's name for the topic of a subscription that has outlived it."""


def check_subscription(name: str, findings: Findings) -> str | None:
    """Ask about the subscription; its topic, None: unknown."""
    check = ResourceCheck(f"subscription {name}", findings)
    client = check.ask(SubscriberClient)
    found = client and check.ask(
        lambda: client.get_subscription(subscription=name, timeout=PUBSUB_TIMEOUT_S, retry=None)
    )
    if not client or not found:
        return None
    if found.topic == DELETED_TOPIC:
        check.wrong("its topic has been deleted: no event will come")
    elif found.push_config.push_endpoint or found.bigquery_config.table or found.cloud_storage_config.bucket:
        check.wrong("it pushes or exports its messages: create one that is pulled, for this job alone")
    else:
        check.ok(f"of {found.topic}")
    check.ask_permissions(client.test_iam_permissions, name, ("pubsub.subscriptions.consume",), PUBSUB_TIMEOUT_S)
    return str(found.topic)


def check_trigger_topic(name: str, findings: Findings) -> None:
    """Ask about the topic of triggers."""
    check = ResourceCheck(f"trigger topic {name}", findings)
    client = check.ask(PublisherClient)
    if not client or not check.ask(lambda: client.get_topic(topic=name, timeout=PUBSUB_TIMEOUT_S, retry=None)):
        return
    if name == findings.input_topic:
        check.wrong("it is the topic that events are read from: triggers would come in as events")
    else:
        check.ok("is there")
    check.ask_permissions(client.test_iam_permissions, name, ("pubsub.topics.publish",), PUBSUB_TIMEOUT_S)
