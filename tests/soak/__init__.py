"""A streaming job that runs for weeks of event time under faults: see `__main__`."""
