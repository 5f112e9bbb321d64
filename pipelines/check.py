"""The preflight check of a streaming job: everything that would keep it from running, found at once.

Called by `pipelines.stream`, for `--check` and at each launch. It loops over the sources and sinks that were asked for.
"""

from __future__ import annotations

from apache_beam.options.pipeline_options import GoogleCloudOptions

from pipelines.options.stream import StreamOptions
from pipelines.preflight.findings import Findings, NotReady, Ready
from pipelines.preflight.rules import check_rules
from pipelines.preflight.snapshots import check_snapshots
from pipelines.runner import is_dataflow


def check(options: StreamOptions) -> Ready | NotReady:
    """Ask about everything that the job needs and whose name could be read."""
    cloud = GoogleCloudOptions(list(options.beam_flags)) if is_dataflow(options.runner) else None
    findings = Findings(is_dataflow=cloud is not None, region=cloud and cloud.region)
    rules = check_rules(options, findings)
    for source in options.sources:
        source.check(findings)
    for sink in options.sinks:
        sink.check(findings)
    snapshots = check_snapshots(options.snapshots, findings)
    if rules is None or findings.problems:
        return NotReady(tuple(findings.found), findings.problems)
    return Ready(tuple(findings.found), rules, snapshots)
