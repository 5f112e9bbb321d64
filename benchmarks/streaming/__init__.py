"""What the stateful host of the streaming job costs, an event and a wake, beside a DoFn that does nothing.

`python -m benchmarks.streaming --quick` measures it; `docs/explanation/benchmarks.md` says what and how.
"""
