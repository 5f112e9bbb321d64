"""Scenario files: tests of rules that authors write in YAML beside them, and the player of one contact's history.

Called by `kittiwake test`, by the pytest plugin in `kittiwake.testing` and by the product's own tests.
"""
