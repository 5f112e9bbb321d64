"""Inspect: what somebody's file is, how its records can become events, and what to check.

Reads files. Called by `kittiwake inspect`. `layout` says how the file is written, `fields` what its records hold,
`guess` which of that is contact, time, type and id, `shape_text` writes it as a shape file, `counts` is what comes of
every record with that shape, and `findings` what a person has to check.
"""
