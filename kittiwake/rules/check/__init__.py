"""Checks: what the shapes of a rule cannot say, one file a construct. Called by `kittiwake.rules.documents`.

More than fifteen files, since each construct of the language has its own.
"""
