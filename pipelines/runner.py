"""Which runner, how many workers, and how quietly.

"DirectRunner" is not run under that name: Beam would first try to download another runner for it.
"""

from __future__ import annotations

import logging
import socket
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final, NoReturn

import apache_beam as beam
from apache_beam.options.pipeline_options import DirectOptions, GoogleCloudOptions, PipelineOptions, PortableOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.runner import PipelineResult, PipelineRunner, create_runner
from apache_beam.transforms.environments import SubprocessSDKEnvironment

from kittiwake.errors import UnusableError
from kittiwake.output.rows import line as json_line
from kittiwake.pipelines.refusals import is_worth_logging, require_dask, require_google
from kittiwake.terminal.arguments import plain_arguments, switch_message
from kittiwake.terminal.printing import report_line, say_json_lines

IN_PROCESS: Final = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"
"""Runs the job in this process and its children, without a network."""

STREAMING: Final = "apache_beam.runners.direct.direct_runner.BundleBasedDirectRunner"
"""Runs a streaming job in this process; the in-process runner of batch jobs knows no unbounded source."""

DATAFLOW: Final = "DataflowRunner"

DASK: Final = "kittiwake.pipelines.on_dask.runner.DaskRunner"
"""Runs a batch job on a cluster of Dask, in the place of Beam's own, which loses elements."""

PORTABLE_JOB_S: Final = 10 * 365 * 86_400
"""Beam 2.77 ends a job on a portable runner after `job_server_timeout`, five minutes by default, against its page."""
CONNECT_S: Final = 10
"""For a portable runner to accept a connection."""

NEVER_SPLIT: Final = "prism_disable_sdf_split"
"""Other runners know no such experiment. Prism 2.77 splits slow bundles, those of firing timers too, and then fires
some of them twice or beside the contact's other bundle (apache/beam#35771): decisions were lost, and emitted twice."""

_ERROR_LOGGERS: Final = (
    "apache_beam.runners.common",
    "apache_beam.runners.worker.sdk_worker",
    "apache_beam.runners.portability.local_job_service",
)
"""Loggers that print what a step raised, before the runner raises it too."""

_LOCAL_NAMES: Final = ("direct", "directrunner", "switchingdirectrunner", "fnapi", "fnapirunner", IN_PROCESS.lower())


def runner_named(name: str | None) -> str:
    """The runner a person means by `name`: without one, or by "DirectRunner", the in-process one.

    >>> runner_named(None) == runner_named("DirectRunner") == IN_PROCESS, runner_named("dataflow")
    (True, 'DataflowRunner')
    """
    if name is None or name.lower() in _LOCAL_NAMES:
        return IN_PROCESS
    if name.rpartition(".")[2].lower() in ("dask", "daskrunner"):
        return DASK
    return DATAFLOW if _names_dataflow(name) else name


def _names_dataflow(name: str) -> bool:
    return name.rpartition(".")[2].lower() in ("dataflow", DATAFLOW.lower())


def streaming_runner(name: str | None) -> str:
    """The runner of a streaming job; without a name, or by "DirectRunner", the one in this process.

    Raises:
        UnusableError: Beam's Python source of Pub/Sub does not run on it.
    """
    if name is None or name.lower() in (*_LOCAL_NAMES, STREAMING.lower(), "bundlebaseddirectrunner"):
        return STREAMING
    if _names_dataflow(name):
        return DATAFLOW
    raise UnusableError(f"--runner {name}: Beam reads Pub/Sub on {DATAFLOW}, or in this process without --runner")


def streaming_flags(runner: str) -> tuple[str, ...]:
    """Flags of a streaming job beside those that were typed."""
    if is_dataflow(runner):
        return ("--streaming",)
    return ("--streaming", f"--experiments={NEVER_SPLIT}", f"--job_server_timeout={PORTABLE_JOB_S}")


def check_endpoint(flags: Sequence[str]) -> None:
    """Refuse a portable runner that does not answer: Beam would wait for it as long as for the job.

    Raises:
        UnusableError: nobody listens at the endpoint of the flags.
    """
    endpoint = PipelineOptions(list(flags)).view_as(PortableOptions).job_endpoint
    host, _, port = (endpoint or "").rpartition(":")
    if not endpoint or endpoint == "embed":
        return
    try:
        with socket.create_connection((host, int(port)), CONNECT_S):
            return
    except (OSError, ValueError, OverflowError) as error:
        raise UnusableError(f"--job_endpoint {endpoint}: no runner answers there ({error})") from None


