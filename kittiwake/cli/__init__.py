"""The command `kittiwake`: the only room that talks to a terminal.

One small file a command. Whatever is slow to import is imported inside the command that needs it:
`kittiwake validate` has half a second. Exit codes: 0 fine, 1 findings, 2 unusable input.
"""
