"""The event plan: which events come, with which properties. Rules are checked against it.

`model` is the document `events.yaml`, `reading` and `writing` its two directions.
"""
