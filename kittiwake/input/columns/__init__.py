"""Columnar intake: rows of Arrow columns to events, without a Python object a row before the filter.

Pure; needs pyarrow and numpy. `blocks` is what readers yield and hosts take, `bulk` decides of a whole block which rows
are ordinary and wanted, `properties` whether their JSON is sound, `sizes` how long the line of a row may be. What they
cannot judge becomes lines, of which `events.parse_events` says what is wrong.
"""
