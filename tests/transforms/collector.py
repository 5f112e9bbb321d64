"""An OpenTelemetry collector: an HTTP server of this process that reads OTLP's own messages."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


class Received:
    """What a collector got."""

    def __init__(self) -> None:
        self.endpoint = ""
        self.requests: list[ExportTraceServiceRequest] = []
        self.bodies: list[bytes] = []

    @property
    def spans(self) -> list[Any]:
        return [span for one in self.scopes for span in one.spans]

    @property
    def scopes(self) -> list[Any]:
        return [scope for request in self.requests for one in request.resource_spans for scope in one.scope_spans]


@contextmanager
def collector(answer: int = 200) -> Iterator[Received]:
    """One that answers every request with this status; what it got is there whatever it answers."""
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            body = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
            received.bodies.append(body)
            received.requests.append(ExportTraceServiceRequest.FromString(body))
            said = ExportTraceServiceResponse().SerializeToString()
            self.send_response(answer)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *said: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        received.endpoint = f"http://127.0.0.1:{server.server_port}/v1/traces"
        try:
            yield received
        finally:
            server.shutdown()
