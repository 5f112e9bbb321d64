"""Checks: what the shapes of a rule cannot say, one file a construct. Called by `kittiwake.rules.documents`."""
