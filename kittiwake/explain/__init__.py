"""Explanations: why a contact was sent what it was sent, and what was missing where it was not.

Reads the kernel's trace of one contact and renders it as data or as lines of text; decides nothing itself.
Called by `kittiwake.cli`, by `kittiwake.scenarios` and by users of `kittiwake.explain`.
More than fifteen files, since each thing that can be asked (a gate, a condition, a miss, a late event) has its own.
"""
