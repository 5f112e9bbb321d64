"""The backfill and the stream on engines: in this process, on Prism with its workers in the launcher or on their own.

`python -m benchmarks.runners` measures what a run costs and how fast a stream may be, and
`python -m benchmarks.runners.watch` looks on for ten minutes. docs/explanation/benchmarks.md says what is measured
and how.
"""
