"""Tune: one rule with several values of a setting, over the same history, read once.

Reads rules and events. Called by `kittiwake tune`; what each value would have done is counted as `kittiwake simulate`
counts it.
"""
