"""Output: from decisions to rows, and from rows to files and folders that are whole or not there.

Knows the values of input and of the kernel's state; no host.
"""
