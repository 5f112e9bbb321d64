"""A streaming host without Beam: what it does with a message and when a timer fires. Pure but for `rules_source`.

Called by `transforms/` and `pipelines/`, which carry its values from step to step, and by tests and benchmarks.
"""
