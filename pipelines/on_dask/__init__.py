"""Beam's DaskRunner, with a translation of our own: Beam's loses and mixes elements (docs/how-to/runners.md)."""
