"""A new project of rules that works at once: its files, and how they are written.

Called by `kittiwake init`.
"""
