"""The plan: what the rules of an account mean, compiled, immutable and picklable; one file a construct.

Nothing in it can be invalid: paths are split, durations are microseconds, numbers exact. Every field says its unit.
Built by `kittiwake.rules.compile`, read by the rest of the kernel and, for what events are needed, by the hosts.
More than fifteen files, since each construct of the language has its own.
"""
