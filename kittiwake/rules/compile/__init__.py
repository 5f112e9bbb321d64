"""Compilation: from checked models to the kernel's programs, one file a construct.

Pure. Called by every host, through `account` (one account, one version), `versions` (all versions of an account) and
`accounts` (accounts as they are met, kept).
More than fifteen files, since each construct of the language has its own.
"""
