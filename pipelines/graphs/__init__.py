"""The graphs of the two jobs, one file a job: which steps they have, and how records flow between them.

Labels never change: a runner updates a running job by them (`tests/pipelines/frozen`).
"""
