"""Terminal: how a command or a job reads arguments, prints, shows how far it has come, ends, and with which exit code.

Shared by `kittiwake.cli` and `kittiwake.pipelines`; nothing else may import it.
"""
