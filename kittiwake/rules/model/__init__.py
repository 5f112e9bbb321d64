"""Models: all that an author may write, one file a construct.

Pure. Each says its own shape; what shapes cannot say stands in `kittiwake.rules.check` under the same file name.
More than fifteen files, since each construct of the language has its own.
"""
