"""Records that are a little, or utterly, wrong, and texts that may be times: what both fast decoders are tried with."""

from __future__ import annotations

import random

PLAIN = (
    b'{"event_id":"e1","account_id":"acme","contact_id":"c1","type":"cart.item_added","time":"2026-11-01T10:00:00Z",'
    b'"properties":{"product_id":"p1","price":68.74,"tags":["a",1,null],"deep":{"x":1000}}}'
)
OTHER = PLAIN.replace(b'"e1"', b'"e2"').replace(b"10:00:00Z", b"10:00:01.5+02:00")
PIECES = (
    b'"', b"{", b"}", b"[", b",", b":", b"null", b"true", b"1e3", b"1e999", b"1e-999", b"-0.0", b"1.0", b"\xff",
    b"\xc3\xa9", b"\\ud800", b"\\u00e9", b"\\/", b"60", b"+02:00", b".1234567", b" ", b"item_id", b"contact_id",
    b"9" * 320, b"9" * 30, b"0." + b"0" * 330 + b"1", b"[" * 70, b"[" * 62 + b"]" * 62, b"x" * 130, b"", b"Z", b"T24",
    b"\x00", b"\x7f", b'"type":"a b",', b'"type":"b",', b'"more":1,', b'"time":5,', b'"properties":{"a":1e999},',
    b'"properties":{},', b'"properties":[[1]],', b'"propert\\u0069es":[1e999],', b'"propert\\u0069es":{"a":1},',
    b'"item_id":null,', b'"contact_id":null,', b'"x":{"a":1,"a":2},', b"\xef\xbb\xbf", b"2099",
)  # fmt: skip
TIMES = [
    "2026-11-01T10:00:00Z", "2026-11-01T10:00:59.9999999Z", "2026-11-01T10:00:00.5Z", "2026-11-01T10:00:60Z",
    "2026-11-01T10:59:60Z", "2026-11-01T10:00:00+02:00", "2026-11-01T10:00:00.Z", "2026-11-01T10:00:0Z",
    "2026-11-01t10:00:00z", "2026-11-01 10:00:00Z", "2026-13-01T10:00:00Z", "2026-11-02T00:10:00Z",
    "2026-11-02T00:10:00.000001Z", "1899-12-31T23:59:59Z", "2026-11-01T10:00:00\u0660Z", "2026-11-01T10:0000:Z",
    "2026-11-01T10:00:00-02:00", "2026-11-01T10:00:00+01:00", "2026-11-01T10:00:00+25:00", "2026-02-30T10:00:00Z",
    "2026-11-01T24:00:00Z", "2026-11-01T10:60:00Z", "2026-11-01T10:00:00.123456+00:00", "", "Z", "2026-11-01T10:00:00",
    "2026-11-01T10:00:00+0530", "2026-11-01T10:00:00-05", "2026-11-01T10:00:00.5+00", "2026-11-01T10:00:00+053",
    "2026-11-01T10:00:00+24", "2026-11-01T10:00:00+0060", "2026-11-01T10:00:00-", "0001-01-01T00:00:00+23:59",
    "1900-01-01T00:00:00Z", "1900-01-01T00:00:00+00:01", "2026-11-01T10:00:\u0661\u0661Z",
]  # fmt: skip


def damaged(dice: random.Random) -> bytes:
    """A plain record with a few pieces put in, or over, somewhere; often where a field begins."""
    raw = dice.choice((PLAIN, OTHER))
    for _ in range(dice.randint(0, 3)):
        at = dice.choice((dice.randrange(len(raw)), 1, 0)) if raw else 0
        raw = raw[:at] + dice.choice(PIECES) + raw[at + dice.choice((0, 0, 1, 2, 8)) :]
    return raw
