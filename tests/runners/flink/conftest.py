"""What Flink's own Python runs is not read for doctests by one that has no Flink."""

collect_ignore = ["job.py", "steps.py"]
