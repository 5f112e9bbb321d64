"""Shape files: from YAML that says how records of others are events, to a mapping of `kittiwake.input`.

Reads files. Called where a person names a shape: the commands, the options of jobs, `kittiwake.replay`. `models` is
what an author may write (`docs/reference/shapes.md`), `reading` finds everything that is wrong, `naming` is the entry.
"""
