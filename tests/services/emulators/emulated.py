"""Points what Google's clients have no setting for at the emulators, by the environment alone.

`python -m tests.services.emulators.emulated kittiwake.pipelines.stream …` runs a module as `python -m` would, with that
done before: so the product runs in a process of its own, and knows nothing of emulators. In the process of the tests
the fixture `tables` does the same.

    PUBSUB_EMULATOR_HOST            Google's own: host:port. Its clients need no more
    BIGQUERY_EMULATOR_HOST          Google's own: the URL. Beam's second, older client does not know it, nor does either
                                    do without credentials
    BIGQUERY_STORAGE_EMULATOR_HOST  ours: host:port of plain gRPC, for Storage Read
"""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import google.auth
import grpc
from apache_beam.internal.gcp import auth
from apache_beam.io.gcp.internal.clients.bigquery import BigqueryV2
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery_storage, bigquery_storage_v1
from google.cloud.bigquery_storage_v1 import BigQueryReadClient
from google.cloud.bigquery_storage_v1.services.big_query_read.transports import BigQueryReadGrpcTransport

from tests.services.emulators.bigquery import PROJECT
from tests.services.signatures import remember_signatures

REST = "BIGQUERY_EMULATOR_HOST"
STORAGE = "BIGQUERY_STORAGE_EMULATOR_HOST"


class Patch(NamedTuple):
    """One attribute of somebody else's, and what it is to be."""

    owner: Any
    name: str
    value: Any


def patches(url: str, grpc_address: str) -> list[Patch]:
    """What has to differ for the emulator at the addresses."""
    return [
        Patch(google.auth, "default", lambda *_, **__: (AnonymousCredentials(), PROJECT)),
        # Beam asks once in a process, and remembers that there were none
        Patch(auth._Credentials, "_credentials_init", False),
        Patch(auth._Credentials, "_credentials", None),
        Patch(BigqueryV2, "BASE_URL", f"{url}/bigquery/v2/"),
        Patch(bigquery_storage, "BigQueryReadClient", _reading_from(grpc_address)),
        Patch(bigquery_storage_v1, "BigQueryReadClient", _reading_from(grpc_address)),
    ]


def _reading_from(grpc_address: str) -> Callable[..., Any]:
    options = [("grpc.max_receive_message_length", -1)]  # as Google's own channel; the emulator sends a table at once

    def client(*_: object, **__: object) -> Any:
        channel = grpc.insecure_channel(grpc_address, options)
        return BigQueryReadClient(transport=BigQueryReadGrpcTransport(channel=channel))

    return client


def main() -> None:
    """Runs the module named by the first argument, with the others."""
    for owner, name, value in patches(os.environ[REST], os.environ[STORAGE]):
        setattr(owner, name, value)
    remember_signatures()
    module = sys.argv.pop(1)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
