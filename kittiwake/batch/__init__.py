"""A bounded run without Beam: files in, a folder of rows out, on one core and in bounded memory.

`replay` is the host; the steps of the Beam job in `kittiwake.transforms.batch` call the same functions.
"""
