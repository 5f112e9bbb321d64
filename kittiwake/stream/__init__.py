"""What a streaming host does with a message and at a wake, without Beam: pure but for `watching`.

Called by `transforms/` and `pipelines/`, which carry its values from step to step, and by tests and benchmarks.
"""
