"""Columnar intake: rows of Arrow columns to events, without a value of Python for a row before the filter.

Times as TIMESTAMP and properties as STRUCT are judged in arrays alone. Of a text JSON's decoder cuts a slice a row, and
a time as text is a string a row, as long as a block is judged: neither is ever decoded for a row that nobody wants.
Pure; needs pyarrow and numpy. `blocks` is what readers yield and hosts take, `bulk` decides of a whole block which rows
are ordinary and wanted, `properties` whether their JSON is sound, `sizes` how long the line of a row may be. What they
cannot judge becomes lines, of which `events.parse_events` says what is wrong.
"""
