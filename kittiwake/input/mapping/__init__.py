"""Mappings: what a shape file says, as plain values (`spec`), and compiled into functions from a record to its events.

Pure. Knows no YAML: `kittiwake.shape_files` reads what an author writes into a `spec.MappingSpec`. A mapping travels to
workers as its spec and is compiled there once. `mapping.compiled` is the entry.
"""
