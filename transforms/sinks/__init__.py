"""Sinks: the steps by which a streaming job writes its records, one file a sink; `base` is their contract."""
