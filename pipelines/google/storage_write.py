"""The Java half of `--bigquery_method storage_write`: the service that expands Beam's step for the Storage Write API.

Called by `kittiwake.pipelines.stream` before anything is launched. Beam 2.77 has that API in Java only: the graph is
built with Java on this machine and a jar of Beam's own version, and run with a Java container beside the Python one.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import apache_beam
from apache_beam.transforms.external import JavaJarExpansionService
from apache_beam.utils.subprocess_server import JavaJarServer

from kittiwake.errors import UnusableError

TARGET: Final = "sdks:java:io:google-cloud-platform:expansion-service:build"
JAR: Final = f"beam-sdks-java-io-google-cloud-platform-expansion-service-{apache_beam.__version__}.jar"
OPTION: Final = "--bigquery_method storage_write"


def expansion_service(jar: str | None = None) -> JavaJarExpansionService:
    """The service, from a given jar, or from the one that Beam has cached or downloads.

    Raises:
        UnusableError: there is no Java, no such file, or the jar cannot be downloaded.
    """
    if shutil.which("java") is None:
        raise UnusableError(f"{OPTION} needs Java, and finds none here. Install it, or use streaming_inserts.")
    if jar is not None:
        if not Path(jar).is_file():
            raise UnusableError(f"{OPTION}: there is no file {jar}. It has to be {JAR}.")
        return JavaJarExpansionService(jar)
    try:
        return JavaJarExpansionService(JavaJarServer.local_jar(JavaJarServer.path_to_beam_jar(TARGET)))
    except (RuntimeError, OSError, ValueError) as error:
        advice = f"Fetch {JAR} yourself and name it with --expansion_jar, or use streaming_inserts"
        raise UnusableError(f"{OPTION}: Beam cannot get its Java half: {_short(error)}. {advice}.") from error


def _short(error: Exception) -> str:
    return str(error).splitlines()[0][:300].rstrip(".")
