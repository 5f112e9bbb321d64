"""Queries: a file of SQL whose rows are events, run by DuckDB over local files (docs/how-to/bring-your-data.md).

Called by the hosts that read local files. `blocks` is what they ask, `tables` what `--input` stands for in the SQL,
`sql` what the SQL may be, `errors` where it is wrong.
"""
