"""BigQuery as a source and a target of runs, as far as it takes no client: addresses, and the SQL that is asked.

Pure. Called by the jobs and the command; the clients of Google stand in `pipelines/google`.
"""
