"""The commands, one file each, with an `app` of one command; `kittiwake.cli.main` imports one when it is typed.

More than fifteen files, since each command has its own.
"""
