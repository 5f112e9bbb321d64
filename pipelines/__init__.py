"""Jobs: options, preflight checks, graphs and the eight mains.

The mains are activate, backfill, recall, reconcile, reingest, stream, volumes and worker.
More than fifteen files: each main is a module of its own, by whose name people start it.

Importing any module of it changes nothing in the process; the mains prepare theirs (`lifecycle.prepare_process`).
"""
