"""Jobs: options, preflight checks, graphs and the six mains (activate, backfill, stream, reconcile, reingest, worker).

Importing any module of it changes nothing in the process; the mains prepare theirs (`lifecycle.prepare_process`).
"""
