"""Lints: rules that load and hardly mean what they say. Called by `kittiwake validate` and `kittiwake publish`."""
