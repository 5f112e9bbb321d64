"""Jobs: options, preflight checks, graphs and the five mains (backfill, stream, reconcile, reingest, worker).

Importing any module of it changes nothing in the process; the mains prepare theirs (`lifecycle.prepare_process`).
"""
