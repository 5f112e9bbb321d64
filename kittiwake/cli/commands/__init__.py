"""The commands, one file each, with an `app` of one command; `kittiwake.cli.main` imports one when it is typed."""
