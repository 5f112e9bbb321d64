"""What rules would have done: counted over history, sent to nobody, and compared with what other rules would have done.

Called by `kittiwake simulate` and `kittiwake diff`. Events are read and contacts decided as `replay` does, by the same
functions: `histories` has them.
"""
