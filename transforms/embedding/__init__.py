"""The steps of `kittiwake.beam`: those of our own jobs behind a face for other people's pipelines.

Settings are keywords that a person writes; outputs are typed records, one type a collection. Between our own steps
bytes travel, as in our jobs. Imported by `kittiwake.beam` only.
"""
