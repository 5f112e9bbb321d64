"""Decisions of runs and streams, read back to be compared or published: rows of files and tables, in DuckDB.

Called by `kittiwake.pipelines.reconcile` and `kittiwake.pipelines.activate`. DuckDB holds the rows on the disk, so
memory is bounded.
"""
