"""Canonical records written in other shapes, as their own producers would."""

from __future__ import annotations

import json
from typing import Any

from kittiwake.input.shapes.base import InputShape, Shape

SEGMENT = InputShape(Shape.SEGMENT, "acme")
CLOUDEVENTS = InputShape(Shape.CLOUDEVENTS)
SOURCE = "/shop"


def as_segment(event: dict[str, Any]) -> bytes:
    """A call that stands for a canonical event of a contact."""
    call: dict[str, Any] = {"messageId": event["event_id"], "userId": event["contact_id"], "timestamp": event["time"]}
    properties = event.get("properties")
    if event["type"] == "contact.updated":
        call |= {"type": "identify", "traits": properties}
    else:
        call |= {"type": "track", "event": event["type"], "properties": properties}
    return json.dumps({"anonymousId": "a-1", "context": {"ip": "::1"}, "version": 2} | call).encode()


def as_cloudevent(event: dict[str, Any]) -> bytes:
    """A CloudEvent that stands for a canonical event whose id begins with `SOURCE` and a blank."""
    source, identity = event["event_id"].split(" ", 1)
    attributes = {"specversion": "1.0", "source": source, "id": identity, "accountid": event["account_id"]}
    attributes |= {"subject": event["contact_id"], "type": event["type"], "time": event["time"]}
    return json.dumps(attributes | {"datacontenttype": "application/json", "data": event.get("properties")}).encode()
