"""Sources of the streaming job, one file a source, and their table.

To add one: its Beam step in `transforms/stream`, its file here (flags, step, preflight question), and a row in `table`.
"""
