"""A worker of an engine's `PROCESS` environment, in place of the boot program of Beam's containers.

    python -m tests.runners.boot --id=ID --provision_endpoint=HOST:PORT

The engine starts it, it asks the engine where everything is, and becomes the SDK's worker. It stages nothing: the code
is that of the checkout, and the Python the one that runs it.
"""

from __future__ import annotations

import argparse
import os
import stat
import sys
from pathlib import Path
from typing import Final

import grpc
from apache_beam.portability.api import beam_provision_api_pb2, beam_provision_api_pb2_grpc, endpoints_pb2
from google.protobuf import json_format, text_format

PROVISION_S: Final = 30
WORKER: Final = "apache_beam.runners.worker.sdk_worker_main"
WORKERS: Final = "workers"
"""The file beside the script that has a line for each worker that was started: its process id."""
ROOT: Final = Path(__file__).parent.parent.parent


def script(folder: Path) -> Path:
    """An executable file below `folder` that starts this module: engines want one path."""
    path = folder / "boot"
    noted = f'echo $$ >> "{folder / WORKERS}"'
    start = f'cd "{ROOT}" && PYTHONPATH="{ROOT}" exec "{sys.executable}" -m tests.runners.boot "$@"'
    path.write_text(f"#!/bin/sh\n{noted}\n{start}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def main(argv: list[str]) -> None:
    """Become the worker, which ends when the engine hangs up."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--id", required=True)
    parser.add_argument("--provision_endpoint", required=True)
    asked, _ = parser.parse_known_args(argv)  # engines add flags of their own
    worker_id = asked.id.strip("'")  # Prism quotes it for a shell that is not there
    info = _provisioned(asked.provision_endpoint, worker_id)
    environment = {**os.environ, **_environment(worker_id, info, asked.provision_endpoint)}
    # A new program: Beam's modules read the worker's id when they are imported, and they have been.
    os.execve(sys.executable, [sys.executable, "-m", WORKER], environment)


def _provisioned(endpoint: str, worker_id: str) -> beam_provision_api_pb2.ProvisionInfo:
    with grpc.insecure_channel(endpoint) as channel:
        service = beam_provision_api_pb2_grpc.ProvisionServiceStub(channel)
        request = beam_provision_api_pb2.GetProvisionInfoRequest()
        answer = service.GetProvisionInfo(request, timeout=PROVISION_S, metadata=[("worker_id", worker_id)])
    return answer.info


def _environment(worker_id: str, info: beam_provision_api_pb2.ProvisionInfo, endpoint: str) -> dict[str, str]:
    """What the SDK's worker reads of its environment; an engine with one port for all may name none."""
    default = endpoints_pb2.ApiServiceDescriptor(url=endpoint)
    control = info.control_endpoint if info.control_endpoint.url else default
    logs = info.logging_endpoint if info.logging_endpoint.url else default
    return {
        "WORKER_ID": worker_id,
        "CONTROL_API_SERVICE_DESCRIPTOR": text_format.MessageToString(control),
        "LOGGING_API_SERVICE_DESCRIPTOR": text_format.MessageToString(logs),
        "PIPELINE_OPTIONS": json_format.MessageToJson(info.pipeline_options),
        "RUNNER_CAPABILITIES": " ".join(info.runner_capabilities),
    }


if __name__ == "__main__":
    main(sys.argv[1:])
