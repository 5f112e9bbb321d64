"""Sinks of the streaming job, one file a sink, and their table.

To add one: its Beam step in `transforms/sinks`, its file here (flags, step, preflight question), and a row in `table`.
"""
