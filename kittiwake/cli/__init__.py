"""The command `kittiwake`: flags in, and what was found out, printed.

One small file a command, in `commands`. Whatever is slow to import is imported inside the command that needs it:
`kittiwake validate` has half a second. Exit codes: 0 fine, 1 findings, 2 unusable input.
"""