def is_dataflow(runner: str) -> bool:
    """Whether a runner, as named by the functions above, is Google's service, which goes on by itself."""
    return runner == DATAFLOW


def new_pipeline(runner: str, flags: Sequence[str]) -> beam.Pipeline:
    """An empty pipeline on a runner.

    Raises:
        UnusableError: there is no such runner, or it lacks an option.
    """
    if is_dataflow(runner):
        require_google(f"--runner {runner}")
    options = PipelineOptions([f"--runner={runner}", *_quiet(runner), *flags])
    try:
        return beam.Pipeline(_runner(runner, options.view_as(DirectOptions)), options)
    except (ValueError, ImportError, AttributeError) as error:
        raise UnusableError(f"--runner {runner}: {error}") from error


def know_options(runner: str) -> None:
    """Let Beam know a runner's options, of one whose options it does not know by itself.

    Raises:
        UnusableError: what the runner needs is not installed.
    """
    if runner == DASK:
        require_dask()
        import_module(DASK.rpartition(".")[0])


def report_launch(speaker: str, pipeline: beam.Pipeline, result: PipelineResult) -> None:
    """Say where a job is to be found that Dataflow runs from now on.

    A program reads one line of JSON on standard output. The line before the command is Beam's, which `silence_beam`
    keeps out of its log: by it Airflow's operators find the job.
    """
    cloud, job_id = pipeline.options.view_as(GoogleCloudOptions), result.job_id()
    report_line(speaker, f"Created job with id: [{job_id}]")
    where = f"--region={cloud.region} --project={cloud.project}"
    report_line(speaker, f"launched: gcloud dataflow jobs show {job_id} {where}")
    console = f"https://console.cloud.google.com/dataflow/jobs/{cloud.region}/{job_id}?project={cloud.project}"
    found = {"id": job_id, "name": cloud.job_name, "region": cloud.region, "console": console}
    say_json_lines(f"{json_line(found).decode()}\n")


def _quiet(runner: str) -> tuple[str, ...]:
    """Flags that silence a runner where `silence_beam` cannot: Beam configures Prism's logger anew. Typed flags win."""
    return ("--prism_log_level=error",) if runner.rpartition(".")[2].lower() in ("prism", "prismrunner") else ()


def _runner(name: str, direct: DirectOptions) -> PipelineRunner:
    """The runner of this name; several direct workers are processes that log errors only.

    Beam 2.77 keeps several direct workers in one thread unless a running mode is given.
    """
    if name != IN_PROCESS or direct.direct_num_workers == 1 or direct.direct_running_mode != "in_memory":
        return create_runner(name)
    command = f"{sys.executable} -m kittiwake.pipelines.worker"
    return FnApiRunner(default_environment=SubprocessSDKEnvironment.from_command_string(command))


def plain_flags(flags: Sequence[str]) -> tuple[str, ...]:
    """Flags for Beam, of which a template's launcher has written some as it writes all options."""
    found: list[str] = []

    def read(parser: Any) -> None:
        found.extend(plain_arguments(flags, parser._option_string_actions))

    PipelineOptions([]).get_all_options(add_extra_args_fn=read)
    return tuple(found)


def check_flags(flags: Sequence[str]) -> dict[str, Any]:
    """Beam's options in flags, by name. An unknown flag is refused: Beam would drop it with a line in its log.

    Raises:
        UnusableError: a flag is unknown, or its value is no such thing.
    """

    def check(parser: Any) -> None:
        parser.error = _refuse
        unknown = parser.parse_known_args(list(flags))[1]
        if unknown:
            raise UnusableError(f"unknown option {unknown[0]}: see --help")

    read: dict[str, Any] = PipelineOptions(list(flags)).get_all_options(add_extra_args_fn=check)
    return read


def _refuse(message: str) -> NoReturn:
    raise UnusableError(switch_message(message))


def silence_beam() -> None:
    """Let Beam log errors only: the job itself reports what a person has to know, and a full disk once."""
    logging.getLogger("apache_beam").setLevel(logging.ERROR)
    for name in _ERROR_LOGGERS:
        logging.getLogger(name).addFilter(is_worth_logging)
