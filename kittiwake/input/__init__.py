"""Input: from the bytes of files and messages to events or dead letters.

Knows no host, no rules and no kernel. Total: whatever the bytes are, a record becomes an event or a dead letter with a
reason. Called by batch, stream, explain and scenarios.
"""
