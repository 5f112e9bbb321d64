"""Formats that are not lines of JSON: from the bytes of a file to its records, each still as it came.

Pure. Called by `kittiwake.input.file_types` and `reading` with blocks of bytes. A record is a line of a block, whatever
stood between records: an element of a list, a row of a CSV file with the line ends in its cells.
"""
