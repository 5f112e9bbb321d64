"""Coverage of a run: what came (`arrivals`), compared with what the rules need (`comparison`).

Called by both batch hosts and by `kittiwake test`.
"""
