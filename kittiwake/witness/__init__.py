"""Witnesses: shortest histories by which a rule fires, and by which each of its gates refuses it.

Pure but for the rules that it is given. Called by `kittiwake witness`. Histories are built of what the compiled rule
asks for, the kernel decides each, and of what does as wanted everything is taken away that can be missed.
"""
