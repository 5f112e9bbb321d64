"""Lints: rules that load and hardly mean what they say. Called by `kittiwake validate` and `kittiwake publish`.

More than fifteen files, since each construct of the language has its own.
"""
